import Foundation
import Gateway
import RolloutCore
import Synchronization

/// Looks all the time whether a gateway gives a candidate more than the remote's newest record
/// grants (invariants 1, 3 and 9).
///
/// The gateway is read first, then the remote, then the gateway again. If it did not change
/// meanwhile, it served that route at the moment in which the remote was read, and a record comes
/// before a raise and after a lowering: so the record must grant it. If it changed, the route has
/// to be granted by what the remote said before or says now.
final class ExposureWatch: Sendable {
    struct Findings {
        var violations: [String] = []
        var changes = 0
        var missed = 0
        /// Routes in the order in which a gateway began to serve them.
        var served: [RegionName: [Route]] = [:]
    }

    private let gateways: [GatewayServer]
    private let remote: Remote
    private let found = Mutex(Findings())
    private let work = Mutex<Task<Void, any Error>?>(nil)

    init(gateways: [GatewayServer], remote: Remote) {
        self.gateways = gateways
        self.remote = remote
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

    var findings: Findings { found.withLock { $0 } }

    private func run() async throws {
        var versions: [RegionName: Int] = [:]
        var granted: [RolloutName: RolloutState] = [:]
        while true {
            for gateway in gateways {
                let contents = gateway.table.contents
                let last = versions[gateway.table.region] ?? 0
                guard contents.version != last else { continue }
                versions[gateway.table.region] = contents.version
                for route in contents.routes.values.sorted(by: { $0.rollout < $1.rollout }) {
                    let before = granted[route.rollout]
                    let now = try await remote.state(of: route.rollout.rawValue)
                    granted[route.rollout] = now
                    let stood = gateway.table.contents.version == contents.version
                    note(route, [now] + (stood ? [] : [before].compactMap(\.self)))
                }
                found.withLock {
                    $0.changes += 1
                    $0.missed += contents.version - last - 1
                }
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private func note(_ route: Route, _ states: [RolloutState]) {
        let isGranted = states.contains { state in
            guard let grant = state.routes[route.region] else { return false }
            // Another stable version with the newest generation is something that nobody recorded.
            let knowsStable = route.stable == grant.stable || route.generation < grant.generation
            return !route.exposes(moreThan: grant) && knowsStable
        }
        found.withLock { found in
            if found.served[route.region]?.last != route {
                found.served[route.region, default: []].append(route)
            }
            guard !isGranted else { return }
            let grants = states.map { $0.routes[route.region]?.spoken ?? "nothing" }
            found.violations.append(
                "\(route.region) serves \(route.spoken), and the remote grants \(grants)")
        }
    }
}
