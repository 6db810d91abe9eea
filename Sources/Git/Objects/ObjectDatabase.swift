internal import CGit2

/// Kind and size of an object, read without its content.
struct DatabaseHeader {
    let kind: git_object_t
    let size: Int

    /// - Throws: `GitError`, `.notFound` when the repository has no such object.
    init(_ id: ObjectID, in repository: OpaquePointer) throws(GitError) {
        let operation = "look up object \(id.short)"
        let database = try Handle<DatabaseKind>(operation) { git_repository_odb(&$0, repository) }
        var size = 0
        var kind = GIT_OBJECT_INVALID
        var raw = id.raw
        try GitError.check(git_odb_read_header(&size, &kind, database.raw, &raw), operation)
        (self.kind, self.size) = (kind, size)
    }
}

/// The content of an object of one kind, if it is not larger than the limit.
func content(
    of id: ObjectID, kind: git_object_t, named kindName: String, limitBytes: Int,
    in repository: OpaquePointer
) throws(GitError) -> [UInt8] {
    let operation = "read \(kindName) \(id.short)"
    let header = try DatabaseHeader(id, in: repository)
    guard header.kind == kind else {
        let found = git_object_type2string(header.kind).map { String(cString: $0) } ?? "nothing"
        throw GitError(
            operation: operation, code: .wrongKind, message: "it is a \(found), not a \(kindName)")
    }
    guard header.size <= limitBytes else {
        throw GitError(
            operation: operation, code: .tooLarge(size: header.size),
            message: "it has \(header.size) bytes, \(limitBytes) are allowed")
    }
    let database = try Handle<DatabaseKind>(operation) { git_repository_odb(&$0, repository) }
    var raw = id.raw
    let object = try Handle<DatabaseObjectKind>(operation) {
        git_odb_read(&$0, database.raw, &raw)
    }
    let size = git_odb_object_size(object.raw)
    guard size > 0, let start = git_odb_object_data(object.raw) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: size))
}
