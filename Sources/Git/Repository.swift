/// A local repository as those see it who read and write records: `GitRepository`, on disk, or one
/// in memory that simulations run on. `GitRepository` says what each call means.
package protocol Repository: Sendable {
    func resolve(_ name: ReferenceName) async throws(GitError) -> ObjectID?
    func updateReference(
        _ name: ReferenceName, to id: ObjectID, expecting: ObjectID?
    ) async throws(GitError)
    func removeAbandonedLocks(under prefix: String) async

    func commitInfo(_ id: ObjectID) async throws(GitError) -> CommitInfo
    func rawCommit(_ id: ObjectID) async throws(GitError) -> [UInt8]
    func blob(_ id: ObjectID, limitBytes: Int) async throws(GitError) -> [UInt8]
    func tree(_ id: ObjectID) async throws(GitError) -> [TreeEntry]
    func entry(at path: String, in commit: ObjectID) async throws(GitError) -> TreeEntry?
    func entry(at path: String, inTree root: ObjectID) async throws(GitError) -> TreeEntry?
    func changedPaths(
        from old: ObjectID?, to new: ObjectID, under prefix: String?
    ) async throws(GitError) -> [EntryName]

    func isDescendant(_ id: ObjectID, of ancestor: ObjectID) async throws(GitError) -> Bool
    func history(
        from tip: ObjectID, hiding hidden: ObjectID?, touching path: String?, limit: Int
    ) async throws(GitError) -> [CommitInfo]

    func commit(
        onto parent: ObjectID?, changes: [String: [UInt8]?], message: String,
        author: CommitAuthor, at epochMilliseconds: Int64, updating reference: ReferenceName,
        expecting expected: ObjectID?, signature: (@Sendable ([UInt8]) throws -> String)?
    ) async throws(GitError) -> CommitResult
    func followInWorkingCopy(
        _ commit: ObjectID, on branch: ReferenceName, paths: [String]
    ) async throws(GitError)
}

extension GitRepository: Repository {}

/// The one branch of a remote that everybody writes to.
package protocol RemoteBranch: Sendable {
    /// See `RemoteSync.fetch`.
    func fetch(into scratch: ReferenceName) async throws(RemoteFailure) -> FetchOutcome
    /// See `RemoteSync.pushAcknowledged`. After a failure other than `refused` and
    /// `notFastForward` the push may or may not have taken effect; a fetch tells.
    func pushAcknowledged(
        _ commit: ObjectID, expecting: ObjectID?, fetchingInto scratch: ReferenceName
    ) async throws(RemoteFailure) -> ObjectID
}

/// A branch that helper processes fetch and push, for a repository on disk.
package struct WorkedRemote: RemoteBranch {
    private let repositoryPath: String
    private let remote: GitRemote
    private let worker: RemoteWorker

    package init(repositoryPath: String, remote: GitRemote, worker: RemoteWorker) {
        self.repositoryPath = repositoryPath
        self.remote = remote
        self.worker = worker
    }

    package func fetch(
        into scratch: ReferenceName
    ) async throws(RemoteFailure) -> FetchOutcome {
        try await worker.fetch(repositoryPath: repositoryPath, remote: remote, into: scratch)
    }

    package func pushAcknowledged(
        _ commit: ObjectID, expecting: ObjectID?, fetchingInto scratch: ReferenceName
    ) async throws(RemoteFailure) -> ObjectID {
        try await worker.pushAcknowledged(
            repositoryPath: repositoryPath, remote: remote, commit: commit, expecting: expecting,
            fetchingInto: scratch)
    }
}
