import Foundation
import Git
import RolloutCore
import Synchronization

/// A gateway that is watched, by what it says of itself.
struct WatchedGateway: Sendable {
    struct Table: Sendable {
        /// Rises with each change.
        let version: Int
        let routes: [Route]
    }

    let region: RegionName
    /// `nil` while it does not answer.
    let table: @Sendable () async -> Table?
    /// The tables of which it told by itself and which were not asked for yet, up to a version.
    var told: @Sendable (_ version: Int) -> [Table] = { _ in [] }
    /// Whether it could not be reached lately: then it may still serve what was granted before.
    var wasAway: @Sendable () -> Bool = { false }
}

/// Looks all the time whether a gateway gives a candidate more than the remote's newest record
/// grants (invariants 1, 3 and 9).
///
/// The gateway is read first, then the remote, then the gateway again. If it did not change
/// meanwhile, it served that route at the moment in which the remote was read, and a record comes
/// before a raise and after a lowering: so the newest record must grant it. If it changed, one of
/// the records that were the newest between the looks has to grant it. Only a gateway that was
/// away may serve an older grant, and not for long.
final class ExposureWatch: Sendable {
    struct Findings {
        var violations: [ObservedViolation] = []
        var changes = 0
        var missed = 0
        /// Looks at which a gateway served an older grant after having been away.
        var overdue = 0
        /// Routes in the order in which a gateway began to serve them.
        var served: [RegionName: [Route]] = [:]
    }

    /// What one gateway served, and where the remote was meanwhile.
    private struct Look: Sendable {
        let gateway: WatchedGateway
        let at: ContinuousClock.Instant
        /// `nil` when the gateway did not answer.
        let table: WatchedGateway.Table?
        /// The branch before the table was read, and at a moment at which it was served.
        let before: ObjectID?
        let after: ObjectID?
        /// Whether the gateway stood still around `after`.
        let stood: Bool
        let wasAway: Bool
    }

    /// What the looks have to know of the checks of one gateway.
    private struct Waiting {
        var looks = 0
        var isOverdue = false
    }

    private let gateways: [WatchedGateway]
    private let remote: BareRemote
    private let chain: RecordChain
    private let violations: ViolationLog
    private let interval: Duration
    private let recorded: @Sendable (RecordChain.Entry) -> Void
    private let found = Mutex(Findings())
    private let waiting = Mutex<[RegionName: Waiting]>([:])
    private let work = Mutex<[Task<Void, any Error>]>([])

    /// A controller has to bring a gateway that is back to the newest record within this time,
    /// whatever happens to the controller meanwhile.
    private static let patience = Duration.seconds(30)
    /// - Parameter recorded: told of each new record.
    init(
        gateways: [WatchedGateway], remote: BareRemote, violations: ViolationLog,
        interval: Duration, recorded: @escaping @Sendable (RecordChain.Entry) -> Void = { _ in }
    ) {
        self.gateways = gateways
        self.remote = remote
        self.violations = violations
        self.interval = interval
        self.recorded = recorded
        chain = RecordChain(remote, violations: violations)
    }

    /// Looks never wait for records to be read and checked: a table that is served for a few
    /// milliseconds only would be missed meanwhile.
    func start() {
        let (looks, queue) = AsyncStream.makeStream(of: Look.self)
        let looking = Task {
            defer { queue.finish() }
            try await look(queue)
        }
        let checking = Task { try await check(looks) }
        work.withLock { $0 = [looking, checking] }
    }

    func cancel() { work.withLock { $0.first }?.cancel() }

    /// - Throws: when a look was not possible; then nothing is proven.
    func stop() async throws -> Findings {
        cancel()
        for task in work.withLock({ $0 }) {
            do { try await task.value } catch is CancellationError {}
        }
        return findings
    }

    /// Ends the looks for good, with what was found so far kept for `stop`.
    func pause() async throws { _ = try await stop() }

    var findings: Findings {
        var findings = found.withLock { $0 }
        findings.violations = violations.all
        return findings
    }

    // MARK: Looking

