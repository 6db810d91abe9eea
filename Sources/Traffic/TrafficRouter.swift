package import RolloutCore

/// What sends live traffic to versions, for all regions that it knows.
///
/// Routes are absolute and carry a generation, so that every call may be repeated and a late one
/// does no harm. The contract suite in `TrafficTests` says what each implementation must do.
package protocol TrafficRouter: Sendable {
    /// What the router serves for a rollout now. Never from memory: it asks.
    func readBack(_ rollout: RolloutName, in region: RegionName) async -> RouteReadBack

    /// What the router serves for all rollouts of a region now.
    func readBackAll(in region: RegionName) async -> RegionReadBack

    /// Asks for a route, and returns what the router says that it serves then.
    ///
    /// After `unreachable` the route may or may not be in force: read it back.
    ///
    /// - Parameter onlyLowering: the router itself refuses what would give the candidate more than
    ///   it serves at that moment (`Route.isRaised`). To ask first and write then is not the same:
    ///   somebody else may have lowered it in between. What was decided before this route is refused
    ///   from then on, as if the router had taken it (`Route.fence`): it may be on its way still.
    func apply(_ route: Route, onlyLowering: Bool) async throws(RouterFailure) -> Route

    /// Takes a rollout out of a region, so that not even stable is served. Repeating it is
    /// harmless.
    func withdraw(
        _ rollout: RolloutName, from region: RegionName, generation: Int
    ) async throws(RouterFailure)
}

extension TrafficRouter {
    package func apply(_ route: Route) async throws(RouterFailure) -> Route {
        try await apply(route, onlyLowering: false)
    }
}

/// What a router says that it serves in one region.
package enum RegionReadBack: Sendable, Hashable {
    case serving([RolloutName: Route])
    /// The router did not answer, or not in a way that can be trusted. Not the same as nothing.
    case unknown(reason: String)

    /// What this says of one rollout.
    package func readBack(_ rollout: RolloutName) -> RouteReadBack {
        switch self {
        case .serving(let routes): routes[rollout].map(RouteReadBack.serving) ?? .nothing
        case .unknown(let reason): .unknown(reason: reason)
        }
    }
}

/// Why a router did not take a route, by what the caller does next.
package enum RouterFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The router has seen a newer decision; read and decide again. `current` is `nil` when the
    /// rollout was withdrawn there.
    case refusedStale(current: Route?)
    /// It was to raise nobody, and the router serves the candidate less, or nothing at all.
    case refusedRaise(current: Route?)
    /// Nobody knows whether it was taken; read back, then ask again.
    case unreachable(String)
    /// Asking again will not help; a person must act.
    case rejected(String)

    package var description: String {
        switch self {
        case .refusedStale(let current?):
            "the router serves generation \(current.generation) of \(current.rollout) in "
                + "\(current.region), which is newer"
        case .refusedStale(nil): "the router has withdrawn the rollout at a newer generation"
        case .refusedRaise(let current?):
            "the router serves \(current.rollout) less in \(current.region): \(current.spoken)"
        case .refusedRaise(nil): "the router serves nothing of the rollout"
        case .unreachable(let message): "the router did not answer: \(message)"
        case .rejected(let message): "the router rejects this: \(message)"
        }
    }
}
