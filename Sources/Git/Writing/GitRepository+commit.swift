internal import CGit2

/// Who a commit says wrote it.
package struct CommitAuthor: Hashable, Sendable {
    package let name: String
    package let email: String

    /// - Throws: `GitError` with `.invalidName` when a part is empty or holds a control character
    ///   or an angle bracket, which could begin another header line.
    package init(name: String, email: String) throws(GitError) {
        for part in [name, email] {
            let valid =
                !part.isEmpty
                && part.unicodeScalars.allSatisfy {
                    $0.value >= 0x20 && $0.value != 0x7f && $0 != "<" && $0 != ">"
                }
            guard valid else {
                throw GitError(
                    operation: "sign a commit as \(quoted(part))", code: .invalidName,
                    message: "it is empty or holds a control character or angle bracket")
            }
        }
        self.name = name
        self.email = email
    }
}

/// What became of a request to commit.
package enum CommitResult: Hashable, Sendable {
    case committed(ObjectID)
    /// The tree would have been the parent's own: there is no new commit, no reference moved.
    case unchanged
}

extension GitRepository {
    /// Writes files onto a commit and moves a reference to the result, if it did not move meanwhile.
    ///
    /// - Parameters:
    ///   - parent: `nil` makes a first commit.
    ///   - changes: content by path, `nil` to remove a file; removing what is not there is no
    ///     change. A folder goes with its last file.
    ///   - epochMilliseconds: time of author and committer, cut to whole seconds, in UTC.
    ///   - expected: what `reference` must name; `nil` when it must not exist yet.
    ///   - signature: makes the armoured signature of a commit object's bytes; `nil` signs nothing.
    /// - Throws: `GitError`: `.modified` when the reference moved (the objects stay behind,
    ///   unused), `.invalidName` and `.wrongKind` for a path that cannot be written; what
    ///   `signature` throws is told in its message.
    package func commit(
        onto parent: ObjectID?, changes: [String: [UInt8]?], message: String,
        author: CommitAuthor, at epochMilliseconds: Int64, updating reference: ReferenceName,
        expecting expected: ObjectID?,
        signature: (@Sendable ([UInt8]) throws -> String)? = nil
    ) throws(GitError) -> CommitResult {
        let operation = "commit to \(reference)"
        guard !message.utf8.contains(0), epochMilliseconds >= 0 else {
            throw GitError(
                operation: operation, code: .invalidName,
                message: "the message holds a NUL, or the time is before 1970")
        }
        let base: ObjectID? = if let parent { try commitInfo(parent).tree } else { nil }
        let tree = try TreeChanges(changes).apply(to: base, in: repository.raw)
        guard let tree, tree != base else { return .unchanged }
        let id = try writeCommit(
            tree: tree, parent: parent, message: message, author: author,
            epochSeconds: epochMilliseconds / 1_000, sign: signature, operation)
        try updateReference(reference, to: id, expecting: expected)
        return .committed(id)
    }

    private func writeCommit(
        tree: ObjectID, parent: ObjectID?, message: String, author: CommitAuthor,
        epochSeconds: Int64, sign: (([UInt8]) throws -> String)?, _ operation: String
    ) throws(GitError) -> ObjectID {
        let treeHandle = try lookUpTree(tree, in: repository.raw)
        var signature: UnsafeMutablePointer<git_signature>?
        try GitError.check(
            git_signature_new(&signature, author.name, author.email, epochSeconds, 0), operation)
        defer { git_signature_free(signature) }
        var content = git_buf()
        defer { git_buf_dispose(&content) }
        func create(_ parents: [OpaquePointer?]) -> Int32 {
            var parents = parents
            return git_commit_create_buffer(
                &content, repository.raw, signature, signature, nil, message, treeHandle.raw,
                parents.count, &parents)
        }
        if let parent {
            let parentHandle = try lookUpCommit(parent, in: repository.raw)
            try GitError.check(create([parentHandle.raw]), operation)
        } else {
            try GitError.check(create([]), operation)
        }
        return try store(content, sign: sign, operation)
    }

    private func store(
        _ content: git_buf, sign: (([UInt8]) throws -> String)?, _ operation: String
    ) throws(GitError) -> ObjectID {
        var id = git_oid()
        guard let sign else {
            let database = try Handle<DatabaseKind>(operation) {
                git_repository_odb(&$0, repository.raw)
            }
            try GitError.check(
                git_odb_write(&id, database.raw, content.ptr, content.size, GIT_OBJECT_COMMIT),
                operation)
            return ObjectID(id)
        }
        let raw = Array(UnsafeRawBufferPointer(start: content.ptr, count: content.size))
        var armored: String
        do { armored = try sign(raw) } catch {
            throw GitError(operation: operation, code: .other(0), message: "\(error)")
        }
        // libgit2 folds every line end, and the last one would become a line of one space.
        while armored.last == "\n" { armored.removeLast() }
        try GitError.check(
            git_commit_create_with_signature(
                &id, repository.raw, content.ptr, armored, "gpgsig"), operation)
        return ObjectID(id)
    }
}
