import Ledger
import RolloutCore

extension Reconciler {
    /// Who else of the conflict group has a candidate, in the order of their names; `nil` unless a
    /// rollout is asked to start one.
    func rivals(of live: LiveRollout) -> [Rival]? {
        let state = live.effective
        guard state.run == nil, case .asked(let ask) = live.requested?.request,
            let group = ask.conflictGroup,
            ask.candidate.reference.digest != state.stable?.reference.digest
        else { return nil }
        return rollouts.filter { $0.key != state.name }.sorted { $0.key < $1.key }
            .compactMap { rival($0.value, in: group) }
    }

    private func rival(_ other: LiveRollout, in group: ConflictGroupName) -> Rival? {
        let state = other.effective
        if let damage = other.damaged { return .unreadable(state.name, damage) }
        if let run = state.run {
            return run.conflictGroup == group ? .onItsWay(state.name, run) : nil
        }
        // What has ended by the record is still there where a router has not heard of it.
        guard case .asked(let ask) = other.requested?.request, ask.conflictGroup == group else {
            return nil
        }
        let unseen = state.routes.keys.sorted().first { region in
            switch other.found[region] {
            case .serving(let route): route.candidate != nil
            case .nothing: false
            case .unknown, nil: true
            }
        }
        return unseen.map { .unseen(state.name, in: $0) }
    }
}
