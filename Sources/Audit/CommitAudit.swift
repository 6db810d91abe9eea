import Git
import Identity
import Ledger
import RolloutCore
import RolloutFiles

/// Looks at commits one by one: everything that can be said of a record without its neighbours.
///
/// It runs on the queue of its repository: a commit takes some twenty questions to it, and each
/// would change threads twice.
actor CommitAudit {
    private let repository: GitRepository
    private let ledger: Ledger
    private var inputs: CommittedFiles
    private var origins: [RunID: RunOrigin] = [:]
    /// Runs whose origin is kept: as many as go on at once.
    private static let originsKept = 4_096
    private let pinned: Set<PublicKey>

    init(
        path: String, pinned: Set<PublicKey>, worker: RemoteWorker
    ) throws {
        repository = try GitRepository(opening: path)
        ledger = try Ledger(
            repository: repository, remote: nil, branch: "main", worker: worker,
            author: CommitAuthor(name: "auditor", email: "auditor@localhost"),
            writer: RecordWriter(name: "auditor", software: "audit"))
        inputs = CommittedFiles(repository)
        self.pinned = pinned
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { repository.unownedExecutor }

    func look(_ id: ObjectID) async throws -> CommitFinding {
        let commit = try await repository.commitInfo(id)
        guard let changes = try await StateChanges(commit, repository) else {
            return CommitFinding()
        }
        var finding = CommitFinding()
        func note(_ code: AuditProblem.Code, _ message: String) {
            finding.problems.append(
                AuditProblem(code, changes.rollout, changes.number, commit: id.hex, message))
        }
        for (code, message) in changes.problems { note(code, message) }
        if commit.parents.count > 1 {
            note(.mergedRecords, "a merge changed state/; records come one a commit")
        }
        let base = commit.parents.first
        var seen = Timestamp(milliseconds: commit.committer.epochMilliseconds)
        guard let path = changes.record, let name = changes.rollout else {
            try await checkWriter(id, base, seen, &finding, changes)
            return finding
        }
        let record: DecisionRecord
        let file: [UInt8]
        do {
            (record, file) = try await read(path, commit)
        } catch {
            note(.unreadableRecord, "\(path) cannot be read: \(error)")
            return finding
        }
        seen = record.at
        try await checkWriter(id, base, seen, &finding, changes)
        let next = record.input.state
        let audit = RecordAudit(record: record, commit: id.hex)
        finding.problems += audit.problems(path: path, name: name, commit: commit)
        // Only a step back may have been put onto another state; the chain tells whether it was.
        let prior =
            record.action.isForward ? record.input.state : try await priorState(name, base)
        finding.problems += audit.replay(onto: prior)
        let after = (audit.isRebased(prior) ? prior ?? next : next)
            .after(record.action, number: record.number, at: record.at)
        if record.after != (try RecordFile.digest(of: after)) {
            note(.foldDiffers, "the decision leads to another state than it says")
        }
        let current = try RecordFile.bytes(
            CurrentState(
                schema: DecisionRecord.schemaNow, head: RecordFile.digest(file), state: after))
        if try await bytes(RecordFile.current(name), commit) != current {
            note(.currentDiffers, "current.json is not what the decision led to")
        }
        finding.problems += try await checkInputs(record, id)
        if let base, case .start(let start) = record.action, let group = start.conflictGroup,
            let rival = try await ledger.rival(in: group, besides: name, at: base)
        {
            note(
                .conflictIgnored,
                "\(rival.rollout) \(rival.why), and both are of conflict group \(group)")
        }
        finding.link = RecordLink(
            commit: id.hex, rollout: name, number: record.number, id: record.id,
            kind: record.kind, at: record.at, previous: record.previous,
            head: RecordFile.digest(file), before: try RecordFile.digest(of: next),
            after: record.after, isRebased: audit.isRebased(prior),
            confirms: record.confirms.map { ($0.decision, $0.acknowledgedAt, $0.appliedAt) },
            usedApprovals: audit.used)
        return finding
    }

    // MARK: Who wrote it

    private func checkWriter(
        _ id: ObjectID, _ base: ObjectID?, _ seen: Timestamp, _ finding: inout CommitFinding,
        _ changes: StateChanges
    ) async throws {
        func note(_ code: AuditProblem.Code, _ message: String) {
            finding.problems.append(
                AuditProblem(code, changes.rollout, changes.number, commit: id.hex, message))
        }
        let raw = try await repository.rawCommit(id)
        let key: PublicKey
        do throws(InvalidIdentity) {
            let signed = try SignedCommit(raw)
            finding.signatures += 1
            try signed.verify()
            key = signed.signature.publicKey
        } catch {
            return note(.unsignedRecord, error.message)
        }
        if !pinned.isEmpty {
            if !pinned.contains(key) {
                note(.foreignWriter, "it is signed by \(key.fingerprint), not by the key you gave")
            }
            return
        }
        // Who may write is what the repository said before this commit, never what it says itself.
        let policies = try await inputs.policies(at: base ?? id)
        do throws(InvalidIdentity) {
            let who = try policies.signers.principal(of: key, for: Namespace.git, seen: seen)
            guard policies.controllers.contains(who) else {
                return note(
                    .foreignWriter,
                    "it is signed by \(who), who is not in group controllers of policies/groups.yaml"
                )
            }
        } catch {
            note(.foreignWriter, error.message)
        }
    }

    // MARK: What was read

    private func checkInputs(
        _ record: DecisionRecord, _ id: ObjectID
    ) async throws -> [AuditProblem] {
        var problems: [AuditProblem] = []
        func note(_ code: AuditProblem.Code, _ message: String) {
            problems.append(
                AuditProblem(code, record.rollout, record.number, commit: id.hex, message))
        }
        guard let read = ObjectID(hex: record.inputsCommit),
            (try? await repository.isDescendant(id, of: read)) ?? false
        else {
            note(
                .inputsUnknown,
                "it read commit \(record.inputsCommit.prefix(12)), which is not "
                    + "part of the history before it")
            return problems
        }
        let policies = try await inputs.policies(at: read)
        let found = try await inputs.rollout(record.rollout, at: read)
        let request = found?.request ?? .withdrawn
        if record.input.request != request {
            note(
                .requestDiffers,
                "the files at \(read.short) ask for something else than the record says")
        }
        if record.input.windows.map(\.policy) != (found?.checked.windows ?? []) {
            note(.windowsDiffer, "the files at \(read.short) name other windows")
        }
        let capacity = record.input.state.run?.capacity(in: found?.checked.capacities ?? [:])
        let stable = record.input.state.stableCapacity(in: found?.checked.capacities ?? [:])
        if record.input.capacity != capacity || record.input.stableCapacity != stable {
            note(.capacityDiffers, "the files at \(read.short) say something else of the servers")
        }
        if case .ordered(let stop) = policies.checked.stop, record.input.conditions.stop != stop {
            note(.stopIgnored, "policies/stop.yaml stopped the line at \(read.short)")
        }
        for order in record.input.orders where order.raises {
            if !(found?.checked.orders.contains(order) ?? false) {
                note(.orderUnknown, "the order \(order.name) is not in the files at \(read.short)")
            }
        }
        let origin = try await origin(record, id)
        problems += try ConsentAudit(
            record: record, commit: id, policies: policies, approvals: found?.approvals ?? []
        ).problems(origin)
        return problems
    }

    /// Where the run of a record comes from. The same for all of its records.
    private func origin(_ record: DecisionRecord, _ id: ObjectID) async throws -> RunOrigin? {
        guard let run = record.input.state.run, run.approvals != nil else { return nil }
        if let known = origins[run.id] { return known }
        let origin = try await ledger.origin(of: run.id, at: id)
        if origins.count >= Self.originsKept { origins = [:] }
        origins[run.id] = origin
        return origin
    }

    // MARK: Reading

    private func read(
        _ path: String, _ commit: CommitInfo
    ) async throws -> (DecisionRecord, [UInt8]) {
        guard let file = try await bytes(path, commit) else {
            throw UnreadableRecord(description: "there is no such file")
        }
        let json = try CanonicalJSON.parse(file, sizeLimit: 4 << 20)
        guard json.pretty == file else {
            throw UnreadableRecord(description: "it is not in the one form that records have")
        }
        return (try json.decode(DecisionRecord.self), file)
    }

    private func bytes(_ path: String, _ commit: CommitInfo) async throws -> [UInt8]? {
        guard let entry = try await repository.entry(at: path, inTree: commit.tree) else {
            return nil
        }
        return try await repository.blob(entry.id, limitBytes: 4 << 20)
    }

    /// The state before a commit, as `current.json` said.
    private func priorState(_ name: RolloutName, _ base: ObjectID?) async throws -> RolloutState? {
        guard let base else { return nil }
        let info = try await repository.commitInfo(base)
        guard let bytes = try await bytes(RecordFile.current(name), info) else { return nil }
        return try? CanonicalJSON.decode(CurrentState.self, from: bytes).state
    }
}

extension Order {
    /// Whether it can lead to more traffic. Such an order comes by git only.
    fileprivate var raises: Bool {
        switch action {
        case .promote, .release, .resume: true
        case .hold, .abort, .rollback: false
        }
    }
}

/// Why a file is no record.
private struct UnreadableRecord: Error, CustomStringConvertible {
    let description: String
}