    private func look(_ queue: AsyncStream<Look>.Continuation) async throws {
        var last: [RegionName: (version: Int?, before: ObjectID?, tip: ObjectID?)] = [:]
        while true {
            for gateway in gateways {
                let before = try await remote.tip()
                let table = await gateway.table()
                let after = try await remote.tip()
                let known = last[gateway.region] ?? (nil, before, nil)
                let isNew = table != nil && known.version != table?.version
                guard isNew || known.tip != after || mayLookAgain(at: gateway.region) else {
                    continue
                }
                var stood = false
                if let table { stood = await gateway.table()?.version == table.version }
                var looks: [Look] = []
                if isNew, let table {
                    // What came and went since the last look, while a record of that time was the
                    // newest.
                    looks = gateway.told(table.version - 1).filter {
                        $0.version > known.version ?? 0
                    }.map {
                        Look(
                            gateway: gateway, at: .now, table: $0, before: known.before,
                            after: after, stood: false, wasAway: gateway.wasAway())
                    }
                    count(table.version, after: known.version, told: looks.count)
                }
                last[gateway.region] = (table?.version ?? known.version, before, after)
                looks.append(
                    Look(
                        gateway: gateway, at: .now, table: table, before: before,
                        after: stood ? after : try await remote.tip(), stood: stood,
                        wasAway: gateway.wasAway()))
                waiting.withLock { $0[gateway.region, default: Waiting()].looks += looks.count }
                for look in looks { queue.yield(look) }
            }
            try await Task.sleep(for: interval)
        }
    }

    private func mayLookAgain(at region: RegionName) -> Bool {
        waiting.withLock { $0[region].map { $0.isOverdue && $0.looks == 0 } ?? false }
    }

    private func count(_ version: Int, after last: Int?, told: Int) {
        found.withLock { found in
            found.changes += 1 + told
            found.missed += max(0, version - (last ?? 0) - 1 - told)
        }
    }

    // MARK: Checking

    private func check(_ looks: AsyncStream<Look>) async throws {
        var overdue: [RegionName: [RolloutName: ContinuousClock.Instant]] = [:]
        for await look in looks {
            for entry in try await chain.follow() { recorded(entry) }
            let region = look.gateway.region
            for route in look.table?.routes.sorted(by: { $0.rollout < $1.rollout }) ?? [] {
                try await check(route, look, &overdue[region, default: [:]])
            }
            let isOverdue = overdue[region]?.isEmpty == false
            waiting.withLock { waiting in
                waiting[region]?.looks -= 1
                waiting[region]?.isOverdue = isOverdue
            }
        }
    }

    private func check(
        _ route: Route, _ look: Look, _ overdue: inout [RolloutName: ContinuousClock.Instant]
    ) async throws {
        found.withLock { found in
            if found.served[route.region]?.last != route {
                found.served[route.region, default: []].append(route)
            }
        }
        let newest = try await chain.number(of: route.rollout, at: look.after)
        let oldest =
            look.stood ? newest : try await chain.number(of: route.rollout, at: look.before)
        let states = await chain.states(of: route.rollout, from: oldest, through: newest)
        guard !states.contains(where: { route.isGranted(by: $0) }) else {
            overdue[route.rollout] = nil
            return
        }
        let older = await chain.states(of: route.rollout, from: 0, through: newest)
        let wasGranted = older.contains {
            $0.generation == route.generation && route.isGranted(by: $0)
        }
        let since = overdue[route.rollout] ?? look.at
        if wasGranted, look.wasAway || overdue[route.rollout] != nil,
            look.at - since < Self.patience
        {
            overdue[route.rollout] = since
            found.withLock { $0.overdue += 1 }
            return
        }
        // Told once, unless something else is served later.
        overdue[route.rollout] = nil
        let grants = states.map { $0.routes[route.region]?.spoken ?? "nothing" }
        violations.note(
            "1 EXPOSE",
            "\(route.region) serves \(route.rollout) \(route.spoken), and the remote grants "
                + grants.joined(separator: " or "))
    }
}

extension Route {
    /// Whether a recorded state gives the candidate this much here.
    fileprivate func isGranted(by state: RolloutState) -> Bool {
        guard let grant = state.routes[region] else { return false }
        // A candidate that became stable is granted everything.
        if candidate == grant.stable, generation < grant.generation { return true }
        // Another stable version with the newest generation is something that nobody recorded.
        let knowsStable = stable == grant.stable || generation < grant.generation
        return !exposes(moreThan: grant) && knowsStable
    }
}
