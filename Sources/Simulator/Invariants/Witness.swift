import Git
import History
import Ledger
import RolloutCore
import RolloutFiles
import Synchronization

/// Watches a world and says which invariants it breaks.
///
/// It knows what the server accepted, what gateways served, what people did and how good versions
/// are, and never asks a controller what it believes.
final class Witness: Sendable {
    /// A record that the server accepted.
    struct Accepted: Sendable {
        let at: Int64
        let controller: Int
        let life: Int
        let commit: ObjectID
        let parent: ObjectID
        let record: DecisionRecord
        /// As `current.json` said before and after.
        let before: CurrentState
        let after: CurrentState
    }

    struct State: Sendable {
        var violations: [Violation] = []
        var accepted: [RolloutName: [Accepted]] = [:]
        /// Candidate's answers that a controller took in, by controller, digest and generation.
        var delivered: [Int: [Digest: [Int: Int]]] = [:]
        /// When the newest of them was given, by controller and digest.
        var newest: [Int: [Digest: Int64]] = [:]
        /// Requests of callers that a controller heard of, by controller, rollout and region, minute
        /// and generation.
        var heard: [Int: [String: [Int64: [Int: Int]]]] = [:]
        var earlier: [String: [Route]] = [:]
        var marks: [String: Int] = [:]
        /// Gateways whose route somebody else than a controller put there.
        var strange: [String: Bool] = [:]
        var didJournalFail = false
        var wasHistoryLost = false
        /// Records that are on the branch no more.
        var givenUp: Set<ObjectID> = []
        var loosenedAt: Int64?
        /// What each controller put its newest record onto.
        var builtOn: [Int: ObjectID] = [:]
        var exposedSince: [String: Int64] = [:]
        var aboveSince: [String: Int64] = [:]
        /// Effects of each kind in this minute, by controller.
        var effects: [String: Int] = [:]
        var minute: Int64 = 0
    }

    let plan: WorldPlan
    let remote: SimulatedRemote
    let routers: SimulatedRouters
    let people: People
    let scheduler: Scheduler
    let qualities: [Digest: Quality]
    let trace: Trace
    let state = Mutex(State())
    /// Whether anybody says what servers are ready for.
    private let hasCapacity: Bool
    private let alarm = Mutex<@Sendable () -> Void>({})
    private let watched = Mutex<[ControllerHost]>([])

    /// After so many of them a world is broken enough.
    private static let violationsMax = 20

    init(
        plan: WorldPlan, remote: SimulatedRemote, routers: SimulatedRouters, people: People,
        scheduler: Scheduler, qualities: [Digest: Quality], trace: Trace
    ) {
        self.plan = plan
        hasCapacity =
            plan.rollouts.contains { $0.capacity != nil || $0.stableCapacity != nil }
            || plan.events.contains { timed in
                switch timed.event {
                case .servers, .baselineServers: true
                default: false
                }
            }
        self.remote = remote
        self.routers = routers
        self.people = people
        self.scheduler = scheduler
        self.qualities = qualities
        self.trace = trace
    }

    func watch(_ hosts: [ControllerHost]) {
        watched.withLock { $0 = hosts }
        remote.observe { [weak self] move in self?.moved(move) }
        routers.observe { [weak self] change in self?.changed(change) }
        scheduleLooks()
    }

    func forgetHosts() { watched.withLock { $0 = [] } }

    var hosts: [ControllerHost] { watched.withLock { $0 } }

    // MARK: What is found

    var violations: [Violation] { state.withLock { $0.violations } }
    var marks: [String: Int] { state.withLock { $0.marks } }
    var decisions: Int { state.withLock { $0.accepted.values.reduce(0) { $0 + $1.count } } }

    /// - Parameter act: done at each violation.
    func onViolation(_ act: @escaping @Sendable () -> Void) { alarm.withLock { $0 = act } }

    func add(_ violation: Violation) {
        trace.note(violation.at, "violation \(violation.invariant)")
        let act = alarm.withLock { $0 }
        defer { act() }
        state.withLock { state in
            guard state.violations.count < Self.violationsMax else { return }
            state.violations.append(violation)
        }
    }

    func fail(_ invariant: Invariant, _ text: String) {
        add(Violation(invariant, at: scheduler.now, text))
    }

    func mark(_ hazard: String, _ count: Int = 1) {
        guard count > 0 else { return }
        state.withLock { $0.marks[hazard, default: 0] += count }
    }

    /// Nobody needs to ask for the same thing this often in a minute.
    private static let effectsAMinuteMax = 400

    func count(_ controller: Int, _ effect: Effect) {
        let minute = scheduler.now / 60_000
        let count = state.withLock { state in
            if state.minute != minute {
                state.minute = minute
                state.effects = [:]
            }
            let key = "\(controller) \(effect.rawValue)"
            state.effects[key, default: 0] += 1
            return state.effects[key] ?? 0
        }
        if count == Self.effectsAMinuteMax * plan.rollouts.count {
            fail(
                .bounded,
                "controller \(controller) did \(effect.rawValue) \(count) times in a minute")
        }
    }

    // MARK: What happened

    /// A controller hears that something that it asked for did not happen.
    func refused(_ effect: Effect) {
        guard [.appendStep, .markRouted, .markRecorded].contains(effect) else { return }
        state.withLock { $0.didJournalFail = true }
    }

