import Ledger
import RolloutCore

/// One recorded decision, as it would be with other guardrails in force.
struct ReplayedDecision {
    let record: DecisionRecord
    /// `nil` for holds and for what lifts them: other guardrails would not have held there.
    let action: Action?
    /// After this decision. Its generations are those of the recorded answers.
    let state: RolloutState

    /// Folds all decisions of a rollout again, with these guardrails in place of the recorded ones.
    static func all(
        _ records: [DecisionRecord], of rollout: RolloutName, guardrails: [GuardrailSet]
    ) -> [ReplayedDecision] {
        var state = RolloutState(name: rollout)
        return records.map { record in
            let action = replayed(record.action, guardrails)
            if let action { state = state.after(action, number: record.number, at: record.at) }
            return ReplayedDecision(record: record, action: action, state: state)
        }
    }

    private static func replayed(_ action: Action, _ guardrails: [GuardrailSet]) -> Action? {
        switch action {
        case .start(let start):
            .start(
                Action.Start(
                    Ask(
                        candidate: start.candidate, bootstrap: nil, fallback: start.fallback,
                        stickyBy: start.stickyBy, onNewVersion: .queue, plan: start.plan,
                        guardrails: guardrails, specDigest: start.specDigest,
                        policyDigest: start.policyDigest)))
        // The same routes, without the hold that comes with it.
        case .stepBack(let step, _): .advance(step: step)
        case .hold, .resume: nil
        case .bootstrap, .advance, .complete, .rollBack, .revert, .correct, .refuse: action
        }
    }

    /// Whether a person let the candidate go on without waiting for proof.
    func isOrdered(_ run: Run) -> Bool {
        record.input.orders.contains { order in
            guard case .promote(let id, let step) = order.action else { return false }
            return id == run.id && step == run.step
        }
    }
}

/// What the record says became of a candidate.
enum RecordedEnd: Hashable {
    case completed
    /// It was stable for a while.
    case revoked(reason: String)
    case rolledBack(guardrail: GuardrailName?, reason: String)
    case aborted(reason: String)
    /// Another version or plan was asked for, which says nothing of this one.
    case replaced
    case onItsWay

    init(_ cause: Cause) {
        switch cause {
        case .breach(let guardrail, let summary):
            self = .rolledBack(guardrail: guardrail, reason: summary)
        case .silent(_, let summary): self = .rolledBack(guardrail: nil, reason: summary)
        case .ordered(_, _, let summary): self = .aborted(reason: summary)
        // A window that closed says nothing of the candidate either.
        case .superseded, .withdrawn, .windowClosed: self = .replaced
        }
    }

    /// `nil` where the record does not tell.
    var isGood: Bool? {
        switch self {
        case .completed: true
        case .revoked, .rolledBack, .aborted: false
        case .replaced, .onItsWay: nil
        }
    }

    var word: String {
        switch self {
        case .completed: "completed"
        case .revoked: "revoked"
        case .rolledBack: "rolled-back"
        case .aborted: "aborted"
        case .replaced: "replaced"
        case .onItsWay: "on-its-way"
        }
    }

    var spoken: String {
        switch self {
        case .completed, .aborted, .replaced: word
        case .revoked: "taken back when stable"
        case .rolledBack(let guardrail?, _): "rolled back: \(guardrail)"
        case .rolledBack: "rolled back: silent"
        case .onItsWay: "on its way"
        }
    }
}
