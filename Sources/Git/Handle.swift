internal import CGit2

/// How one kind of libgit2 object is freed.
protocol HandleKind {
    static func free(_ raw: OpaquePointer)
}

/// Owns one libgit2 object. `Kind` keeps a commit from being passed as a tree: to Swift both are
/// an `OpaquePointer`.
struct Handle<Kind: HandleKind>: ~Copyable {
    let raw: OpaquePointer

    init(owning raw: OpaquePointer) { self.raw = raw }

    /// Makes the object by a libgit2 call that gives it through its first argument.
    init(
        _ operation: @autoclosure () -> String,
        _ make: (inout OpaquePointer?) -> Int32
    ) throws(GitError) {
        var made: OpaquePointer?
        try GitError.check(make(&made), operation())
        guard let made else {
            throw GitError(
                operation: operation(), code: .other(0), message: "libgit2 gave no object")
        }
        raw = made
    }

    deinit { Kind.free(raw) }
}

enum RepositoryKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_repository_free(raw) }
}
enum CommitKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_commit_free(raw) }
}
enum TreeKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_tree_free(raw) }
}
enum TreeBuilderKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_treebuilder_free(raw) }
}
enum DatabaseKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_odb_free(raw) }
}
enum DatabaseObjectKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_odb_object_free(raw) }
}
enum PackBuilderKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_packbuilder_free(raw) }
}
enum ReferenceIteratorKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_reference_iterator_free(raw) }
}
enum ReferenceKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_reference_free(raw) }
}
enum TransactionKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_transaction_free(raw) }
}
enum RevisionWalkKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_revwalk_free(raw) }
}
enum RemoteKind: HandleKind {
    static func free(_ raw: OpaquePointer) { git_remote_free(raw) }
}

extension ObjectID {
    init(_ raw: git_oid) {
        let bytes = withUnsafeBytes(of: raw.id) { Array($0) }
        guard let id = ObjectID(bytes: bytes) else {
            preconditionFailure("git_oid of libgit2 1.5 holds twenty bytes")
        }
        self = id
    }

    var raw: git_oid {
        var raw = git_oid()
        withUnsafeMutableBytes(of: &raw.id) { $0.copyBytes(from: bytes) }
        return raw
    }
}
