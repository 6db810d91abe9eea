package import Git
package import Identity
package import RolloutCore
package import RolloutFiles

/// The only place where git and rollouts meet: reads what is asked, records what is decided.
///
/// All records are files on one branch, so one compare-and-swap decides between two controllers.
package actor Ledger {
    package let repository: any Repository
    let remote: (any RemoteBranch)?
    let author: CommitAuthor
    let writer: RecordWriter
    /// Signs every commit; `nil` only where nothing is recorded for others to check.
    let key: PrivateKey?
    let branch: ReferenceName
    /// Reads one file of the project. A simulation remembers what it has read in other worlds.
    let parse: FileParser
    let records: RecordDecoder
    /// What asks the remote goes one after another: a record is built on the one before, two fetches
    /// would find each other's lock files, and a tip that was fetched before a record and looked at
    /// after it would seem to have lost the record.
    private var tail: Task<Void, Never>?

    /// Follows the remote wherever it goes.
    static let fetched = "refs/gatewright/fetched"
    /// The newest tip that was believed: it never goes back, and increases stop when the remote
    /// is not at it or beyond it.
    static let trusted = "refs/gatewright/trusted"
    /// The commit that is being pushed.
    static let pending = "refs/gatewright/pending"

    /// - Parameters:
    ///   - remote: `nil` records in the repository itself, on its own branch.
    ///   - branch: without `refs/heads/`.
    package init(
        repository: any Repository, remote: (any RemoteBranch)?, branch: String,
        author: CommitAuthor, writer: RecordWriter, key: PrivateKey? = nil,
        parse: @escaping FileParser = ProjectFiles.parse, records: RecordDecoder = RecordDecoder()
    ) throws(GitError) {
        self.parse = parse
        self.records = records
        self.repository = repository
        self.remote = remote
        self.author = author
        self.writer = writer
        self.key = key
        self.branch = try .branch(branch)
    }

    /// A ledger of a repository on disk, whose remote helper processes talk to.
    package init(
        repository: GitRepository, remote: GitRemote?, branch: String, worker: RemoteWorker,
        author: CommitAuthor, writer: RecordWriter, key: PrivateKey? = nil,
        parse: @escaping FileParser = ProjectFiles.parse
    ) throws(GitError) {
        try self.init(
            repository: repository,
            remote: remote.map {
                WorkedRemote(repositoryPath: repository.path, remote: $0, worker: worker)
            }, branch: branch, author: author, writer: writer, key: key, parse: parse)
    }

    package typealias FileParser =
        @Sendable (_ path: String, _ bytes: [UInt8], _ entry: SourceFile.Entry) -> ParsedFile

    // MARK: Reading the remote

    /// What is known of the branch after asking the remote.
    package struct Sync: Sendable, Hashable {
        /// The newest believed commit; `nil` before the first.
        package let tip: ObjectID?
        /// Why nothing may be raised; `nil` while all is well.
        package let halted: String?

        package init(tip: ObjectID?, halted: String?) {
            self.tip = tip
            self.halted = halted
        }
    }

    /// Asks the remote for its branch, and believes it if it goes on from what was believed.
    package func sync() async -> Sync { await sync(at: {}).0 }

    /// - Parameter moment: read when it is our turn to ask, which may be long after the call. The answer
    ///   tells how things were no earlier than that.
    package func sync<Moment: Sendable>(
        at moment: @escaping @Sendable () -> Moment
    ) async -> (Sync, asked: Moment) {
        await inTurn { ledger in
            let asked = moment()
            return (await ledger.look(), asked)
        }
    }

    private func look() async -> Sync {
        do {
            guard let remote else {
                return Sync(
                    tip: try await repository.resolve(branch),
                    halted: try await repository.resolve(branch) == nil
                        ? "branch \(branch) does not exist" : nil)
            }
            let outcome: FetchOutcome
            do {
                outcome = try await remote.fetch(into: try ReferenceName(Self.fetched))
            } catch let failure as RemoteFailure {
                return Sync(tip: try await trustedTip(), halted: "\(failure)")
            }
            switch outcome {
            case .tip(let tip, _, _): return try await believe(tip)
            case .missingBranch(_, let isEmpty):
                let what = isEmpty ? "the remote repository is empty" : "\(branch) is gone"
                return Sync(tip: try await trustedTip(), halted: "\(what); shares stay as they are")
            }
        } catch {
            return Sync(tip: nil, halted: "the local repository cannot be read: \(error)")
        }
    }

    package func trustedTip() async throws(GitError) -> ObjectID? {
        if remote == nil { return try await repository.resolve(branch) }
        return try await repository.resolve(try ReferenceName(Self.trusted))
    }

    private func believe(_ tip: ObjectID) async throws(GitError) -> Sync {
        let mark = try ReferenceName(Self.trusted)
        guard let known = try await repository.resolve(mark) else {
            try await repository.updateReference(mark, to: tip, expecting: nil)
            return Sync(tip: tip, halted: nil)
        }
        if known == tip { return Sync(tip: tip, halted: nil) }
        guard try await repository.isDescendant(tip, of: known) else {
            return Sync(
                tip: known,
                halted: "the history of \(branch) was rewritten: \(tip.short) does not contain "
                    + "\(known.short); shares stay, nothing is raised. Restore the branch, or run "
                    + "gatewright accept-history")
        }
        try await repository.updateReference(mark, to: tip, expecting: known)
        return Sync(tip: tip, halted: nil)
    }

    /// Believes the remote's present branch although it does not contain what was believed.
    ///
    /// For a person only, after having looked, and while no controller runs. Records that are lost
    /// with the old history are not brought back: routers are compared with the new one.
    /// - Returns: from where to where the mark moved; `nil` when nothing was rewritten.
    /// - Throws: `LostRevocations` when keys that were taken back would count again; `GitError`.
    package static func acceptHistory(
        in repository: any Repository
    ) async throws -> (from: ObjectID, to: ObjectID)? {
        let mark = try ReferenceName(Self.trusted)
        guard let tip = try await repository.resolve(try ReferenceName(Self.fetched)),
            let known = try await repository.resolve(mark), known != tip
        else { return nil }
        try await LostRevocations.check(from: known, to: tip, in: repository)
        try await repository.updateReference(mark, to: tip, expecting: known)
        return (known, tip)
    }

    // MARK: Recording

    package enum Outcome: Sendable {
        /// The branch holds the record, and a fetch has shown it.
        case acknowledged(DecisionRecord, RolloutState, commit: ObjectID)
        /// The branch has it from an earlier attempt.
        case alreadyRecorded(RolloutState)
        /// The state is another one now: decide again.
        case overtaken(String)
        /// The remote said no, or somebody else wrote the state: a person has to look.
        case refused(String)
        /// It may or may not have been recorded; a fetch tells.
        case unknown(String)
    }

    /// Records a decision as the next one of its rollout, and pushes it.
    ///
    /// - Parameters:
    ///   - taken: whether its effect is a fact already. Such a record is put onto whatever the state
    ///     has become; any other is given up when the state is not the one it was made on.
    ///   - clean: a commit at which the state was a controller's; without one the newest at which
    ///     all of them were.
    package func record(
        _ draft: DecisionDraft, taken: Bool, since clean: ObjectID? = nil
    ) async -> Outcome {
        await inTurn { await $0.attempt(draft, taken: taken, since: clean) }
    }

    private func inTurn<Value: Sendable>(
        _ work: @escaping @Sendable (isolated Ledger) async -> Value
    ) async -> Value {
        let before = tail
        let task = Task { () -> Value in
            await before?.value
            // The clone is ours alone and it is our turn: whoever left a lock there was killed.
            if remote != nil { await repository.removeAbandonedLocks(under: "refs/gatewright") }
            return await work(self)
        }
        tail = Task { _ = await task.value }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func attempt(
        _ draft: DecisionDraft, taken: Bool, since clean: ObjectID?
    ) async -> Outcome {
        do {
            guard let base = try await trustedTip() else { return .unknown("no branch is known") }
            // Nothing is put onto a state that somebody else wrote, and none is taken over.
            var since = clean
            if since == nil { since = try await lastClean() }
            if let since,
                let problem = try await foreignWriter(of: draft.rollout, since: since, at: base)
            {
                return .refused(problem)
            }
            let current = try await currentState(of: draft.rollout, at: base)
            if try await isRecorded(draft, in: current, at: base) {
                return .alreadyRecorded(current.state)
            }
            let action: Action
            if taken {
                guard let rebased = draft.rebased(onto: current.state) else {
                    return .alreadyRecorded(current.state)
                }
                action = rebased
            } else {
                guard current.state == draft.input.state else {
                    return .overtaken("decision \(current.state.decisions) came first")
                }
                action = draft.action
            }
            if let rival = try await rival(of: action, by: draft.rollout, at: base) {
                return .overtaken("\(rival.rollout) \(rival.why)")
            }
            let (record, next) = try draft.record(as: action, onto: current, writer: writer)
            let commit = try await commit(record, next, onto: base)
            return try await publish(commit, onto: base)
                ?? .acknowledged(
                    record, next, commit: commit)
        } catch {
            return .unknown("\(error)")
        }
    }

    private func commit(
        _ record: DecisionRecord, _ state: RolloutState, onto base: ObjectID
    ) async throws -> ObjectID {
        let file = try RecordFile.bytes(record)
        let digest = RecordFile.digest(file)
        let current = try RecordFile.bytes(
            CurrentState(schema: DecisionRecord.schemaNow, head: digest, state: state))
        let pending = try ReferenceName(Self.pending)
        var sign: (@Sendable ([UInt8]) throws -> String)?
        if let key { sign = { raw in try SignedCommit.sign(raw, by: key) } }
        let result = try await repository.commit(
            onto: base,
            changes: [
                RecordFile.decision(record): file, RecordFile.current(record.rollout): current,
            ], message: record.message(fileDigest: digest), author: author,
            at: record.at.milliseconds, updating: pending,
            expecting: try await repository.resolve(pending), signature: sign)
        guard case .committed(let commit) = result else {
            throw LedgerError(message: "decision \(record.number) changed no file")
        }
        return commit
    }

    /// - Returns: `nil` when the commit is acknowledged.
    private func publish(_ commit: ObjectID, onto base: ObjectID) async throws -> Outcome? {
        guard let remote else {
            do throws(GitError) {
                try await repository.updateReference(branch, to: commit, expecting: base)
                // Best effort: the record stands whether or not a person's files follow it.
                try? await repository.followInWorkingCopy(commit, on: branch, paths: ["state"])
                return nil
            } catch {
                if error.code == .modified { return .overtaken("the branch moved") }
                throw error
            }
        }
        do throws(RemoteFailure) {
            let tip = try await remote.pushAcknowledged(
                commit, expecting: base, fetchingInto: try fetchedName())
            let sync = try? await believe(tip)
            return sync?.halted.map { .unknown($0) }
        } catch {
            switch error {
            case .notFastForward: return .overtaken("another commit was pushed first")
            case .refused(let text): return .refused(text)
            case .unauthorised, .rejectedHostKey, .rejectedCertificate, .misconfigured:
                return .refused("\(error)")
            case .unreachable, .unacknowledged, .timedOut, .helperFailed, .cancelled:
                return .unknown("\(error)")
            }
        }
    }

    private func fetchedName() throws(RemoteFailure) -> ReferenceName {
        do { return try ReferenceName(Self.fetched) } catch {
            throw .misconfigured("\(error)")
        }
    }
}

/// The ledger cannot be read or written as it stands; a person has to look.
package struct LedgerError: Error, CustomStringConvertible, Sendable, Hashable {
    package let message: String
    package var description: String { message }
}
