import Git
import Ledger
import RolloutCore

// Rollouts that share something, one of which at a time may have a candidate on its way.
extension Witness {
    /// Nobody else of the group was on its way in the history that a start goes on from.
    func checkGroup(_ accepted: Accepted) {
        for other in rivals(of: accepted.record.rollout) {
            let newest = self.accepted(other).last { precedes($0, accepted) }
            guard let run = newest?.after.state.run else { continue }
            fail(.mutex, "\(accepted.record.id) starts while \(run.id) is on its way")
        }
    }

    /// Whether another one of the group had its turn before.
    func hadRival(_ accepted: Accepted) -> Bool {
        rivals(of: accepted.record.rollout).contains { other in
            self.accepted(other).contains { $0.after.state.run != nil }
        }
    }

    /// Whether a rollout that has come to no end may wait for another one, which waits for people.
    func waitsForRival(_ name: RolloutName, _ tip: ObjectID) async -> Bool {
        for other in rivals(of: name) {
            let state = try? await people.ledger.currentState(of: other, at: tip).state
            if state?.run != nil { return true }
        }
        return false
    }

    private func rivals(of name: RolloutName) -> [RolloutName] {
        let group = plan.rollouts.filter(\.isInGroup).map(\.name)
        return group.contains(name) ? group.filter { $0 != name } : []
    }
}
