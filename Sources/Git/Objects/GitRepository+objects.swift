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
    ///
    /// Folders are opened one by one, because `git_tree_entry_bypath` answers alike whether the path
    /// is not there or the object of a folder on the way is lost: nothing may be taken for removed
    /// that only cannot be read.
    /// - Throws: `GitError` with `.invalidName` for a path that is empty or holds a NUL, `.notFound`
    ///   when an object on the way is missing.
    package func entry(at path: String, inTree root: ObjectID) throws(GitError) -> TreeEntry? {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw GitError(
                operation: "read \(quoted(path)) in tree \(root.short)", code: .invalidName,
                message: "the path is empty or holds a NUL",
                hint: "name a file or folder, as in state/current.json")
        }
        // By bytes: a slash before a combining mark is another character to Swift.
        var names = path.utf8.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        if names.last?.isEmpty ?? false { names.removeLast() }
        var folder = root
        while let name = names.popFirst() {
            let tree = try lookUpTree(folder, in: repository.raw)
            guard let raw = git_tree_entry_byname(tree.raw, String(Substring(name))) else {
                return nil
            }
            let entry = TreeEntry(raw)
            if names.isEmpty { return entry }
            guard entry.kind == .directory else { return nil }
            folder = entry.id
        }
        return nil
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
