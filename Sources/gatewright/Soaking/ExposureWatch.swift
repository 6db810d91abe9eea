import Foundation
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

    /// What was last seen of one gateway.
    private struct Seen {
        var version: Int?
        var revision = -1
        var overdueSince: [RolloutName: ContinuousClock.Instant] = [:]
    }

    private let gateways: [WatchedGateway]
    private let chain: RecordChain
    private let violations: ViolationLog
    private let interval: Duration
    private let recorded: @Sendable (RecordChain.Entry) -> Void
    private let found = Mutex(Findings())
    private let work = Mutex<Task<Void, any Error>?>(nil)

    /// A controller has to bring a gateway that is back to the newest record within this time,
    /// whatever happens to the controller meanwhile.
    private static let patience = Duration.seconds(30)
    /// The remote is looked at this often although no gateway has changed.
    private static let remoteInterval = Duration.milliseconds(20)

    /// - Parameter recorded: told of each new record.
    init(
        gateways: [WatchedGateway], remote: BareRemote, violations: ViolationLog,
        interval: Duration, recorded: @escaping @Sendable (RecordChain.Entry) -> Void = { _ in }
    ) {
        self.gateways = gateways
        self.violations = violations
        self.interval = interval
        self.recorded = recorded
        chain = RecordChain(remote, violations: violations)
    }

    func start() {
        let task = Task { try await run() }
        work.withLock { $0 = task }
    }

    func cancel() { work.withLock { $0?.cancel() } }

    /// - Throws: when a look was not possible; then nothing is proven.
    func stop() async throws -> Findings {
        let task = work.withLock { $0 }
        task?.cancel()
        do { try await task?.value } catch is CancellationError {}
        return findings
    }

    /// Ends the looks for good, with what was found so far kept for `stop`.
    func pause() async throws { _ = try await stop() }

    var findings: Findings {
        var findings = found.withLock { $0 }
        findings.violations = violations.all
        return findings
    }

    private func run() async throws {
        var seen: [RegionName: Seen] = [:]
        var remoteReadAt = ContinuousClock.now - Self.remoteInterval
        while true {
            for gateway in gateways {
                var last = seen[gateway.region] ?? Seen()
                let counts = await chain.counts
                guard let table = await gateway.table() else { continue }
                let isNew = last.version != table.version
                if isNew || ContinuousClock.now - remoteReadAt >= Self.remoteInterval {
                    remoteReadAt = .now
                    for entry in try await chain.follow() { recorded(entry) }
                }
                let revision = await chain.revision
                guard isNew || last.revision != revision || !last.overdueSince.isEmpty else {
                    continue
                }
                let stood = await gateway.table()?.version == table.version
                for route in table.routes.sorted(by: { $0.rollout < $1.rollout }) {
                    await check(
                        route, of: gateway, since: stood ? .max : counts[route.rollout] ?? 0,
                        &last)
                }
                if isNew { count(table.version, after: last.version) }
                (last.version, last.revision) = (table.version, revision)
                seen[gateway.region] = last
            }
            try await Task.sleep(for: interval)
        }
    }

    private func count(_ version: Int, after last: Int?) {
        found.withLock { found in
            found.changes += 1
            found.missed += max(0, version - (last ?? 0) - 1)
        }
    }

    private func check(
        _ route: Route, of gateway: WatchedGateway, since number: Int, _ seen: inout Seen
    ) async {
        found.withLock { found in
            if found.served[route.region]?.last != route {
                found.served[route.region, default: []].append(route)
            }
        }
        let states = await chain.states(of: route.rollout, since: number)
        guard !states.contains(where: { route.isGranted(by: $0) }) else {
            seen.overdueSince[route.rollout] = nil
            return
        }
        let older = await chain.states(of: route.rollout, since: 0)
        let wasGranted = older.contains {
            $0.generation == route.generation && route.isGranted(by: $0)
        }
        let since = seen.overdueSince[route.rollout] ?? .now
        if wasGranted, gateway.wasAway() || seen.overdueSince[route.rollout] != nil,
            ContinuousClock.now - since < Self.patience
        {
            seen.overdueSince[route.rollout] = since
            found.withLock { $0.overdue += 1 }
            return
        }
        // Told once, unless something else is served later.
        seen.overdueSince[route.rollout] = nil
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
