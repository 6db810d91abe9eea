import Crypto
import Foundation
import Git
import Synchronization

/// The git objects of a world, in memory: the bytes that git would write, under the same ids.
///
/// All repositories of a world share it. A repository knows an object once it knows a commit that
/// leads there, and nobody guesses an id. Commits have at most one parent.
final class ObjectPool: Sendable {
    enum Object: Sendable {
        case blob([UInt8])
        case tree([TreeEntry])
        case commit(CommitInfo, raw: [UInt8], depth: Int)
    }

    private let objects = Mutex<[ObjectID: Object]>([:])

    // MARK: Reading

    func commit(_ id: ObjectID) throws(GitError) -> (info: CommitInfo, raw: [UInt8], depth: Int) {
        guard case .commit(let info, let raw, let depth) = try object(id) else {
            throw wrongKind(id, "commit")
        }
        return (info, raw, depth)
    }

    func tree(_ id: ObjectID) throws(GitError) -> [TreeEntry] {
        guard case .tree(let entries) = try object(id) else { throw wrongKind(id, "tree") }
        return entries
    }

    func blob(_ id: ObjectID) throws(GitError) -> [UInt8] {
        guard case .blob(let bytes) = try object(id) else { throw wrongKind(id, "blob") }
        return bytes
    }

    func entry(at path: String, inTree root: ObjectID) throws(GitError) -> TreeEntry? {
        var tree = root
        var found: TreeEntry?
        for part in path.utf8.split(separator: UInt8(ascii: "/")) {
            if let found {
                guard found.kind == .directory else { return nil }
                tree = found.id
            }
            guard let next = try self.tree(tree).first(where: { $0.name.bytes.elementsEqual(part) })
            else { return nil }
            found = next
        }
        return found
    }

    func isDescendant(_ id: ObjectID, of ancestor: ObjectID) throws(GitError) -> Bool {
        let depth = try commit(ancestor).depth
        var here = id
        while true {
            if here == ancestor { return true }
            let commit = try commit(here)
            guard commit.depth > depth, let parent = commit.info.parents.first else { return false }
            here = parent
        }
    }

    /// The files that differ, unsorted.
    func changes(
        from old: ObjectID?, to new: ObjectID?, prefix: [UInt8]
    ) throws(GitError) -> Set<EntryName> {
        guard old != new else { return [] }
        let before = try old.map(tree, orEmpty: [])
        let after = try new.map(tree, orEmpty: [])
        var names: Set<EntryName> = []
        for side in [(before, after, true), (after, before, false)] {
            for entry in side.0 where !side.1.contains(entry) {
                let path = prefix + entry.name.bytes
                guard entry.kind == .directory else {
                    names.insert(EntryName(bytes: path))
                    continue
                }
                let other = side.1.first { $0.name == entry.name && $0.kind == .directory }
                let (was, now) = side.2 ? (entry.id, other?.id) : (other?.id, entry.id)
                names.formUnion(
                    try changes(from: was, to: now, prefix: path + [UInt8(ascii: "/")]))
            }
        }
        return names
    }

    private func object(_ id: ObjectID) throws(GitError) -> Object {
        guard let object = objects.withLock({ $0[id] }) else {
            throw GitError(
                operation: "look up object \(id.short)", code: .notFound,
                message: "there is no such object")
        }
        return object
    }

    private func wrongKind(_ id: ObjectID, _ kind: String) -> GitError {
        GitError(operation: "read \(id.short)", code: .wrongKind, message: "it is no \(kind)")
    }

    // MARK: Writing

