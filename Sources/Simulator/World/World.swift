import Calibration
import Git
import History
import Identity
package import RolloutCore
import Synchronization

/// A world from its beginning to its end: rollouts, controllers, gateways, git, people, and what
/// breaks. The same plan gives the same events, in the same order, on every machine.
package final class World: Sendable {
    package let plan: WorldPlan
    let scheduler: Scheduler
    let remote: SimulatedRemote
    let routers: SimulatedRouters
    let people: People
    let hosts: [ControllerHost]
    let traffic: TrafficSource
    let witness: Witness
    let trace: Trace
    private let key: PrivateKey
    private let personKeys: [PrivateKey]
    private let fates: Fates
    private let failure = Mutex<(any Error)?>(nil)
    let memory = Mutex(Memory())

    /// What events have to remember to be taken back.
    struct Memory: Sendable {
        var asked: [Int] = []
        var plans: [WorldPlan.RolloutPlan] = []
        var isAtRest = false
        /// Where the branch was before an accident, and where the accident left it.
        var good: ObjectID?
        var rewound: ObjectID?
        /// Decisions that somebody forged and nobody has taken back.
        var forged: [ForgedDecision] = []
    }

    /// - Parameters:
    ///   - folder: for the few files that a controller writes itself; those of an earlier world go.
    ///   - script: what gateways tell; by default of versions that are good or bad for certain.
    package convenience init(_ plan: WorldPlan, folder: String) throws {
        try self.init(plan, folder: folder, script: nil)
    }

    init(_ plan: WorldPlan, folder: String, script: TrafficSource.Script?) throws {
        self.plan = plan
        var random = SeededRandom(seed: plan.seed)
        scheduler = Scheduler(seed: random.next())
        let objects = ObjectPool()
        remote = SimulatedRemote(objects: objects, scheduler: scheduler, random: random.split())
        routers = SimulatedRouters(scheduler: scheduler, random: random.split())
        key = try Self.key(0)
        personKeys = try People.all.indices.map { try Self.key(UInt8($0 + 1)) }
        people = try People(remote: remote, keys: personKeys, scheduler: scheduler)
        let qualities = Self.qualities(plan)
        traffic = TrafficSource(
            routers: routers, failsByRegion: plan.failsByRegion, isLabelled: plan.labels != nil,
            script: script
        ) { qualities[$0] ?? .good }
        trace = Trace()
        witness = Witness(
            plan: plan, remote: remote, routers: routers, people: people, scheduler: scheduler,
            qualities: qualities, trace: trace)
        fates = Fates()
        let mayLosePower = plan.events.contains { timed in
            if case .cutPower = timed.event { true } else { false }
        }
        hosts = (0..<plan.controllers).map {
            [scheduler, remote, routers, key, fates, witness] place in
            ControllerHost(
                place: place, scheduler: scheduler, remote: remote, routers: routers, key: key,
                folder: folder, mayLosePower: mayLosePower,
                stored: { witness.stored($0, at: place) }
            ) { effect in
                witness.count(place, effect)
                let outcome = fates.draw(place, effect)
                if outcome == .failed || outcome == .doneButReportedFailed {
                    witness.refused(effect)
                }
                return outcome
            }
        }
        witness.watch(hosts)
        memory.withLock { memory in
            memory.asked = plan.rollouts.map { _ in 0 }
            memory.plans = plan.rollouts
        }
    }

    private static func key(_ number: UInt8) throws -> PrivateKey {
        try PrivateKey(seed: Array(repeating: number &+ 7, count: 32))
    }

    private static func qualities(_ plan: WorldPlan) -> [Digest: Quality] {
        var qualities: [Digest: Quality] = [:]
        for rollout in plan.rollouts {
            for version in ProjectText.versions {
                qualities[ProjectText.digest(rollout.name, version)] =
                    version == 0 ? .good : Quality(version: version)
            }
        }
        return qualities
    }

    /// Keeps what happens line by line, for `lines`.
    package func keepTrace() { trace.keep() }
    package var lines: [String] { trace.lines }

    // MARK: Running

    /// What became of a world.
    package struct Report: Sendable {
        package let violations: [Violation]
        /// SHA-256 of everything that happened.
        package let trace: Digest
        package let marks: [String: Int]
        package let decisions: Int
        package let jobs: Int
        package let simulated: TimeSpan
    }

    /// - Parameter untilBroken: ends the world at the first violation.
    package func run(untilBroken: Bool = false) throws -> Report {
        if untilBroken { witness.onViolation { [weak scheduler] in scheduler?.halt() } }
        let end = plan.active.milliseconds + plan.peace.milliseconds
        begin()
        do {
            for event in plan.events {
                scheduler.after(TimeSpan(milliseconds: event.at)) { [self] in
                    happens(event.event)
                }
            }
            scheduler.after(plan.active) { [self] in peace() }
            scheduleTraffic()
            try scheduler.run(until: plan.active.milliseconds)
            try runPeace(until: end)
            scheduler.after(.zero) { [self] in spawn { [self] in await witness.finish() } }
            try scheduler.run(until: scheduler.now + 1)
            try finish()
        } catch {
            witness.add(
                Violation(.bounded, at: error.at, "jobs go on for ever without time going on"))
        }
        return try report()
    }

    func report() throws -> Report {
        if let failure = failure.withLock({ $0 }) { throw failure }
        for (hazard, count) in [("A6", remote.overtaken), ("B2 fenced", routers.fenced)] {
            witness.mark(hazard, count)
        }
        return Report(
            violations: witness.violations, trace: trace.digest, marks: witness.marks,
            decisions: witness.decisions, jobs: scheduler.jobs,
            simulated: TimeSpan(milliseconds: scheduler.now))
    }

    /// Peace ends early once everything has come to rest and stayed there.
    private func runPeace(until end: Int64) throws(Scheduler.Livelock) {
        var atRest = 0
        while scheduler.now < end, atRest < 2, !scheduler.isHalted {
            try scheduler.run(until: min(end, scheduler.now + Self.restInterval))
            scheduler.after(.zero) { [self] in
                spawn { [self] in
                    let rests = await witness.isAtRest()
                    memory.withLock { $0.isAtRest = rests }
                }
            }
            try scheduler.run(until: scheduler.now + 1)
            atRest = memory.withLock { $0.isAtRest } ? atRest + 1 : 0
        }
    }

    /// Longer than a candidate may be silent, so that rest is no pause for breath.
    private static let restInterval: Int64 = 150_000

    func begin() {
        let files = ProjectText.files(plan, keys: personKeys, controller: key)
        scheduler.after(.zero) { [self] in spawn { [self] in try await people.commit(files) } }
        for host in hosts {
            scheduler.after(.seconds(1)) { [self] in
                do { try host.start() } catch { failure.withLock { $0 = error } }
            }
        }
    }

    /// Lets what is left run out: processes end, and their tasks with them.
    func finish() throws(Scheduler.Livelock) {
        scheduler.halt(false)
        witness.onViolation {}
        // Who is in a loop does nothing more from here on.
        for host in hosts { host.process?.life.end() }
        scheduler.after(.zero) { [self] in
            for host in hosts { host.retire() }
        }
        try scheduler.run(until: scheduler.now + 120_000)
        // What is still to come holds the world, as do its machines: nobody else would let it go.
        scheduler.forgetTimers()
        witness.forgetHosts()
    }

    /// Runs something that people or accidents do. From a timer only: elsewhere a task would end up
    /// in the shared pool.
    func spawn(_ work: @escaping @Sendable () async throws -> Void) {
        Task {
            do { try await work() } catch { failure.withLock { $0 = $0 ?? error } }
        }
    }

    // MARK: Traffic

    func scheduleTraffic() {
        scheduler.after(plan.trafficInterval) { [self] in
            for rollout in plan.rollouts {
                for region in rollout.regions { flow(rollout.name, region) }
            }
            scheduleTraffic()
        }
    }

    private func flow(_ rollout: RolloutName, _ region: RegionName) {
        let now = Timestamp(milliseconds: ControllerHost.epoch + scheduler.now)
        let batch = traffic.tick(rollout, in: region, at: now)
        guard !batch.isEmpty else { return }
        let condition = traffic.condition
        for host in hosts {
            spawn { [self] in
                if condition.lateBy > 0 {
                    await scheduler.wait(TimeSpan(milliseconds: condition.lateBy))
                }
                for _ in 0..<(condition.isTwice ? 2 : 1) {
                    await host.deliver(batch)
                }
            }
        }
    }

    // MARK: Peace

    /// Everything is mended; from now on each rollout must come to its end.
    private func peace() {
        fates.clear()
        remote.condition = SimulatedRemote.Condition()
        for region in Names.regions { routers.change(region) { $0 = .init() } }
        traffic.condition = .init()
        for host in hosts {
            host.disk.condition = .init()
            host.change { $0 = .init() }
            host.setClock()
            // Its own words: "mend the disk and restart".
            if host.process?.journal.failure != nil { host.crash(downFor: .seconds(5)) }
            try? host.start()
        }
        spawn { [self] in try await mend() }
    }

    /// People tidy up what they can see is wrong.
    private func mend() async throws {
        restore()
        // Who waited for the branch to come back writes first.
        await scheduler.wait(People.patience + .seconds(5))
        try await tidy()
    }

    /// Lets the effect with this number end so; numbers begin at 1, and count until peace.
    func end(effect number: Int, _ outcome: Outcome) { fates.set(number: number, outcome) }

    /// Effects that were asked for before peace.
    var effects: Int { fates.counted }

    func fate(_ controller: Int, _ effect: Effect, _ outcome: Outcome, count: Int) {
        fates.set(controller, effect, outcome, count: count)
    }
}

