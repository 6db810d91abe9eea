import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RolloutCore
import Secrets
import Testing

@testable import Gateway

/// A gateway in front of three model servers, for one test.
struct Bench {
    let gateway: GatewayServer
    let caller: Caller
    let stable: ModelServer
    let candidate: ModelServer
    let fallback: ModelServer
    let observed: Observed

    /// What the sink was told.
    final class Observed: Sendable {
        private let box = NIOLockedValueBox<[Prediction]>([])
        func add(_ prediction: Prediction) { box.withLockedValue { $0.append(prediction) } }
        var all: [Prediction] { box.withLockedValue { $0 } }

        /// Waits until so many were told, for two seconds at the most.
        func wait(for count: Int) async throws -> [Prediction] {
            for _ in 0..<400 where all.count < count {
                try await Task.sleep(for: .milliseconds(5))
            }
            return all
        }
    }

    static func run(
        limits: GatewayLimits = .init(), statePath: String? = nil, token: LiveSecret? = nil,
        candidateOn group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        _ test: (Bench) async throws -> Void
    ) async throws {
        let observed = Observed()
        let gateway = try GatewayServer(
            .init(
                region: RegionName("eu-west"), port: 0, adminPort: 0, adminToken: token,
                statePath: statePath, limits: limits), sink: ClosureSink { observed.add($0) },
            logger: quiet)
        try await gateway.start()
        let bench = Bench(
            gateway: gateway, caller: try await Caller(port: gateway.port),
            stable: try await .start(.answer(label: "s", version: "1.0")),
            candidate: try await .start(.answer(label: "c", version: "2.0"), on: group),
            fallback: try await .start(.answer(label: "f", version: "rules-1")), observed: observed)
        do {
            try await test(bench)
        } catch {
            await bench.end()
            throw error
        }
        await bench.end()
    }

    private func end() async {
        await gateway.shutdown()
        for server in [stable, candidate, fallback] { await server.stop() }
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    func route(
        generation: Int = 1, share: Int = 0, mirror: Int = 0, fallback minConfidence: Double? = nil,
        timeout: TimeSpan = TimeSpan(milliseconds: 500), stickyBy: StickyKey = .header("x-user"),
        withCandidate: Bool = true
    ) throws -> Route {
        let fallback = try minConfidence.flatMap(FiniteDouble.init).map {
            Route.Fallback(
                backend: try Self.backend("rules-1", self.fallback.endpoint), minConfidence: $0,
                timeout: timeout)
        }
        return Route(
            rollout: try RolloutName("m"), region: try RegionName("eu-west"),
            generation: generation, run: nil, salt: "m", stickyBy: stickyBy,
            stable: try Self.backend("1.0", stable.endpoint),
            candidate: withCandidate ? try Self.backend("2.0", candidate.endpoint) : nil,
            share: Share(clamping: share), mirror: Share(clamping: mirror), fallback: fallback)
    }

    /// Puts a route in force.
    func serve(_ route: Route) async throws { _ = try await gateway.table.apply(route) }

    static func backend(_ version: String, _ endpoint: String) throws -> Route.Backend {
        let digest = try #require(Digest(hex: String(repeating: "a", count: 64)))
        return Route.Backend(
            reference: VersionReference(version: try VersionName(version), digest: digest),
            endpoint: endpoint)
    }
}

/// A folder that is gone after the test.
func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.path)
}