    /// - Returns: `nil` when nothing is left in the tree.
    func write(
        _ changes: [(path: ArraySlice<String>, content: [UInt8]?)], onto base: ObjectID?
    ) throws(GitError) -> ObjectID? {
        var entries: [EntryName: TreeEntry] = [:]
        for entry in try base.map(tree, orEmpty: []) { entries[entry.name] = entry }
        for (part, inner) in Dictionary(grouping: changes, by: { $0.path.first ?? "" }) {
            let name = EntryName(bytes: Array(part.utf8))
            if let file = inner.first(where: { $0.path.count == 1 }) {
                entries[name] = file.content.map { bytes in
                    TreeEntry(
                        name: name, mode: 0o100644, id: store(.blob(bytes), "blob", bytes),
                        kind: .file)
                }
                continue
            }
            let folder = entries[name].flatMap { $0.kind == .directory ? $0.id : nil }
            let rest = inner.map { (path: $0.path.dropFirst(), content: $0.content) }
            let written = try write(rest, onto: folder)
            entries[name] = written.map {
                TreeEntry(name: name, mode: 0o40000, id: $0, kind: .directory)
            }
        }
        guard !entries.isEmpty else { return nil }
        let sorted = entries.values.sorted {
            Self.sortKey($0).lexicographicallyPrecedes(Self.sortKey($1))
        }
        let bytes = sorted.reduce(into: [UInt8]()) { bytes, entry in
            bytes += Array("\(String(entry.mode, radix: 8)) ".utf8)
            bytes += entry.name.bytes + [0] + entry.id.bytes
        }
        return store(.tree(sorted), "tree", bytes)
    }

    /// A folder sorts as if its name ended in a slash.
    private static func sortKey(_ entry: TreeEntry) -> [UInt8] {
        entry.kind == .directory ? entry.name.bytes + [UInt8(ascii: "/")] : entry.name.bytes
    }

    func writeCommit(
        tree: ObjectID, parent: ObjectID?, message: String, author: CommitAuthor,
        epochSeconds: Int64, sign: (([UInt8]) throws -> String)?
    ) throws(GitError) -> ObjectID {
        let who = "\(author.name) <\(author.email)> \(epochSeconds) +0000"
        let head =
            "tree \(tree.hex)\n" + (parent.map { "parent \($0.hex)\n" } ?? "")
            + "author \(who)\ncommitter \(who)\n"
        var raw = Array("\(head)\n\(message)".utf8)
        if let sign {
            var armored: String
            do { armored = try sign(raw) } catch {
                throw GitError(operation: "sign", code: .other(0), message: "\(error)")
            }
            while armored.last == "\n" { armored.removeLast() }
            let folded = armored.split(separator: "\n", omittingEmptySubsequences: false)
                .joined(separator: "\n ")
            raw = Array("\(head)gpgsig \(folded)\n\n\(message)".utf8)
        }
        let depth = try parent.map { parent throws(GitError) in try commit(parent).depth + 1 } ?? 0
        let person = CommitPerson(
            name: author.name, email: author.email, epochMilliseconds: epochSeconds * 1_000,
            utcOffsetMinutes: 0)
        let id = Self.id("commit", raw)
        let info = CommitInfo(
            id: id, tree: tree, parents: parent.map { [$0] } ?? [], author: person,
            committer: person, message: message)
        objects.withLock { $0[id] = .commit(info, raw: raw, depth: depth) }
        return id
    }

    private func store(_ object: Object, _ kind: String, _ bytes: [UInt8]) -> ObjectID {
        let id = Self.id(kind, bytes)
        objects.withLock { $0[id] = object }
        return id
    }

    private static func id(_ kind: String, _ bytes: [UInt8]) -> ObjectID {
        var hash = Insecure.SHA1()
        hash.update(data: Data("\(kind) \(bytes.count)\0".utf8))
        hash.update(data: bytes)
        guard let id = ObjectID(bytes: hash.finalize()) else {
            preconditionFailure("SHA-1 has twenty bytes")
        }
        return id
    }
}

extension Optional {
    /// `map` for a closure that throws what git throws.
    fileprivate func map<Value>(
        _ transform: (Wrapped) throws(GitError) -> Value, orEmpty empty: Value
    ) throws(GitError) -> Value {
        guard let self else { return empty }
        return try transform(self)
    }
}
