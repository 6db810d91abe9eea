import RolloutCore
import Synchronization
import Traffic

/// A router in memory that may be away, lie, or be changed by somebody else.
final class FakeRouter: TrafficRouter {
    enum Mood: Sendable {
        case honest
        /// Answers nothing.
        case away
        /// Says that it took a route, and goes on as before.
        case deaf
        /// Takes a route, and says that it did not answer.
        case mumbling
    }

    struct State {
        var mood = Mood.honest
        var routes: [RegionName: Route] = [:]
        var calls: [Route] = []
        var accidents: [RegionName: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())
    /// Looks at the world just before a route is taken.
    private let before: @Sendable (_ asked: Route, _ served: Route?) async -> Void

    init(before: @escaping @Sendable (Route, Route?) async -> Void) { self.before = before }

    func be(_ mood: Mood) { state.withLock { $0.mood = mood } }

    /// What somebody else does behind the controller's back.
    func tamper(_ route: Route) { state.withLock { $0.routes[route.region] = route } }

    /// Something that happens while the next route of a region is on its way.
    func onceBeforeARoute(in region: RegionName, _ accident: @escaping @Sendable () -> Void) {
        state.withLock { $0.accidents[region] = accident }
    }

    func served(in region: RegionName) -> Route? { state.withLock { $0.routes[region] } }

    /// The routes that were asked for, in order.
    var calls: [Route] { state.withLock { $0.calls } }

    func readBack(_ rollout: RolloutName, in region: RegionName) async -> RouteReadBack {
        await readBackAll(in: region).readBack(rollout)
    }

    func readBackAll(in region: RegionName) async -> RegionReadBack {
        state.withLock { state in
            if case .away = state.mood { return .unknown(reason: "no answer") }
            guard let route = state.routes[region] else { return .serving([:]) }
            return .serving([route.rollout: route])
        }
    }

    func apply(
        _ route: Route, onlyLowering: Bool
    ) async throws(RouterFailure) -> Route {
        await before(route, served(in: route.region))
        state.withLock { $0.accidents.removeValue(forKey: route.region) }?()
        return try state.withLock { state throws(RouterFailure) in
            state.calls.append(route)
            if case .away = state.mood { throw .unreachable("no answer") }
            if case .deaf = state.mood { return route }
            if let current = state.routes[route.region], !route.mayReplace(current) {
                throw .refusedStale(current: current)
            }
            if onlyLowering, route.isRaised(from: state.routes[route.region]) {
                if let fence = state.routes[route.region].flatMap(route.fence) {
                    state.routes[route.region] = fence
                }
                throw .refusedRaise(current: state.routes[route.region])
            }
            state.routes[route.region] = route
            if case .mumbling = state.mood { throw .unreachable("time-out") }
            return route
        }
    }

    func withdraw(
        _ rollout: RolloutName, from region: RegionName, generation: Int
    ) async throws(RouterFailure) {
        state.withLock { $0.routes[region] = nil }
    }
}

/// Takes every question, and answers none for as long as a test lasts.
final class HangingRouter: TrafficRouter {
    private let count = Mutex(0)

    var asked: Int { count.withLock { $0 } }

    private func hang() async {
        count.withLock { $0 += 1 }
        try? await Task.sleep(for: .seconds(3_600))
    }

    func readBack(_ rollout: RolloutName, in region: RegionName) async -> RouteReadBack {
        await hang()
        return .unknown(reason: "the test is over")
    }

    func readBackAll(in region: RegionName) async -> RegionReadBack {
        await hang()
        return .unknown(reason: "the test is over")
    }

    func apply(
        _ route: Route, onlyLowering: Bool
    ) async throws(RouterFailure) -> Route {
        await hang()
        throw .unreachable("the test is over")
    }

    func withdraw(
        _ rollout: RolloutName, from region: RegionName, generation: Int
    ) async throws(RouterFailure) { await hang() }
}

extension Route {
    /// The same run, as somebody else would have a region serve it.
    func with(
        _ share: Share, generation: Int, in region: RegionName? = nil, candidate: Backend? = nil
    ) -> Route {
        Route(
            rollout: rollout, region: region ?? self.region, generation: generation, run: run,
            salt: salt, stickyBy: stickyBy, stable: stable, candidate: candidate ?? self.candidate,
            share: share, mirror: .zero, fallback: nil)
    }
}
