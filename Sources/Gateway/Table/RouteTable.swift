import NIOConcurrencyHelpers
import NIOPosix
package import RolloutCore

/// Why the table refused a route, by what the caller does next.
package enum RouteRefusal: Error, Hashable, CustomStringConvertible {
    /// A newer decision is in force: `current`, or a withdrawal at `generation`. Read and decide
    /// again.
    case stale(current: Route?, generation: Int)
    /// The route was to raise nobody, and what is served gives the candidate less.
    case raises(current: Route?)
    /// The route can never be served here; the message says why.
    case invalid(String)
    /// The state file could not be written, so a raise was not taken.
    case unsaved(String)

    package var description: String {
        switch self {
        case .stale(let current?, let generation):
            "\(current.rollout) is at generation \(generation) here, with \(current.share) for "
                + "the candidate; a route may replace it with a higher generation, or lower it "
                + "with the same"
        case .stale(nil, let generation):
            "the rollout was withdrawn here at generation \(generation); a route needs a higher one"
        case .raises(let current?):
            "\(current.rollout) gives the candidate less here: \(current.spoken)"
        case .raises(nil): "nothing of the rollout is served here"
        case .invalid(let message), .unsaved(let message): message
        }
    }
}

/// The routes that one gateway serves, swapped as a whole: a request sees one table.
///
/// A raise is saved before it is served. A lowering is served before it is saved, and is served
/// even when it cannot be saved: a full disk must not keep a bad version in traffic.
package final class RouteTable: Sendable {
    package struct Contents: Sendable, Hashable {
        package fileprivate(set) var version = 0
        package fileprivate(set) var routes: [RolloutName: Route] = [:]
        /// The generations at which rollouts were withdrawn; they fence off late writers.
        package fileprivate(set) var withdrawn: [RolloutName: Int] = [:]
        /// Whether the state file says the same.
        package fileprivate(set) var saved = true

        init() {}

        init(version: Int, routes: [RolloutName: Route], withdrawn: [RolloutName: Int]) {
            self.version = version
            self.routes = routes
            self.withdrawn = withdrawn
        }
    }

    /// One table in place of another.
    package struct Change: Sendable {
        package let rollout: RolloutName
        package let before: Route?
        /// `nil` when the rollout was withdrawn.
        package let after: Route?
        package let contents: Contents
    }

    package let region: RegionName
    private let file: RouteTableFile?
    private let routesMax: Int
    private let current: NIOLockedValueBox<(contents: Contents, served: [String: ServedRoute])>
    /// Held from the check of a change until it is saved, so that changes do not interleave.
    private let writing = NIOLock()
    private let changed: @Sendable (Change) -> Void

    /// - Parameter changed: told of each change in turn, once it is in force; no later one begins
    ///   before it returns.
    /// - Throws: `RouteTableDamage` when the file exists and cannot be trusted.
    package init(
        region: RegionName, statePath: String?, routesMax: Int = GatewayLimits().routes,
        changed: @escaping @Sendable (Change) -> Void = { _ in }
    ) throws {
        self.region = region
        self.routesMax = routesMax
        self.changed = changed
        file = statePath.map { RouteTableFile(path: $0, region: region) }
        let contents = try file?.load() ?? Contents()
        current = NIOLockedValueBox((contents, Self.served(contents)))
    }

    package var contents: Contents { current.withLockedValue { $0.contents } }

    package func route(_ rollout: RolloutName) -> Route? {
        current.withLockedValue { $0.contents.routes[rollout] }
    }

    /// For requests: by the name as it stands in the path.
    func served(_ rollout: String) -> ServedRoute? {
        current.withLockedValue { $0.served[rollout] }
    }

    private static func served(_ contents: Contents) -> [String: ServedRoute] {
        var served: [String: ServedRoute] = [:]
        for (name, route) in contents.routes { served[name.rawValue] = ServedRoute(route) }
        return served
    }

    private func swap(to next: Contents, changed rollout: RolloutName) {
        let route = next.routes[rollout].flatMap(ServedRoute.init)
        current.withLockedValue {
            $0.contents = next
            $0.served[rollout.rawValue] = route
        }
    }

    /// Takes a route if it may replace what is served, and returns what is served then.
    ///
    /// - Parameter onlyLowering: refuses a route that gives the candidate more than it has here, and
    ///   refuses whatever was decided before that route from then on (`Route.fence`).
    package func apply(
        _ route: Route, onlyLowering: Bool = false
    ) async throws(RouteRefusal) -> Route {
        try await offLoop { self.applyNow(route, onlyLowering) }
    }

    /// Serves nothing for a rollout any more. Repeating it is harmless.
    package func withdraw(_ rollout: RolloutName, generation: Int) async throws(RouteRefusal) {
        _ = try await offLoop { self.withdrawNow(rollout, generation: generation) }
    }

    /// Writing waits for the disk, so it runs on NIO's blocking pool and never on an event loop.
    private func offLoop<Value: Sendable>(
        _ body: @Sendable @escaping () -> Result<Value, RouteRefusal>
    ) async throws(RouteRefusal) -> Value {
        let result: Result<Value, RouteRefusal>
        do {
            result = try await NIOThreadPool.singleton.runIfActive { body() }
        } catch {
            result = .failure(.unsaved("the gateway is shutting down: \(error)"))
        }
        return try result.get()
    }

    private func applyNow(_ route: Route, _ onlyLowering: Bool) -> Result<Route, RouteRefusal> {
        writing.withLock {
            var next = contents
            if let problem = problem(of: route, in: next) { return .failure(.invalid(problem)) }
            if let generation = next.withdrawn[route.rollout], route.generation <= generation {
                return .failure(.stale(current: nil, generation: generation))
            }
            let served = next.routes[route.rollout]
            if let served {
                guard route.mayReplace(served) else {
                    return .failure(.stale(current: served, generation: served.generation))
                }
                if route == served, next.saved { return .success(route) }
            }
            if onlyLowering, route.isRaised(from: served) {
                guard let fence = served.flatMap(route.fence) else {
                    return .failure(.raises(current: served))
                }
                next.routes[route.rollout] = fence
                return change(to: next, of: route.rollout, lowers: true).flatMap {
                    .failure(.raises(current: fence))
                }
            }
            next.routes[route.rollout] = route
            next.withdrawn[route.rollout] = nil
            return change(
                to: next, of: route.rollout, lowers: served.map(route.lowersOrKeeps) ?? false
            ).map { route }
        }
    }

    private func withdrawNow(_ rollout: RolloutName, generation: Int) -> Result<Void, RouteRefusal>
    {
        writing.withLock {
            var next = contents
            if let served = next.routes[rollout], generation < served.generation {
                return .failure(.stale(current: served, generation: served.generation))
            }
            if let earlier = next.withdrawn[rollout] {
                guard generation >= earlier else {
                    return .failure(.stale(current: nil, generation: earlier))
                }
                if generation == earlier, next.saved { return .success(()) }
            }
            guard next.withdrawn[rollout] != nil || next.withdrawn.count < routesMax else {
                return .failure(.invalid("the gateway remembers \(routesMax) withdrawals at most"))
            }
            next.routes[rollout] = nil
            next.withdrawn[rollout] = generation
            return change(to: next, of: rollout, lowers: true)
        }
    }

    private func change(
        to next: Contents, of rollout: RolloutName, lowers: Bool
    ) -> Result<Void, RouteRefusal> {
        let before = contents.routes[rollout]
        var next = next
        next.version &+= 1
        next.saved = true
        if lowers { swap(to: next, changed: rollout) }
        do {
            try file?.save(next)
        } catch {
            next.saved = false
            guard lowers else { return .failure(.unsaved("\(error)")) }
        }
        swap(to: next, changed: rollout)
        changed(
            Change(
                rollout: rollout, before: before, after: next.routes[rollout], contents: next))
        return .success(())
    }

    private func problem(of route: Route, in contents: Contents) -> String? {
        if route.region != region {
            return "the route is for region \(route.region) and this gateway serves \(region)"
        }
        if route.candidate == nil, route.share > .zero || route.mirror > .zero {
            return "the route gives \(route.share) of traffic and \(route.mirror) of copies to a "
                + "candidate that it does not name"
        }
        let backends = [route.stable, route.candidate, route.fallback?.backend].compactMap(\.self)
        for backend in backends where Endpoint(backend.endpoint) == nil {
            return "\"\(backend.endpoint)\" is not an endpoint; write http://host:port"
        }
        if contents.routes[route.rollout] == nil, contents.routes.count >= routesMax {
            return "the gateway serves \(routesMax) rollouts at most"
        }
        return nil
    }
}

extension Route {
    /// Whether nobody who is served by stable now could meet the candidate after this change.
    fileprivate func lowersOrKeeps(_ served: Route) -> Bool {
        under(served.generation).mayReplace(served)
    }
}
