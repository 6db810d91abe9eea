internal import CGit2

/// Fetch and push, for one branch and never with force. Both block for as long as the server
/// likes, because libgit2 1.5 has no time-outs: outside of tests they run in `RemoteWorker`'s
/// helper process.
package enum RemoteSync {
    /// Brings the remote branch into `scratch` and says how it moved since the last fetch.
    ///
    /// `scratch` follows the remote wherever it goes; whether to believe a rewind is the caller's
    /// decision. No tags come along, and no other reference is touched.
    package static func fetch(
        repositoryPath: String, remote: GitRemote, into scratch: ReferenceName
    ) throws(RemoteFailure) -> FetchOutcome {
        try RemoteConnection.open(repositoryPath, remote) {
            connection throws(GitError) in
            let heads = try connection.listHeads()
            let previous = try target(of: scratch, in: connection.repository.raw)
            guard let tip = heads[remote.branch.text] else {
                return .missingBranch(previous: previous, isEmpty: heads.isEmpty)
            }
            let packs = PackFolder(of: repositoryPath)
            packs.removeAbandoned()
            // Whatever is wrong with old packs is no reason not to fetch.
            try? packs.combineSmall(in: connection.repository.raw)
            try connection.download("+\(remote.branch):\(scratch)")
            let change = try movement(from: previous, to: tip, in: connection.repository.raw)
            try compareAndSwap(
                scratch, to: tip, expecting: .anything, in: connection.repository.raw)
            return .tip(tip, previous: previous, change: change)
        }
    }

    /// Asks the server to move its branch to `commit`.
    ///
    /// - Parameter expecting: where the caller saw the remote branch; `nil` makes the branch. If
    ///   it is elsewhere, nothing is sent: a branch that was deleted is not made again by chance.
    package static func push(
        repositoryPath: String, remote: GitRemote, commit: ObjectID, expecting: ObjectID?
    ) throws(RemoteFailure) -> PushOutcome {
        try RemoteConnection.open(repositoryPath, remote) {
            connection throws(GitError) in
            let conversation = connection.conversation
            do throws(GitError) {
                _ = try lookUpCommit(commit, in: connection.repository.raw)
            } catch {
                conversation.failure = .misconfigured("\(error)")
                throw error
            }
            // libgit2 1.5 pushes references, not commits.
            let outgoing = try ReferenceName("refs/gatewright/outgoing/" + remote.branchName)
            try compareAndSwap(
                outgoing, to: commit, expecting: .anything, in: connection.repository.raw)
            conversation.pushing = (commit, expecting)
            do throws(GitError) {
                try connection.push("\(outgoing):\(remote.branch)")
            } catch {
                if conversation.alreadyThere { return .accepted }
                if conversation.failure == .notFastForward || error.code == .notFastForward {
                    return .notFastForward
                }
                throw error
            }
            // git_remote_push succeeds when a hook refuses: only the status tells.
            switch conversation.status {
            case .some(nil): return .accepted
            case .some(.some(let status)):
                if lostRace(status) { return .notFastForward }
                let said = [status, conversation.hookText].filter { !$0.isEmpty }
                return .refused(said.joined(separator: ": "))
            case nil: return .refused("the server gave no status for \(remote.branch)")
            }
        }
    }

    /// Pushes, and then fetches to see the commit in the history of the remote branch.
    /// - Returns: the tip that the fetch found: `commit` or a descendant of it.
    package static func pushAcknowledged(
        repositoryPath: String, remote: GitRemote, commit: ObjectID, expecting: ObjectID?,
        fetchingInto scratch: ReferenceName
    ) throws(RemoteFailure) -> ObjectID {
        let outcome = try push(
            repositoryPath: repositoryPath, remote: remote, commit: commit, expecting: expecting)
        switch outcome {
        case .accepted: break
        case .refused(let text): throw .refused(text)
        case .notFastForward: throw .notFastForward
        }
        let seen = try fetch(repositoryPath: repositoryPath, remote: remote, into: scratch)
        guard case .tip(let tip, _, _) = seen else {
            throw .unacknowledged("\(remote.branch) is missing from the server")
        }
        guard try holds(commit, tip: tip, repositoryPath: repositoryPath) else {
            throw .unacknowledged(
                "\(remote.branch) is at \(tip.short), which does not hold \(commit.short)")
        }
        return tip
    }

    private static func holds(
        _ commit: ObjectID, tip: ObjectID, repositoryPath: String
    ) throws(RemoteFailure) -> Bool {
        do throws(GitError) {
            let repository = try openRepository(at: repositoryPath)
            return try isCommit(tip, descendantOf: commit, in: repository.raw)
        } catch {
            throw .misconfigured("\(error)")
        }
    }

    private static func movement(
        from old: ObjectID?, to new: ObjectID, in repository: OpaquePointer
    ) throws(GitError) -> TipChange {
        _ = try lookUpCommit(new, in: repository)
        guard let old else { return .first }
        if old == new { return .unchanged }
        if try isCommit(new, descendantOf: old, in: repository) { return .fastForward }
        if try isCommit(old, descendantOf: new, in: repository) { return .rewound }
        var base = git_oid()
        var (rawOld, rawNew) = (old.raw, new.raw)
        let result = git_merge_base(&base, repository, &rawOld, &rawNew)
        if result == GIT_ENOTFOUND.rawValue { return .unrelated }
        try GitError.check(result, "compare \(old.short) with \(new.short)")
        return .diverged
    }

    /// What git and the forges answer when another push was faster. A text that is missing here
    /// is reported as a refusal, which no caller takes for success either.
    private static func lostRace(_ status: String) -> Bool {
        [
            "non-fast-forward", "fetch first", "failed to update ref", "failed to lock",
            "cannot lock ref", "reference already exists", "incorrect old value",
        ].contains { status.contains($0) }
    }
}

extension GitRemote {
    /// The branch without `refs/heads/`.
    var branchName: String { String(branch.text.dropFirst("refs/heads/".count)) }
}
