import Git
import Ledger
import RolloutCore
import RolloutFiles

/// The records of a remote as they come in, followed and folded here without asking a controller.
///
/// One follower at a time.
actor RecordChain {
    struct Entry: Sendable {
        let record: DecisionRecord
        /// After this decision and all before it.
        let state: RolloutState
    }

    private struct Chain {
        /// After 0, 1, 2, … decisions.
        var states: [RolloutState]
        var head: Digest?
        var ids: Set<String> = []
    }

    private let remote: BareRemote
    private let violations: ViolationLog
    private var tip: ObjectID?
    private var chains: [RolloutName: Chain] = [:]
    private var numbers: [ObjectID: [RolloutName: Int]] = [:]

    init(_ remote: BareRemote, violations: ViolationLog) {
        self.remote = remote
        self.violations = violations
    }

    /// How many decisions of a rollout the branch held when it was at `tip`.
    func number(of rollout: RolloutName, at tip: ObjectID?) async throws -> Int {
        guard let tip else { return 0 }
        if let known = numbers[tip]?[rollout] { return known }
        let number = try await remote.current(of: rollout, at: tip)?.state.decisions ?? 0
        numbers[tip, default: [:]][rollout] = number
        return number
    }

    /// The states after the first `from` decisions and after each one up to `through`.
    func states(of rollout: RolloutName, from: Int, through: Int) -> [RolloutState] {
        guard let states = chains[rollout]?.states else { return [RolloutState(name: rollout)] }
        let last = min(through, states.count - 1)
        return Array(states[min(from, last)...last])
    }

    /// Reads what was recorded since the last time, and checks that it goes on from there.
    func follow() async throws -> [Entry] {
        guard let now = try await remote.tip(), now != tip else { return [] }
        if let before = tip, try await !remote.repository.isDescendant(now, of: before) {
            violations.note(
                "7 DURABLE", "the branch went from \(before.short) to \(now.short), which lacks it")
        }
        var news: [Entry] = []
        for rollout in try await rollouts(at: now) {
            news += try await follow(rollout, at: now)
        }
        tip = now
        return news
    }

    private func rollouts(at tip: ObjectID) async throws -> [RolloutName] {
        guard let folder = try await remote.repository.entry(at: "state", in: tip) else {
            return []
        }
        return try await remote.repository.tree(folder.id).compactMap { entry in
            entry.name.text.flatMap { try? RolloutName($0) }
        }
    }

    private func follow(_ rollout: RolloutName, at tip: ObjectID) async throws -> [Entry] {
        var chain = chains[rollout] ?? Chain(states: [RolloutState(name: rollout)])
        guard let found = try await remote.current(of: rollout, at: tip) else { return [] }
        var news: [Entry] = []
        let ledger = try remote.ledger()
        while chain.states.count <= found.state.decisions {
            let number = chain.states.count
            guard let (record, file) = try await ledger.decision(number, of: rollout, at: tip)
            else {
                violations.note(
                    "8 CHAIN", "\(rollout) has no decision \(number) at \(tip.short)")
                break
            }
            let before = chain.states[number - 1]
            let state = before.after(record.action, number: number, at: record.at)
            check(record, state, follows: chain)
            chain.states.append(state)
            chain.head = file
            chain.ids.insert(record.id)
            news.append(Entry(record: record, state: state))
        }
        if chain.states.last != found.state || chain.head != found.head {
            violations.note(
                "8 CHAIN",
                "\(rollout): current.json at \(tip.short) is not the fold of its records")
        }
        chains[rollout] = chain
        return news
    }

    private func check(_ record: DecisionRecord, _ state: RolloutState, follows chain: Chain) {
        let name = "\(record.rollout) #\(record.number) \(record.kind)"
        if record.previous != chain.head {
            violations.note("8 CHAIN", "\(name) does not follow the record before it")
        }
        if chain.ids.contains(record.id) {
            violations.note("11 IDEMPOTENT", "\(name) is there twice: \(record.id)")
        }
        if let before = chain.states.last?.decidedAt, record.at < before {
            violations.note("33 CLOCK", "\(name) is of \(record.at), the one before of \(before)")
        }
        if record.after != (try? RecordFile.digest(of: state)) {
            violations.note("8 CHAIN", "\(name) leads to another state than it says")
        }
    }
}
