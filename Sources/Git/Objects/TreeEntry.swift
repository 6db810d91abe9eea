internal import CGit2

/// What a tree says an entry is.
package enum EntryKind: Hashable, Sendable {
    case file
    case executable
    /// Mode 120000: the blob is the target's path. We never follow it.
    case symbolicLink
    case directory
    /// Mode 160000: a commit of another repository.
    case submodule
    case unknown
}

/// One line of a tree.
package struct TreeEntry: Hashable, Sendable {
    package let name: EntryName
    /// As stored, so `0o100664` is possible.
    package let mode: UInt32
    package let id: ObjectID
    package let kind: EntryKind

    package init(name: EntryName, mode: UInt32, id: ObjectID, kind: EntryKind) {
        self.name = name
        self.mode = mode
        self.id = id
        self.kind = kind
    }

    init(_ raw: OpaquePointer) {
        name = EntryName(bytes: bytes(of: git_tree_entry_name(raw)))
        mode = git_tree_entry_filemode_raw(raw).rawValue
        id = ObjectID(git_tree_entry_id(raw).pointee)
        kind =
            switch git_tree_entry_filemode(raw) {
            case GIT_FILEMODE_BLOB: .file
            case GIT_FILEMODE_BLOB_EXECUTABLE: .executable
            case GIT_FILEMODE_LINK: .symbolicLink
            case GIT_FILEMODE_TREE: .directory
            case GIT_FILEMODE_COMMIT: .submodule
            default: .unknown
            }
    }
}

/// The bytes of a C string, without its end.
func bytes(of text: UnsafePointer<CChar>?) -> [UInt8] {
    guard let text else { return [] }
    var bytes: [UInt8] = []
    var cursor = text
    while cursor.pointee != 0 {
        bytes.append(UInt8(bitPattern: cursor.pointee))
        cursor += 1
    }
    return bytes
}