/// What is decided of effects that are yet to come.
final class Fates: Sendable {
    private struct Key: Hashable {
        let controller: Int
        let effect: Effect
    }

    private struct State {
        var next: [Key: (outcome: Outcome, count: Int)] = [:]
        var counted = 0
        var isOver = false
        /// One effect by its number over the whole world.
        var nth: (number: Int, outcome: Outcome)?
    }

    private let state = Mutex(State())

    /// Effects that were asked for so far.
    var counted: Int { state.withLock { $0.counted } }

    func set(_ controller: Int, _ effect: Effect, _ outcome: Outcome, count: Int) {
        state.withLock {
            $0.next[Key(controller: controller, effect: effect)] = (outcome, max(count, 1))
        }
    }

    /// Lets the effect with this number over the whole world end so; numbers begin at 1.
    func set(number: Int, _ outcome: Outcome) {
        state.withLock { $0.nth = (number, outcome) }
    }

    func clear() {
        state.withLock { state in
            state.next = [:]
            state.nth = nil
            state.isOver = true
        }
    }

    func draw(_ controller: Int, _ effect: Effect) -> Outcome {
        state.withLock { state in
            if !state.isOver { state.counted += 1 }
            if let nth = state.nth, nth.number == state.counted { return nth.outcome }
            let key = Key(controller: controller, effect: effect)
            guard let (outcome, count) = state.next[key] else { return .done }
            state.next[key] = count > 1 ? (outcome, count - 1) : nil
            return outcome
        }
    }
}
