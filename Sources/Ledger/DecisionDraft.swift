package import RolloutCore
import RolloutFiles

/// A decision that has been made and is not in git yet.
package struct DecisionDraft: Codable, Sendable, Hashable {
    package let id: String
    package let action: Action
    package let reason: String
    package let input: DecisionInput
    package let verdicts: [GuardrailVerdict]
    package let quorum: Quorum?
    package let inputsCommit: String
    package let confirms: Confirmation?
    package var readBack: [RegionName: RouteReadBack]?
    package var late: String?

    package init(
        id: String, action: Action, reason: String, input: DecisionInput,
        verdicts: [GuardrailVerdict], inputsCommit: String, quorum: Quorum? = nil,
        confirms: Confirmation? = nil
    ) {
        self.id = id
        self.action = action
        self.reason = reason
        self.input = input
        self.verdicts = verdicts
        self.inputsCommit = inputsCommit
        self.quorum = quorum
        self.confirms = confirms
    }

    package var rollout: RolloutName { input.state.name }

    /// The state after this decision, if it is the next one.
    package var stateAfter: RolloutState {
        input.state.after(action, number: input.state.decisions + 1, at: input.now)
    }

    /// What this decision has become now that other decisions came before it.
    ///
    /// A backward step was taken: it is a fact, and is recorded on whatever the state is now. If the
    /// candidate has meanwhile become stable, what was taken back is stable.
    /// - Returns: `nil` when the newer state says it already.
    package func rebased(onto state: RolloutState) -> Action? {
        if state == input.state { return action }
        guard let run = input.state.run else {
            if case .revert(let target, _) = action, state.stable == target { return nil }
            return action
        }
        if state.run?.id == run.id { return action }
        guard state.run == nil, state.stable == run.candidate, let home = input.state.stable,
            case .rollBack(let cause) = action
        else { return nil }
        return .revert(to: home, cause)
    }

    /// The record of this decision as the next one of `state`.
    func record(
        as action: Action, onto current: CurrentState, writer: RecordWriter
    ) throws(CanonicalJSONError) -> (record: DecisionRecord, current: RolloutState) {
        let number = current.state.decisions + 1
        // Recorded times of one rollout never fall, whatever the clocks did.
        let at = max(input.now, current.state.decidedAt ?? input.now)
        let next = current.state.after(action, number: number, at: at)
        let record = DecisionRecord(
            schema: DecisionRecord.schemaNow, id: id, number: number, previous: current.head,
            rollout: rollout, at: at, kind: action.kind, action: action, reason: reason,
            input: input, verdicts: verdicts, quorum: quorum,
            change: RecordedChange(from: current.state, to: next),
            after: try RecordFile.digest(of: next), inputsCommit: inputsCommit, writer: writer,
            confirms: confirmation(of: current.state, until: at), readBack: readBack, late: late)
        return (record, next)
    }

    /// What is told of the decision that the record now follows. One that was put between tells of
    /// what came before it itself.
    private func confirmation(of state: RolloutState, until at: Timestamp) -> Confirmation? {
        guard let confirms, confirms.decision == state.decisions else { return nil }
        return confirms.within(state.decidedAt ?? at, at)
    }
}
