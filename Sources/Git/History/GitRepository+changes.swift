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
        let comparison = try TreeComparison(
            from: old, to: new, prefix: prefix, in: repository.raw)
        return Set(comparison.names).sorted()
    }
}