    /// Facts that came to be on the disk of a controller, whether it heard that they did or not.
    func stored(_ facts: [Fact], at controller: Int) {
        state.withLock { state in
            for fact in facts {
                if hasCapacity { state.hear(fact, at: controller) }
                guard case .answered = fact.event, fact.answer.arm != .stable else { continue }
                let answer = fact.answer
                state.delivered[controller, default: [:]][answer.version.digest, default: [:]][
                    answer.generation, default: 0] += 1
                let at = answer.at.milliseconds - ControllerHost.epoch
                let known = state.newest[controller]?[answer.version.digest] ?? at
                state.newest[controller, default: [:]][answer.version.digest] = max(known, at)
            }
        }
    }

    /// Candidate's answers that a controller has of a generation or a later one.
    func samples(_ digest: Digest, from generation: Int, at controller: Int) -> Int {
        state.withLock { state in
            (state.delivered[controller]?[digest] ?? [:]).reduce(0) {
                $0 + ($1.key >= generation ? $1.value : 0)
            }
        }
    }

    func accepted(_ rollout: RolloutName) -> [Accepted] {
        state.withLock { $0.accepted[rollout] ?? [] }
    }

    /// Whether a record lies in the history that another one goes on from. What was lost with a
    /// rewound branch does not: whoever was away then cannot miss it, and whoever had built on it is
    /// held to 7 DURABLE.
    func precedes(_ earlier: Accepted, _ later: Accepted) -> Bool {
        (try? remote.objects.isDescendant(later.commit, of: earlier.commit)) ?? false
    }

    /// A route that a region served before the one it serves now.
    func earlierRoute(_ rollout: RolloutName, in region: RegionName) -> Route? {
        let routes = state.withLock { $0.earlier["\(rollout)/\(region)"] ?? [] }
        return routes.dropLast().last
    }

    /// People gave up a part of history: what was accepted is not what is recorded any more.
    func lostHistory() {
        var kept: Set<ObjectID> = []
        var next = remote.tip
        while let commit = next {
            kept.insert(commit)
            next = try? remote.objects.commit(commit).info.parents.first
        }
        state.withLock { state in
            state.wasHistoryLost = true
            state.givenUp = Set(state.accepted.values.joined().map(\.commit)).subtracting(kept)
        }
    }

    /// People allow nearly everything: what begins after that is bad in no way that they mind.
    func loosened() { state.withLock { $0.loosenedAt = $0.loosenedAt ?? scheduler.now } }

    /// Whether a version is worse than its run may be.
    func isBad(_ run: Run) -> Bool {
        let quality = qualities[run.candidate.reference.digest] ?? .good
        guard quality == .failing, let loosenedAt = state.withLock({ $0.loosenedAt }) else {
            return quality != .good
        }
        // The newest one: a history that was given up may have had a run of this name too.
        let start = accepted(run.id.rollout).last {
            $0.after.state.run?.id == run.id && $0.before.state.run?.id != run.id
        }
        return start.map { $0.at < loosenedAt } ?? true
    }

    private func moved(_ move: SimulatedRemote.Move) {
        trace.note(move.at, "branch \(move.by) \(move.to?.hex ?? "none")")
        guard case .controller(let controller) = move.by, let id = move.to, let parent = move.from
        else { return }
        do {
            guard let accepted = try read(id, parent, controller) else {
                return fail(.chain, "\(id.short) is no record")
            }
            state.withLock { state in
                state.accepted[accepted.record.rollout, default: []].append(accepted)
            }
            checkHistory(parent, controller)
            markHazards(accepted)
            check(accepted)
        } catch {
            fail(.chain, "\(id.short) cannot be read: \(error)")
        }
    }

    /// What it knew is gone: it begins with what the remote has.
    func lostClone(_ controller: Int) { state.withLock { $0.builtOn[controller] = nil } }

    /// Whoever put a record onto a commit knew all that came before it, and may leave nothing of
    /// that out later, unless people gave it up.
    private func checkHistory(_ parent: ObjectID, _ controller: Int) {
        let known = state.withLock { state in
            defer { state.builtOn[controller] = parent }
            return state.builtOn[controller]
        }
        guard let known, (try? remote.objects.isDescendant(parent, of: known)) == false else {
            return
        }
        fail(
            .durable,
            "controller \(controller) went on from \(parent.short), which lacks \(known.short)")
    }

    private func read(
        _ id: ObjectID, _ parent: ObjectID, _ controller: Int
    ) throws -> Accepted? {
        let objects = remote.objects
        let (old, new) = (
            try objects.commit(parent).info.tree, try objects.commit(id).info.tree
        )
        let paths = try objects.changes(from: old, to: new, prefix: []).compactMap(\.text).sorted()
        guard paths.count == 2, let path = paths.first(where: { $0.contains("/decisions/") }),
            let entry = try objects.entry(at: path, inTree: new)
        else { return nil }
        let record = try ReadRecords.shared.decision(objects.blob(entry.id))
        guard let after = try current(record.rollout, new) else { return nil }
        let before =
            try current(record.rollout, old)
            ?? CurrentState(
                schema: DecisionRecord.schemaNow, head: nil,
                state: RolloutState(name: record.rollout))
        return Accepted(
            at: scheduler.now, controller: controller,
            life: hosts.first { $0.place == controller }?.process?.life.number ?? 0, commit: id,
            parent: parent, record: record, before: before, after: after)
    }

    private func current(_ rollout: RolloutName, _ tree: ObjectID) throws -> CurrentState? {
        let path = RecordFile.current(rollout)
        guard let entry = try remote.objects.entry(at: path, inTree: tree) else { return nil }
        return try ReadRecords.shared.state(remote.objects.blob(entry.id))
    }
}
