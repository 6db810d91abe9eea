/// What stands below `refs/gatewright/timestamps/`: for each stamped commit a commit of its own,
/// without parent, whose tree holds the answer of a time-stamping authority.
package enum StampReference {
    package static let prefix = "refs/gatewright/timestamps/"
    /// The file of the answer.
    package static let file = "response.tsr"

    /// Where the stamp of a commit stands.
    /// - Throws: `GitError` with `.invalidName`.
    package static func name(of commit: ObjectID) throws(GitError) -> ReferenceName {
        try ReferenceName(prefix + commit.hex)
    }

    /// The commit that a reference stamps; `nil` for another name.
    package static func commit(of name: ReferenceName) -> ObjectID? {
        name.text.split(separator: "/").last.flatMap { ObjectID(hex: String($0)) }
    }
}

extension GitRepository {
    /// Commits that something below `refs/gatewright/timestamps/` says were part of the history:
    /// the last part of each name is the commit's id.
    package func stampedCommits() throws(GitError) -> [String] {
        try references(under: StampReference.prefix).references.compactMap { reference in
            StampReference.commit(of: reference.name)?.hex
        }
    }
}
