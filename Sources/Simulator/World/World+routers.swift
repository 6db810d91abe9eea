import RolloutCore
import Synchronization

// What happens to gateways, and what somebody does at them behind everybody's back.
extension World {
    func breakRouter(_ event: WorldEvent) {
        switch event {
        case .routerDown(let place, let seconds):
            mark("D1")
            let region = region(place)
            routers.change(region) { $0.isUnreachable = true }
            later(seconds) { [routers] in routers.change(region) { $0.isUnreachable = false } }
        case .routerLosesAnswers(let place, let percent, let seconds):
            mark("D2")
            let region = region(place)
            routers.change(region) { $0.lostAnswers = percent }
            later(seconds) { [routers] in routers.change(region) { $0.lostAnswers = 0 } }
        case .routerIsSlow(let place, let milliseconds, let seconds):
            mark("D3")
            let region = region(place)
            routers.change(region) { $0.slowness = milliseconds }
            later(seconds) { [routers] in routers.change(region) { $0.slowness = 20 } }
        case .routerIsDeaf(let place, let seconds):
            mark("D1 deaf")
            let region = region(place)
            routers.change(region) { $0.isDeaf = true }
            later(seconds) { [routers] in routers.change(region) { $0.isDeaf = false } }
        case .routerForgets(let place):
            mark("D4")
            let region = region(place)
            for name in plan.rollouts.map(\.name) {
                routers.set(nil, for: name, in: region, by: .stranger)
            }
        case .routerReloads(let place):
            mark("D4")
            for name in plan.rollouts.map(\.name) {
                guard let old = witness.earlierRoute(name, in: region(place)) else { continue }
                routers.set(old, for: name, in: region(place), by: .stranger)
            }
        case .strangerRaises(let place, let where_):
            drift(place, where_, hazard: "D7") { ($0.generation, $0.share.basisPoints + 3_000) }
        case .strangerLowers(let place, let where_):
            drift(place, where_, hazard: "D8") { ($0.generation, $0.share.basisPoints / 20) }
        case .strangerClaims(let place, let where_):
            drift(place, where_, hazard: "D7 claimed") {
                ($0.generation + 1_000, $0.share.basisPoints)
            }
        default: break
        }
    }

    private func drift(
        _ rollout: Int, _ place: Int, hazard: String,
        _ change: (Route) -> (generation: Int, share: Int)
    ) {
        let name = plan(of: rollout).name
        guard let route = routers.served(name, in: region(place)), route.candidate != nil
        else { return }
        let (generation, share) = change(route)
        mark(hazard)
        routers.set(
            Route(
                rollout: route.rollout, region: route.region, generation: generation,
                run: route.run, salt: route.salt, stickyBy: route.stickyBy, stable: route.stable,
                candidate: route.candidate, share: Share(clamping: share), mirror: route.mirror,
                fallback: route.fallback), for: name, in: region(place), by: .stranger)
    }

    func region(_ place: Int) -> RegionName { Names.regions[place % Names.regions.count] }
}
