internal import CGit2

extension GitRepository {
    /// The content of a blob.
    /// - Throws: `GitError`: `.tooLarge` with the size when it is above the limit, before anything
    ///   is read; `.wrongKind`, `.notFound`.
    package func blob(_ id: ObjectID, limitBytes: Int) throws(GitError) -> [UInt8] {
        try content(
            of: id, kind: GIT_OBJECT_BLOB, named: "blob", limitBytes: limitBytes,
            in: repository.raw)
    }

    /// The bytes of a commit object, over which its signature is made.
    /// - Throws: `GitError`, `.tooLarge` above `GitLimit.commitBytesMax`.
    package func rawCommit(_ id: ObjectID) throws(GitError) -> [UInt8] {
        try content(
            of: id, kind: GIT_OBJECT_COMMIT, named: "commit", limitBytes: GitLimit.commitBytesMax,
            in: repository.raw)
    }

    /// The entries of a tree in git's order. A name that is not UTF-8 is there, with `text` nil.
    /// - Throws: `GitError`, `.tooLarge` above `GitLimit.treeEntriesMax`.
    package func tree(_ id: ObjectID) throws(GitError) -> [TreeEntry] {
        let tree = try lookUpTree(id, in: repository.raw)
        let count = git_tree_entrycount(tree.raw)
        guard count <= GitLimit.treeEntriesMax else {
            throw GitError(
                operation: "read tree \(id.short)", code: .tooLarge(size: count),
                message: "it has \(count) entries, \(GitLimit.treeEntriesMax) are allowed")
        }
        return (0..<count).compactMap { index in
            git_tree_entry_byindex(tree.raw, index).map { TreeEntry($0) }
        }
    }

    /// What stands at a path in a commit; `nil` when nothing does.
    package func entry(
        at path: String, in commit: ObjectID
    ) throws(GitError) -> TreeEntry? {
        let root = try commitInfo(commit).tree
        return try entry(at: path, inTree: root)
    }

    /// What stands at a path below a tree; `nil` when nothing does. Links are not followed.
    /// - Throws: `GitError` with `.invalidName` for a path that is empty or holds a NUL.
    package func entry(at path: String, inTree root: ObjectID) throws(GitError) -> TreeEntry? {
        let operation = "read \(quoted(path)) in tree \(root.short)"
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw GitError(
                operation: operation, code: .invalidName,
                message: "the path is empty or holds a NUL",
                hint: "name a file or folder, as in state/current.json")
        }
        let tree = try lookUpTree(root, in: repository.raw)
        var found: OpaquePointer?
        let result = git_tree_entry_bypath(&found, tree.raw, path)
        if result == GIT_ENOTFOUND.rawValue { return nil }
        try GitError.check(result, operation)
        guard let found else { return nil }
        let entry = Handle<TreeEntryKind>(owning: found)
        return TreeEntry(entry.raw)
    }
}

func lookUpTree(
    _ id: ObjectID, in repository: OpaquePointer
) throws(GitError) -> Handle<TreeKind> {
    var raw = id.raw
    return try Handle("read tree \(id.short)") { git_tree_lookup(&$0, repository, &raw) }
}

func lookUpCommit(
    _ id: ObjectID, in repository: OpaquePointer
) throws(GitError) -> Handle<CommitKind> {
    var raw = id.raw
    return try Handle("read commit \(id.short)") { git_commit_lookup(&$0, repository, &raw) }
}
