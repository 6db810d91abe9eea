import Foundation
import Git
import Ledger
import RolloutCore
import RolloutFiles

/// A repository as a team has it: a bare origin with rollout `churn` at 1.0.0, on the way to
/// 2.0.0, and a clone of it.
final class Served: Sendable {
    let bench: Bench
    let ledger: Ledger
    static let name: RolloutName = id("churn")

    static func id<Subject>(_ text: String) -> Identifier<Subject> {
        guard let name = try? Identifier<Subject>(text) else { preconditionFailure(text) }
        return name
    }

    /// - Parameters:
    ///   - actions: what is recorded after the bootstrap and the start.
    ///   - prepare: changes the clone before its first commit.
    init(
        then actions: Action..., prepare: (Bench) throws -> Void = { _ in }
    ) async throws {
        bench = try Bench()
        try bench.git("init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
        try bench.git("clone", "--quiet", "origin.git", "clone")
        for (key, value) in [("user.name", "Ana"), ("user.email", "ana@example.org")] {
            try bench.git("config", key, value, in: "clone")
        }
        _ = try bench.gatewright("init", "--rollout", "churn", in: "clone")
        try Self.add(version: "2.0.0", to: bench)
        try prepare(bench)
        try bench.git("add", "--all", in: "clone")
        try bench.git("commit", "--quiet", "--message", "ask for 2.0.0", in: "clone")
        try bench.git("push", "--quiet", "origin", "HEAD:main", in: "clone")
        ledger = try Ledger(
            repository: GitRepository(opening: bench.path("origin.git")), remote: nil,
            branch: "main", worker: RemoteWorker(executable: "/bin/false"),
            author: CommitAuthor(name: "gatewright", email: "gatewright@example.org"),
            writer: RecordWriter(name: "test", software: "gatewright test"))
        try await record(actions)
        try bench.git("pull", "--quiet", in: "clone")
    }

    private static func add(version: String, to bench: Bench) throws {
        let folder = "clone/rollouts/churn"
        let old = try bench.read("\(folder)/versions/1.0.0.yaml")
        let new = old.replacing("version: 1.0.0", with: "version: \(version)")
            .replacing("1.0.0.json", with: "\(version).json")
            .replacing(String(repeating: "0", count: 64), with: String(repeating: "2", count: 64))
        try bench.write(new, to: "\(folder)/versions/\(version).yaml")
        let spec = try bench.read("\(folder)/rollout.yaml")
        try bench.write(
            spec.replacing("  version: 1.0.0\n", with: "  version: \(version)\n"),
            to: "\(folder)/rollout.yaml")
    }

    private func record(_ actions: [Action]) async throws {
        guard let tip = await ledger.sync().tip else { throw Trouble("no branch") }
        let snapshot = try await Snapshot.read(ledger, at: tip, after: nil)
        guard case .asked(let ask)? = snapshot.rollouts[Self.name]?.request,
            let stable = ask.bootstrap
        else { throw Trouble("\(snapshot.diagnostics)") }
        var state = RolloutState(name: Self.name)
        let beginning: [Action] = [
            .bootstrap(
                Action.Bootstrap(
                    version: stable, fallback: nil, regions: ask.plan.regions,
                    stickyBy: ask.stickyBy)), .start(Action.Start(ask)),
        ]
        for action in beginning + actions {
            let draft = DecisionDraft(
                id: "d\(state.decisions)", action: action, reason: "because",
                input: DecisionInput(
                    now: Timestamp(milliseconds: 1_790_000_000_000), state: state,
                    request: .asked(ask), orders: [], conditions: Conditions(), atStep: .zero,
                    timeScale: 1, evidence: [], traffic: [:], routers: [:]), verdicts: [],
                inputsCommit: tip.hex)
            guard case .acknowledged(_, let next, _) = await ledger.record(draft, taken: false)
            else { throw Trouble("\(action.kind) was not recorded") }
            state = next
        }
    }

    func gatewright(_ arguments: String...) throws -> Bench.Result {
        try bench.run(try Bench.program(), arguments, in: "clone")
    }

    /// The orders of the origin's newest commit, read as a controller reads them.
    func orders() async throws -> [Order] {
        guard let tip = await ledger.sync().tip else { return [] }
        let snapshot = try await Snapshot.read(ledger, at: tip, after: nil)
        guard !snapshot.diagnostics.contains(where: \.isError) else {
            throw Trouble("\(snapshot.diagnostics)")
        }
        return snapshot.rollouts[Self.name]?.orders ?? []
    }

    static let held = Action.hold(
        .breach(guardrail: id("errors"), summary: "errors 12 % > 1 % (n = 4,000)"))
    static let aborted = Action.rollBack(
        .ordered(order: "abort-1", by: "ana", summary: "ana: wrong features"))
}
