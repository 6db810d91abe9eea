internal import CGit2

/// The changes to one folder and the folders in it.
///
/// libgit2 has `git_tree_create_updated`, but that leaves empty folders behind, replaces a link by
/// a folder, and fails on the removal of a file that is not there.
struct TreeChanges {
    private enum Change {
        case write([UInt8])
        case remove
        case within(TreeChanges)
    }

    private var changes: [String: Change] = [:]

    /// - Throws: `GitError` with `.invalidName` for a path outside of our allow-list, or when one
    ///   path is a folder of another.
    init(_ files: [String: [UInt8]?]) throws(GitError) {
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            let parts = try partsOfWritablePath(path)[...]
            guard insert(content, at: parts) else {
                throw GitError(
                    operation: "write \(quoted(path))", code: .invalidName,
                    message: "another change of the same commit uses it as a file and as a folder")
            }
        }
    }

    private init() {}

    private mutating func insert(_ content: [UInt8]?, at parts: ArraySlice<String>) -> Bool {
        guard let name = parts.first else { return false }
        let rest = parts.dropFirst()
        guard rest.isEmpty else {
            var inner: TreeChanges
            switch changes[name] {
            case .within(let earlier): inner = earlier
            case nil: inner = TreeChanges()
            case .write, .remove: return false
            }
            guard inner.insert(content, at: rest) else { return false }
            changes[name] = .within(inner)
            return true
        }
        guard changes[name] == nil else { return false }
        changes[name] = content.map { .write($0) } ?? .remove
        return true
    }

    /// Writes the changed trees and blobs.
    /// - Returns: the id of the new tree, or `nil` when nothing is left in it.
    func apply(
        to base: ObjectID?, in repository: OpaquePointer, folder: String = ""
    ) throws(GitError) -> ObjectID? {
        let operation = "write the tree of \(quoted(folder))"
        let builder = try Self.builder(from: base, in: repository)
        for (name, change) in changes.sorted(by: { $0.key < $1.key }) {
            let path = folder.isEmpty ? name : folder + "/" + name
            let existing = git_treebuilder_get(builder.raw, name).map { TreeEntry($0) }
            switch change {
            case .write(let content):
                try Self.refuse(existing, at: path, unless: [.file, .executable])
                let blob = try Self.writeBlob(content, path: path, in: repository)
                let mode =
                    existing?.kind == .executable ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB
                try Self.insert(blob, mode: mode, name: name, into: builder.raw, operation)
            case .remove:
                guard existing != nil else { continue }
                try Self.refuse(existing, at: path, unless: [.file, .executable, .symbolicLink])
                try GitError.check(git_treebuilder_remove(builder.raw, name), operation)
            case .within(let inner):
                try Self.refuse(existing, at: path, unless: [.directory])
                if let tree = try inner.apply(to: existing?.id, in: repository, folder: path) {
                    try Self.insert(
                        tree, mode: GIT_FILEMODE_TREE, name: name, into: builder.raw, operation)
                } else if existing != nil {
                    try GitError.check(git_treebuilder_remove(builder.raw, name), operation)
                }
            }
        }
        guard git_treebuilder_entrycount(builder.raw) > 0 || folder.isEmpty else { return nil }
        var id = git_oid()
        try GitError.check(git_treebuilder_write(&id, builder.raw), operation)
        return ObjectID(id)
    }

    private static func builder(
        from base: ObjectID?, in repository: OpaquePointer
    ) throws(GitError) -> Handle<TreeBuilderKind> {
        guard let base else {
            return try Handle("begin a tree") { git_treebuilder_new(&$0, repository, nil) }
        }
        let tree = try lookUpTree(base, in: repository)
        return try Handle("begin a tree") { git_treebuilder_new(&$0, repository, tree.raw) }
    }

    private static func writeBlob(
        _ content: [UInt8], path: String, in repository: OpaquePointer
    ) throws(GitError) -> ObjectID {
        var id = git_oid()
        try GitError.check(
            content.withUnsafeBytes {
                git_blob_create_from_buffer(&id, repository, $0.baseAddress, $0.count)
            }, "write \(quoted(path))")
        return ObjectID(id)
    }

    private static func insert(
        _ id: ObjectID, mode: git_filemode_t, name: String, into builder: OpaquePointer,
        _ operation: String
    ) throws(GitError) {
        var raw = id.raw
        try GitError.check(git_treebuilder_insert(nil, builder, name, &raw, mode), operation)
    }

    private static func refuse(
        _ existing: TreeEntry?, at path: String, unless allowed: Set<EntryKind>
    ) throws(GitError) {
        guard let existing, !allowed.contains(existing.kind) else { return }
        throw GitError(
            operation: "write \(quoted(path))", code: .wrongKind,
            message: "a \(existing.kind) stands there already",
            hint: "remove it in a commit of its own, if that is what you want")
    }
}
