internal import CGit2
internal import Foundation

/// A reference and the object it names.
package struct Reference: Hashable, Sendable {
    package let name: ReferenceName
    package let target: ObjectID
}

/// The references below a prefix.
package struct ReferenceListing: Hashable, Sendable {
    /// In the order of their names' bytes.
    package let references: [Reference]
    /// Names that are not on our allow-list, escaped for a log: reported, never used.
    package let refused: [String]
}

extension GitRepository {
    /// The object that a reference names, or `nil` when there is no such reference.
    package func resolve(_ name: ReferenceName) throws(GitError) -> ObjectID? {
        let target = try target(of: name, in: repository.raw)
        notice(name, at: target)
        return target
    }

    /// The direct references whose name begins with `prefix` (such as `refs/heads/`).
    /// - Throws: `GitError` with `.tooLarge` above `GitLimit.referencesMax`.
    package func references(under prefix: String) throws(GitError) -> ReferenceListing {
        let operation = "list references below \(quoted(prefix))"
        let iterator = try Handle<ReferenceIteratorKind>(operation) {
            git_reference_iterator_new(&$0, repository.raw)
        }
        var found: [Reference] = []
        var refused: [String] = []
        var count = 0
        while true {
            var next: OpaquePointer?
            let result = git_reference_next(&next, iterator.raw)
            if result == GIT_ITEROVER.rawValue { break }
            try GitError.check(result, operation)
            guard let next else { break }
            let reference = Handle<ReferenceKind>(owning: next)
            count += 1
            guard count <= GitLimit.referencesMax else {
                throw GitError(
                    operation: operation, code: .tooLarge(size: count),
                    message: "there are more than \(GitLimit.referencesMax) references",
                    hint: "delete references that nothing uses")
            }
            // An unsafe name may not be UTF-8 at all; the decoded text is only compared and shown.
            let text = String(cString: git_reference_name(reference.raw))
            guard text.utf8.starts(with: prefix.utf8),
                let target = git_reference_target(reference.raw)
            else { continue }
            do throws(GitError) {
                found.append(
                    Reference(name: try ReferenceName(text), target: ObjectID(target.pointee)))
            } catch {
                refused.append(quoted(text))
            }
        }
        return ReferenceListing(
            references: found.sorted { $0.name < $1.name }, refused: refused.sorted())
    }

    /// Moves a reference, if it is still where the caller saw it.
    ///
    /// - Parameter expecting: what the reference must name now; `nil` when it must not exist.
    /// - Throws: `GitError`: `.modified` when it names something else, `.locked` when another
    ///   process is moving it, `.notFound` when the repository has no object `id`.
    package func updateReference(
        _ name: ReferenceName, to id: ObjectID, expecting: ObjectID?
    ) throws(GitError) {
        try compareAndSwap(name, to: id, expecting: .exactly(expecting), in: repository.raw)
    }

    /// Removes lock files that a killed process left, which would refuse every later move of their
    /// reference. For a caller who knows that nobody else moves these references now.
    ///
    /// - Parameter prefix: such as `refs/heads`.
    package func removeAbandonedLocks(under prefix: String) {
        let files = FileManager.default
        let folder = path + "/" + prefix
        for name in files.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? []
        where name.hasSuffix(".lock") {
            try? files.removeItem(atPath: folder + "/" + name)
        }
    }
}

/// What a reference must name before it is moved.
enum ExpectedTarget {
    case exactly(ObjectID?)
    case anything
}

func target(of name: ReferenceName, in repository: OpaquePointer) throws(GitError) -> ObjectID? {
    var id = git_oid()
    let result = git_reference_name_to_id(&id, repository, name.text)
    if result == GIT_ENOTFOUND.rawValue { return nil }
    try GitError.check(result, "resolve \(name)")
    return ObjectID(id)
}

/// The lock file is held while the old target is compared, for a new reference too; libgit2's own
/// "create" looks first and locks afterwards.
func compareAndSwap(
    _ name: ReferenceName, to id: ObjectID, expecting: ExpectedTarget, in repository: OpaquePointer
) throws(GitError) {
    let operation = "move \(name) to \(id.short)"
    _ = try DatabaseHeader(id, in: repository)
    let transaction = try Handle<TransactionKind>(operation) {
        git_transaction_new(&$0, repository)
    }
    try GitError.check(git_transaction_lock_ref(transaction.raw, name.text), operation)
    if case .exactly(let expected) = expecting {
        let found = try target(of: name, in: repository)
        guard found == expected else {
            throw GitError(
                operation: operation, code: .modified,
                message: "expected it \(place(expected)), found it \(place(found))",
                hint: "another writer was faster: read again and decide again")
        }
    }
    var raw = id.raw
    try GitError.check(
        git_transaction_set_target(transaction.raw, name.text, &raw, nil, nil), operation)
    try GitError.check(git_transaction_commit(transaction.raw), operation)
}

private func place(_ id: ObjectID?) -> String { id.map { "at \($0.short)" } ?? "missing" }
