internal import CGit2

/// Finds the files that differ between two trees, and opens only folders that differ.
///
/// `git_diff_tree_to_tree` of libgit2 1.5 opens every folder of both, equal or not: a repository
/// of thousands of folders then costs as much for one changed file as for all.
struct TreeComparison {
    private let repository: OpaquePointer
    private let operation: String
    /// Names found so far, in the order of the walk. A name whose kind changed may come twice.
    private(set) var names: [EntryName] = []
    private var foldersLeft: [(old: git_oid?, new: git_oid?, prefix: [UInt8])] = []
    private var opened = 0

    /// - Throws: `GitError` with `.tooLarge` above `GitLimit.changedPathsMax` names or folders.
    init(
        from old: ObjectID?, to new: ObjectID?, prefix: [UInt8], in repository: OpaquePointer
    ) throws(GitError) {
        self.repository = repository
        operation = "compare tree \(old?.short ?? "(none)") with \(new?.short ?? "(none)")"
        guard old != new else { return }
        foldersLeft.append((old?.raw, new?.raw, prefix))
        while let folder = foldersLeft.popLast() {
            opened += 1
            try compare(folder.old, folder.new, folder.prefix)
            // A few objects can spell out any number of folders, none of which holds a file.
            let count = max(names.count, opened + foldersLeft.count)
            guard count <= GitLimit.changedPathsMax else {
                throw GitError(
                    operation: operation, code: .tooLarge(size: count),
                    message: "\(count) paths differ, \(GitLimit.changedPathsMax) are allowed")
            }
        }
    }

    /// Walks two lists in git's order at once. Whatever has no equal partner is told, so a tree
    /// out of order can show too much, but hide nothing.
    private mutating func compare(
        _ old: git_oid?, _ new: git_oid?, _ prefix: [UInt8]
    ) throws(GitError) {
        let before = try TreeEntries(old, in: repository)
        let after = try TreeEntries(new, in: repository)
        var (left, right) = (0, 0)
        while true {
            let (was, now) = (before[left], after[right])
            if let was, let now, was.isNamedAs(now) {
                (left, right) = (left + 1, right + 1)
                if was.equals(now) { continue }
                if was.isFolder {
                    foldersLeft.append((was.id, now.id, now.path(below: prefix) + [slash]))
                } else {
                    names.append(EntryName(bytes: now.path(below: prefix)))
                }
            } else if let was, now.map({ was.precedes($0) }) ?? true {
                left += 1
                tell(was, prefix) { ($0, nil) }
            } else if let now {
                right += 1
                tell(now, prefix) { (nil, $0) }
            } else {
                return
            }
        }
    }

    /// All of an entry that stands in one of the trees only.
    private mutating func tell(
        _ entry: RawEntry, _ prefix: [UInt8], _ sides: (git_oid) -> (git_oid?, git_oid?)
    ) {
        let path = entry.path(below: prefix)
        guard entry.isFolder else { return names.append(EntryName(bytes: path)) }
        let (old, new) = sides(entry.id)
        foldersLeft.append((old, new, path + [slash]))
    }
}

private let slash = UInt8(ascii: "/")

/// The entries of a tree, or of none.
private struct TreeEntries: ~Copyable {
    private let owner: Handle<TreeKind>?
    private let raw: OpaquePointer?
    private let count: Int

    init(_ id: git_oid?, in repository: OpaquePointer) throws(GitError) {
        guard let id else {
            owner = nil
            raw = nil
            count = 0
            return
        }
        let tree = try lookUpTree(ObjectID(id), in: repository)
        raw = tree.raw
        count = git_tree_entrycount(tree.raw)
        owner = consume tree
    }

    subscript(index: Int) -> RawEntry? {
        guard index < count, let raw else { return nil }
        return git_tree_entry_byindex(raw, index).map(RawEntry.init)
    }
}

/// One entry, valid as long as its tree.
private struct RawEntry {
    private let raw: OpaquePointer
    private let name: UnsafePointer<CChar>
    let isFolder: Bool

    init(_ raw: OpaquePointer) {
        self.raw = raw
        name = git_tree_entry_name(raw)
        isFolder = git_tree_entry_filemode(raw) == GIT_FILEMODE_TREE
    }

    var id: git_oid { git_tree_entry_id(raw).pointee }

    func path(below prefix: [UInt8]) -> [UInt8] { prefix + bytes(of: name) }

    /// Same name and both folders, or neither.
    func isNamedAs(_ other: Self) -> Bool {
        isFolder == other.isFolder && !precedes(other) && !other.precedes(self)
    }

    func equals(_ other: Self) -> Bool {
        git_tree_entry_filemode_raw(raw) == git_tree_entry_filemode_raw(other.raw)
            && git_oid_equal(git_tree_entry_id(raw), git_tree_entry_id(other.raw)) == 1
    }

    /// Git's order: bytes, a folder as if its name ended in a slash.
    func precedes(_ other: Self) -> Bool {
        var place = 0
        while name[place] != 0, name[place] == other.name[place] { place += 1 }
        return key(place) < other.key(place)
    }

    private func key(_ place: Int) -> UInt8 {
        let byte = UInt8(bitPattern: name[place])
        return byte == 0 && isFolder ? slash : byte
    }
}
