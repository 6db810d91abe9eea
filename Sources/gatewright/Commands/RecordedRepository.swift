import ArgumentParser
import Git
import Ledger
import Reconciler
import RolloutCore
import RolloutFiles

/// A repository read without a controller: what is asked, and what was recorded.
struct RecordedRepository {
    let repository: GitRepository
    let ledger: Ledger
    let tip: ObjectID

    init(path: String, branch: String) async throws {
        do {
            repository = try GitRepository(opening: path)
        } catch {
            throw ValidationError("\(error)")
        }
        // A clone may be behind its remote: the newer of the two is what is known here.
        let here = try await repository.resolve(ReferenceName("refs/heads/\(branch)"))
        let there = try await repository.resolve(ReferenceName("refs/remotes/origin/\(branch)"))
        var newest = here ?? there
        if let here, let there, try await repository.isDescendant(there, of: here) {
            newest = there
        }
        guard let newest else {
            throw ValidationError("\(path) has no branch \(branch); name it with --branch")
        }
        tip = newest
        ledger = try Ledger(
            repository: repository, remote: nil, branch: branch,
            worker: RemoteWorker(executable: Executable.path),
            author: CommitAuthor(name: "gatewright", email: "gatewright@localhost"),
            writer: RecordWriter(name: "reader", software: Build.software))
    }

    func snapshot() async throws -> Snapshot {
        try await Snapshot.read(ledger, at: tip, after: nil)
    }

    func decisions(of rollout: RolloutName) async throws -> [DecisionRecord] {
        try await ledger.decisions(of: rollout, at: tip).map(\.record)
    }

    /// What can be said of every rollout without routers and evidence.
    func status() async throws -> ControllerStatus {
        let snapshot = try await snapshot()
        let rollouts = try snapshot.names.sorted().map { name in
            RolloutStatus(try state(of: name, snapshot), why: try look(at: name, snapshot))
        }
        return ControllerStatus(
            at: WallClock.now(), commit: tip.hex, syncedAt: nil, halted: nil, journalFailure: nil,
            diagnostics: snapshot.diagnostics, rollouts: rollouts)
    }

    func why(_ rollout: RolloutName) async throws -> String {
        let snapshot = try await snapshot()
        guard snapshot.names.contains(rollout) else {
            throw ValidationError("there is no rollout \(rollout)")
        }
        guard let why = try look(at: rollout, snapshot) else {
            return "\(rollout): a candidate is on its way; ask its controller with --controller "
                + "to see the evidence."
        }
        return why.line
    }

    func state(of name: RolloutName, _ snapshot: Snapshot) throws -> RolloutState {
        switch snapshot.recorded[name] {
        case nil: return RolloutState(name: name)
        case .state(let state): return state
        case .damaged(let problem): throw ValidationError(problem)
        }
    }

    /// `nil` while a candidate is on its way: that depends on evidence, which git does not have.
    private func look(at name: RolloutName, _ snapshot: Snapshot) throws -> Explanation? {
        let state = try state(of: name, snapshot)
        guard state.run == nil || state.run?.held != nil else { return nil }
        let requested = snapshot.rollouts[name]
        let input = DecisionInput(
            now: WallClock.now(), state: state, request: requested?.request ?? .withdrawn,
            orders: requested?.orders ?? [], conditions: Conditions(stop: snapshot.stop),
            atStep: .zero, timeScale: 1, evidence: [], traffic: [:], routers: [:])
        return Explanation(decide(input), input)
    }
}
