package import Git
import Synchronization

/// The references of one clone. They outlive the controller that uses them.
package final class Clone: Sendable {
    private let references = Mutex<[ReferenceName: ObjectID]>([:])

    package init() {}

    subscript(name: ReferenceName) -> ObjectID? {
        get { references.withLock { $0[name] } }
        set { references.withLock { $0[name] = newValue } }
    }
}

/// A repository in memory that behaves as `GitRepository` does on the histories that worlds have:
/// a test holds it to libgit2.
package struct MemoryRepository: Repository {
    let objects: ObjectPool
    let clone: Clone
    /// Who uses it; `nil` for somebody whom nothing befalls.
    let life: Life?

    /// A repository of its own, without faults.
    package init() { self.init(objects: ObjectPool(), clone: Clone(), life: nil) }

    init(objects: ObjectPool, clone: Clone, life: Life?) {
        self.objects = objects
        self.clone = clone
        self.life = life
    }

    // MARK: References

    package func resolve(_ name: ReferenceName) async throws(GitError) -> ObjectID? { clone[name] }

    package func updateReference(
        _ name: ReferenceName, to id: ObjectID, expecting: ObjectID?
    ) async throws(GitError) {
        _ = try objects.commit(id)
        guard clone[name] == expecting else {
            throw GitError(
                operation: "move \(name)", code: .modified, message: "it is somewhere else",
                hint: "another writer was faster: read again and decide again")
        }
        guard let life else { return clone[name] = id }
        do {
            try life.attempt(.moveReference) { clone[name] = id }
        } catch {
            throw GitError(operation: "move \(name)", code: .locked, message: "\(error)")
        }
    }

    package func removeAbandonedLocks(under prefix: String) async {}

    package func followInWorkingCopy(
        _ commit: ObjectID, on branch: ReferenceName, paths: [String]
    ) async throws(GitError) {}

    // MARK: Objects

    package func commitInfo(_ id: ObjectID) async throws(GitError) -> CommitInfo {
        try objects.commit(id).info
    }

    package func rawCommit(_ id: ObjectID) async throws(GitError) -> [UInt8] {
        try objects.commit(id).raw
    }

    package func blob(_ id: ObjectID, limitBytes: Int) async throws(GitError) -> [UInt8] {
        let bytes = try objects.blob(id)
        guard bytes.count <= limitBytes else {
            throw GitError(
                operation: "read blob \(id.short)", code: .tooLarge(size: bytes.count),
                message: "it has \(bytes.count) bytes, \(limitBytes) are allowed")
        }
        return bytes
    }

    package func tree(_ id: ObjectID) async throws(GitError) -> [TreeEntry] {
        try objects.tree(id)
    }

    package func entry(
        at path: String, in commit: ObjectID
    ) async throws(GitError) -> TreeEntry? {
        try objects.entry(at: path, inTree: objects.commit(commit).info.tree)
    }

    package func entry(
        at path: String, inTree root: ObjectID
    ) async throws(GitError) -> TreeEntry? {
        try objects.entry(at: path, inTree: root)
    }

    package func changedPaths(
        from old: ObjectID?, to new: ObjectID, under prefix: String?
    ) async throws(GitError) -> [EntryName] {
        guard let prefix else {
            return try objects.changes(from: old, to: new, prefix: []).sorted()
        }
        let before: TreeEntry? =
            if let old { try objects.entry(at: prefix, inTree: old) } else { nil }
        let after = try objects.entry(at: prefix, inTree: new)
        var names = try objects.changes(
            from: before.flatMap { $0.kind == .directory ? $0.id : nil },
            to: after.flatMap { $0.kind == .directory ? $0.id : nil },
            prefix: Array("\(prefix)/".utf8))
        if before != after, [before, after].contains(where: { $0.map(\.isFile) ?? false }) {
            names.insert(EntryName(bytes: Array(prefix.utf8)))
        }
        return names.sorted()
    }

    // MARK: History

    package func isDescendant(
        _ id: ObjectID, of ancestor: ObjectID
    ) async throws(GitError) -> Bool {
        try objects.isDescendant(id, of: ancestor)
    }

    package func history(
        from tip: ObjectID, hiding hidden: ObjectID?, touching path: String?, limit: Int
    ) async throws(GitError) -> [CommitInfo] {
        var found: [CommitInfo] = []
        var next: ObjectID? = tip
        while let id = next, found.count < limit {
            if let hidden, try objects.isDescendant(hidden, of: id) { break }
            let commit = try objects.commit(id).info
            next = commit.parents.first
            if let path {
                let now = try objects.entry(at: path, inTree: commit.tree)
                var before: TreeEntry?
                if let next {
                    before = try objects.entry(at: path, inTree: objects.commit(next).info.tree)
                }
                guard now != before else { continue }
            }
            found.append(commit)
        }
        return found
    }

    // MARK: Writing

    package func commit(
        onto parent: ObjectID?, changes: [String: [UInt8]?], message: String,
        author: CommitAuthor, at epochMilliseconds: Int64, updating reference: ReferenceName,
        expecting expected: ObjectID?, signature: (@Sendable ([UInt8]) throws -> String)?
    ) async throws(GitError) -> CommitResult {
        var base: ObjectID?
        if let parent { base = try objects.commit(parent).info.tree }
        let paths = changes.sorted { $0.key < $1.key }.map { path, content in
            (path: path.split(separator: "/").map(String.init)[...], content: content)
        }
        guard let tree = try objects.write(paths, onto: base), tree != base else {
            return .unchanged
        }
        let id = try objects.writeCommit(
            tree: tree, parent: parent, message: message, author: author,
            epochSeconds: epochMilliseconds / 1_000, sign: signature)
        try await updateReference(reference, to: id, expecting: expected)
        return .committed(id)
    }
}

extension TreeEntry {
    fileprivate var isFile: Bool { kind != .directory }
}
