extension GitRepository {
    /// Commits that something below `refs/gatewright/timestamps/` says were part of the history:
    /// the last part of each name is the commit's id.
    package func stampedCommits() throws(GitError) -> [String] {
        try references(under: "refs/gatewright/timestamps/").references.compactMap { reference in
            let id = reference.name.text.split(separator: "/").last.map(String.init)
            return id.flatMap { ObjectID(hex: $0) }?.hex
        }
    }
}
