import Ledger
import RolloutCore
import Traffic

// Which router serves a rollout. The spec names it, and a run stays where it began.
extension Reconciler {
    static let noRouter = "no router is known for it: gatewright.yaml has none of its name"

    func router(of name: RolloutName) -> (any TrafficRouter)? {
        routerName(of: name).flatMap { routers[$0] }
    }

    /// The router in force; with one router and no readable spec, that one, because a rollback must
    /// not need the spec.
    func routerName(of name: RolloutName) -> RouterName? {
        rollouts[name]?.router ?? (routers.count == 1 ? routers.keys.first : nil)
    }

    /// Follows the spec to another router once nothing of a candidate is left at this one (D16): at
    /// the new one nobody would take back what the old one still serves.
    func chooseRouter(of name: RolloutName) async {
        guard let live = rollouts[name] else { return }
        let named = live.requested?.router
        guard let present = live.router else {
            let chosen = await routerOfRun(live, named) ?? named
            // Another pass may have chosen meanwhile.
            if rollouts[name]?.router == nil { rollouts[name]?.router = chosen }
            return
        }
        guard let named, named != present, live.effective.run == nil, live.taken.isEmpty else {
            return
        }
        let isLeft = live.effective.regions.allSatisfy { region in
            switch live.found[region] {
            case .serving(let route): route.candidate == nil
            case .nothing: true
            case .unknown, nil: false
            }
        }
        guard isLeft || routers[present] == nil else { return }
        rollouts[name]?.router = named
        rollouts[name]?.found = [:]
    }

    /// After a start only git knows where a run began. With one router there is nothing to ask.
    private func routerOfRun(_ live: LiveRollout, _ named: RouterName?) async -> RouterName? {
        if routers.count == 1, named.map({ routers[$0] != nil }) ?? true { return named }
        guard let run = live.effective.run ?? live.taken.first?.input.state.run,
            let commit = snapshot?.commit
        else { return nil }
        return try? await ledger.router(of: run.id, at: commit)
    }

    /// Why nothing is raised while the spec names another router than the run's.
    func routerTrouble(_ live: LiveRollout) -> String? {
        guard let run = live.effective.run, let named = live.requested?.router,
            let present = live.router, named != present
        else { return nil }
        return "its router is to be \(named), and \(run.candidate.reference.version) is on its way "
            + "at \(present): name \(present) again, or abort it"
    }
}
