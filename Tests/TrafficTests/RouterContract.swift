import AsyncHTTPClient
import Gateway
import Logging
import NIOPosix
import RolloutCore
import Secrets
import Testing
import Traffic

/// Runs a body against a router of one kind, in front of a gateway of region `eu-west`.
enum RouterUnderTest: CaseIterable {
    case embedded, admin

    func with(_ body: (any TrafficRouter, GatewayServer) async throws -> Void) async throws {
        let gateway = try GatewayServer(
            .init(region: RegionName("eu-west"), port: 0, adminPort: 0, adminToken: "secret"),
            sink: ClosureSink { _ in },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await gateway.start()
        switch self {
        case .embedded:
            try await body(
                EmbeddedGatewayRouter(tables: [gateway.table.region: .init(gateway.table)]), gateway
            )
            await gateway.shutdown()
        case .admin:
            let url = "http://127.0.0.1:\(gateway.adminPort ?? 0)"
            try await withClient { client in
                let router = GatewayAdminRouter(
                    sites: [gateway.table.region: .init(url: url, token: "secret")], client: client)
                try await body(router, gateway)
                await gateway.shutdown()
            }
        }
    }
}

func withClient(_ body: (HTTPClient) async throws -> Void) async throws {
    let client = HTTPClient(
        eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
        configuration: GatewayAdminRouter.clientConfiguration)
    do {
        try await body(client)
    } catch {
        try? await client.shutdown()
        throw error
    }
    try await client.shutdown()
}

extension EmbeddedGatewayRouter.Table {
    init(_ table: RouteTable) {
        self.init(
            read: { table.contents.routes },
            apply: { route, onlyLowering in
                do throws(RouteRefusal) {
                    return .success(try await table.apply(route, onlyLowering: onlyLowering))
                } catch {
                    return .failure(RouterFailure(error))
                }
            },
            withdraw: { rollout, generation in
                do throws(RouteRefusal) {
                    return .success(try await table.withdraw(rollout, generation: generation))
                } catch {
                    return .failure(RouterFailure(error))
                }
            })
    }
}

extension RouterFailure {
    init(_ refusal: RouteRefusal) {
        switch refusal {
        case .stale(let current, _): self = .refusedStale(current: current)
        case .raises(let current): self = .refusedRaise(current: current)
        case .invalid(let message): self = .rejected(message)
        case .unsaved(let message): self = .unreachable(message)
        }
    }
}

func route(
    _ name: String = "m", generation: Int, share: Int = 0, region: String = "eu-west",
    endpoint: String = "http://127.0.0.1:9", candidate: String = "2.0", mirror: Int = 0
) throws -> Route {
    func backend(_ version: String, _ digit: String) throws -> Route.Backend {
        let digest = try #require(Digest(hex: String(repeating: digit, count: 64)))
        return Route.Backend(
            reference: VersionReference(version: try VersionName(version), digest: digest),
            endpoint: endpoint)
    }
    return Route(
        rollout: try RolloutName(name), region: try RegionName(region), generation: generation,
        run: RunID(rollout: try RolloutName(name), firstDecision: 1), salt: "salt",
        stickyBy: .header("x-user"), stable: try backend("1.0", "a"),
        candidate: try backend(candidate, "b"), share: Share(clamping: share),
        mirror: Share(clamping: mirror), fallback: nil)
}
