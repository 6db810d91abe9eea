internal import CGit2

extension GitRepository {
    /// The files that differ between two trees, in the order of their bytes: added, deleted,
    /// changed in content, mode or kind.
    ///
    /// - Parameters:
    ///   - old: `nil` compares with an empty tree.
    ///   - prefix: a folder or file to look at, as `docs`; `nil` for all.
    /// - Throws: `GitError` with `.tooLarge` above `GitLimit.changedPathsMax`.
    package func changedPaths(
        from old: ObjectID?, to new: ObjectID, under prefix: String? = nil
    ) throws(GitError) -> [EntryName] {
        guard let prefix else { return try changes(from: old, to: new, prefix: []) }
        let before: TreeEntry? =
            if let old { try entry(at: prefix, inTree: old) } else { nil }
        let after = try entry(at: prefix, inTree: new)
        guard before != after else { return [] }
        let folder = prefix.utf8.last == UInt8(ascii: "/") ? prefix : prefix + "/"
        var found = try changes(
            from: before.flatMap { $0.kind == .directory ? $0.id : nil },
            to: after.flatMap { $0.kind == .directory ? $0.id : nil },
            prefix: Array(folder.utf8))
        if before.map({ $0.kind != .directory }) ?? false
            || after.map({ $0.kind != .directory }) ?? false
        {
            found.insert(EntryName(bytes: Array(folder.utf8.dropLast())), at: 0)
        }
        return found
    }

    private func changes(
        from old: ObjectID?, to new: ObjectID?, prefix: [UInt8]
    ) throws(GitError) -> [EntryName] {
        let operation = "compare tree \(old?.short ?? "(none)") with \(new?.short ?? "(none)")"
        // The trees are looked up only to be lent to the comparison, so both stay alive here.
        var diff: OpaquePointer?
        switch (old, new) {
        case (nil, nil): return []
        case (let old?, nil):
            let tree = try lookUpTree(old, in: repository.raw)
            try GitError.check(
                git_diff_tree_to_tree(&diff, repository.raw, tree.raw, nil, nil), operation)
        case (nil, let new?):
            let tree = try lookUpTree(new, in: repository.raw)
            try GitError.check(
                git_diff_tree_to_tree(&diff, repository.raw, nil, tree.raw, nil), operation)
        case (let old?, let new?):
            let oldTree = try lookUpTree(old, in: repository.raw)
            let newTree = try lookUpTree(new, in: repository.raw)
            try GitError.check(
                git_diff_tree_to_tree(&diff, repository.raw, oldTree.raw, newTree.raw, nil),
                operation)
        }
        guard let diff else { return [] }
        let owner = Handle<DiffKind>(owning: diff)
        let count = git_diff_num_deltas(owner.raw)
        guard count <= GitLimit.changedPathsMax else {
            throw GitError(
                operation: operation, code: .tooLarge(size: count),
                message: "\(count) paths differ, \(GitLimit.changedPathsMax) are allowed")
        }
        var names: Set<EntryName> = []
        for index in 0..<count {
            guard let delta = git_diff_get_delta(owner.raw, index) else { continue }
            names.insert(EntryName(bytes: prefix + bytes(of: delta.pointee.new_file.path)))
        }
        return names.sorted()
    }
}
