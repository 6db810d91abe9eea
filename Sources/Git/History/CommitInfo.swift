internal import CGit2

/// Who wrote a commit, as the writer claims, and when. Nothing here is proven by a signature.
package struct CommitPerson: Hashable, Sendable {
    package let name: String
    package let email: String
    /// Seconds, as git keeps them, times 1000.
    package let epochMilliseconds: Int64
    package let utcOffsetMinutes: Int

    package init(name: String, email: String, epochMilliseconds: Int64, utcOffsetMinutes: Int) {
        self.name = name
        self.email = email
        self.epochMilliseconds = epochMilliseconds
        self.utcOffsetMinutes = utcOffsetMinutes
    }
}

/// One commit as values. Texts are for people to read: bytes that are not UTF-8 are replaced, so
/// take machine data from files, never from a message.
package struct CommitInfo: Hashable, Sendable {
    package let id: ObjectID
    package let tree: ObjectID
    package let parents: [ObjectID]
    package let author: CommitPerson
    package let committer: CommitPerson
    package let message: String

    package init(
        id: ObjectID, tree: ObjectID, parents: [ObjectID], author: CommitPerson,
        committer: CommitPerson, message: String
    ) {
        self.id = id
        self.tree = tree
        self.parents = parents
        self.author = author
        self.committer = committer
        self.message = message
    }

    init(_ raw: OpaquePointer) {
        id = ObjectID(git_commit_id(raw).pointee)
        tree = ObjectID(git_commit_tree_id(raw).pointee)
        parents = (0..<git_commit_parentcount(raw)).compactMap { index in
            git_commit_parent_id(raw, index).map { ObjectID($0.pointee) }
        }
        author = CommitPerson(git_commit_author(raw).pointee)
        committer = CommitPerson(git_commit_committer(raw).pointee)
        message = String(decoding: bytes(of: git_commit_message_raw(raw)), as: UTF8.self)
    }
}

extension CommitPerson {
    init(_ signature: git_signature) {
        name = String(decoding: bytes(of: signature.name), as: UTF8.self)
        email = String(decoding: bytes(of: signature.email), as: UTF8.self)
        let (milliseconds, overflow) = signature.when.time.multipliedReportingOverflow(by: 1_000)
        epochMilliseconds = overflow ? .max : milliseconds
        utcOffsetMinutes = Int(signature.when.offset)
    }
}
