import Calibration
package import RolloutCore
import Synchronization
import Traffic

/// The gateways of a world, one a region, and all that they ever served.
package final class SimulatedRouters: Sendable {
    /// A route came into force, or went.
    package struct Change: Sendable, Hashable {
        package let at: Int64
        package let rollout: RolloutName
        package let region: RegionName
        package let before: Route?
        package let after: Route?
        package let by: Writer
    }

    package enum Writer: Sendable, Hashable {
        case controller(Int, life: Int)
        /// Somebody at the gateway itself, or a reload that brings back what was there once.
        case stranger
    }

    package struct Condition: Sendable, Hashable {
        package var isUnreachable = false
        /// Of a hundred calls, those whose answer is lost after they took effect.
        package var lostAnswers = 0
        package var slowness = 20
        /// Says yes to routes, and goes on as before.
        package var isDeaf = false

        package init() {}

        /// Whether no route comes into force.
        var isAway: Bool { isUnreachable || isDeaf }
    }

    private struct State {
        var served: [RegionName: [RolloutName: Route]] = [:]
        var conditions: [RegionName: Condition] = [:]
        var backAt: [RegionName: Int64] = [:]
        var changes: [Change] = []
        var fenced = 0
        var random: SeededRandom
        var observers: [@Sendable (Change) -> Void] = []
    }

    let scheduler: Scheduler
    private let state: Mutex<State>

    init(scheduler: Scheduler, random: SeededRandom) {
        self.scheduler = scheduler
        state = Mutex(State(random: random))
    }

    /// All that ever changed, oldest first.
    var changes: [Change] { state.withLock { $0.changes } }

    package func served(_ rollout: RolloutName, in region: RegionName) -> Route? {
        state.withLock { $0.served[region]?[rollout] }
    }

    package func served(in region: RegionName) -> [RolloutName: Route] {
        state.withLock { $0.served[region] ?? [:] }
    }

    /// Routes that came too late and were refused.
    var fenced: Int { state.withLock { $0.fenced } }

    func condition(of region: RegionName) -> Condition {
        state.withLock { $0.conditions[region] ?? Condition() }
    }

    package func change(_ region: RegionName, _ body: @Sendable (inout Condition) -> Void) {
        state.withLock { state in
            let wasAway = state.conditions[region]?.isAway ?? false
            body(&state.conditions[region, default: Condition()])
            if wasAway, state.conditions[region]?.isAway == false {
                state.backAt[region] = scheduler.now
            }
        }
    }

    /// Since when routes come into force again, where they did not for a while.
    func backAt(_ region: RegionName) -> Int64? { state.withLock { $0.backAt[region] } }

    func observe(_ observer: @escaping @Sendable (Change) -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    /// Puts a route in force, or takes it away, without asking.
    package func set(
        _ route: Route?, for rollout: RolloutName, in region: RegionName, by writer: Writer
    ) {
        let news: (Change, [@Sendable (Change) -> Void])? = state.withLock { state in
            let before = state.served[region]?[rollout]
            guard before != route else { return nil }
            state.served[region, default: [:]][rollout] = route
            let change = Change(
                at: scheduler.now, rollout: rollout, region: region, before: before, after: route,
                by: writer)
            state.changes.append(change)
            return (change, state.observers)
        }
        guard let (change, observers) = news else { return }
        for observer in observers { observer(change) }
    }

    fileprivate func drawPause(_ region: RegionName) -> TimeSpan {
        let slowness = condition(of: region).slowness
        return state.withLock { state in
            TimeSpan(milliseconds: Int64(state.random.within(1...max(1, slowness))))
        }
    }

    fileprivate func countFenced() { state.withLock { $0.fenced += 1 } }

    fileprivate func losesAnswer(_ region: RegionName) -> Bool {
        let percent = condition(of: region).lostAnswers
        return state.withLock { $0.random.happens(percent) }
    }
}

/// The gateways as one life of a controller reaches them.
struct ReachedRouters: TrafficRouter {
    let routers: SimulatedRouters
    let life: Life
    let host: ControllerHost

    func readBack(_ rollout: RolloutName, in region: RegionName) async -> RouteReadBack {
        await readBackAll(in: region).readBack(rollout)
    }

    func readBackAll(in region: RegionName) async -> RegionReadBack {
        do throws(RouterFailure) {
            return try await call(.readRouter, region) { .serving(routers.served(in: region)) }
        } catch {
            return .unknown(reason: error.description)
        }
    }

    func apply(
        _ route: Route, onlyLowering: Bool
    ) async throws(RouterFailure) -> Route {
        try await call(.applyRoute, route.region) {
            if routers.condition(of: route.region).isDeaf { return route }
            let current = routers.served(route.rollout, in: route.region)
            if let current, !route.mayReplace(current) {
                routers.countFenced()
                throw RouterFailure.refusedStale(current: current)
            }
            if onlyLowering, route.isRaised(from: current) {
                let fence = current.flatMap(route.fence)
                if let fence {
                    routers.set(
                        fence, for: route.rollout, in: route.region,
                        by: .controller(life.controller, life: life.number))
                }
                throw RouterFailure.refusedRaise(current: fence ?? current)
            }
            routers.set(
                route, for: route.rollout, in: route.region,
                by: .controller(life.controller, life: life.number))
            return route
        }
    }

    func withdraw(
        _ rollout: RolloutName, from region: RegionName, generation: Int
    ) async throws(RouterFailure) {
        try await call(.applyRoute, region) {
            if routers.condition(of: region).isDeaf { return }
            routers.set(
                nil, for: rollout, in: region,
                by: .controller(life.controller, life: life.number))
        }
    }

    private func call<Value>(
        _ effect: Effect, _ region: RegionName, _ body: () throws -> Value
    ) async throws(RouterFailure) -> Value {
        await routers.scheduler.wait(routers.drawPause(region))
        await host.waitOutPause()
        guard !routers.condition(of: region).isUnreachable,
            !host.partition.regions.contains(region)
        else {
            throw .unreachable("connection refused")
        }
        do {
            let value = try life.attempt(effect, body)
            // The way back takes its time too, and may not lead there.
            await routers.scheduler.wait(routers.drawPause(region))
            await host.waitOutPause()
            if life.isDead || routers.losesAnswer(region) {
                throw RouterFailure.unreachable("lost")
            }
            return value
        } catch let failure as RouterFailure {
            throw failure
        } catch {
            throw .unreachable("\(error)")
        }
    }
}
