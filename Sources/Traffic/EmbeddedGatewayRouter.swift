package import RolloutCore

/// Routes through gateways that run in this process, one a region.
///
/// It knows their tables as closures, so that this module need not know the gateway.
package struct EmbeddedGatewayRouter: TrafficRouter {
    /// The route table of one gateway.
    package struct Table: Sendable {
        package typealias Read = @Sendable () async -> [RolloutName: Route]
        package typealias Apply =
            @Sendable (Route, _ onlyLowering: Bool) async -> Result<Route, RouterFailure>
        package typealias Withdraw =
            @Sendable (RolloutName, _ generation: Int) async -> Result<Void, RouterFailure>

        let read: Read
        let apply: Apply
        let withdraw: Withdraw

        package init(
            read: @escaping Read, apply: @escaping Apply, withdraw: @escaping Withdraw
        ) {
            self.read = read
            self.apply = apply
            self.withdraw = withdraw
        }
    }

    private let tables: [RegionName: Table]

    package init(tables: [RegionName: Table]) { self.tables = tables }

    package func readBack(
        _ rollout: RolloutName, in region: RegionName
    ) async -> RouteReadBack {
        await readBackAll(in: region).readBack(rollout)
    }

    package func readBackAll(in region: RegionName) async -> RegionReadBack {
        guard let table = tables[region] else { return .unknown(reason: unknown(region)) }
        return .serving(await table.read())
    }

    package func apply(
        _ route: Route, onlyLowering: Bool
    ) async throws(RouterFailure) -> Route {
        guard let table = tables[route.region] else { throw .rejected(unknown(route.region)) }
        return try await table.apply(route, onlyLowering).get()
    }

    package func withdraw(
        _ rollout: RolloutName, from region: RegionName, generation: Int
    ) async throws(RouterFailure) {
        guard let table = tables[region] else { throw .rejected(unknown(region)) }
        try await table.withdraw(rollout, generation).get()
    }

    private func unknown(_ region: RegionName) -> String {
        let known = tables.keys.sorted().map(\.rawValue).joined(separator: ", ")
        return "no embedded gateway serves region \(region); there are \(known)"
    }
}
