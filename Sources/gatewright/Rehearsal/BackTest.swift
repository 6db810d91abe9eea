import History
import Ledger
import RolloutCore
import Signals

/// Judges every recorded candidate of a rollout again, with other guardrails, look by look.
///
/// A decision is taken over just before the first fact of its generation: routers heard of it
/// before they served under it.
struct BackTest {
    private(set) var past: [PastCandidate] = []
    /// What the versions of the record did.
    private(set) var profile = RecordedTraffic()
    private var pending: ArraySlice<ReplayedDecision>
    private var state: RolloutState
    private var open: [EvidenceKey: PastCandidate] = [:]
    private var current: EvidenceKey?

    init(_ records: [DecisionRecord], of rollout: RolloutName, guardrails: [GuardrailSet]) {
        pending = ReplayedDecision.all(records, of: rollout, guardrails: guardrails)[...]
        state = RolloutState(name: rollout)
    }

    /// The version that is stable after all decisions so far.
    var stable: VersionReference? { state.stable?.reference }

    /// Facts come in rising order.
    mutating func fold(_ fact: Fact) {
        while let next = pending.first, next.state.generation <= fact.answer.generation {
            pending.removeFirst()
            apply(next)
        }
        profile.fold(fact)
        if let current { open[current]?.fold(fact) }
    }

    /// All facts are in.
    mutating func finish() {
        while let next = pending.popFirst() { apply(next) }
        if let current { open[current]?.close(.onItsWay, at: state.generation + 1) }
        past += open.values
        open = [:]
        past.sort { $0.firstDecision < $1.firstDecision }
    }

    private mutating func apply(_ decision: ReplayedDecision) {
        let before = state
        state = decision.state
        if let current { open[current]?.note(decision) }
        switch decision.action {
        case .start: begin(decision)
        case .advance(let step, let consent):
            guard let current, let run = before.run else { return }
            // People who wait for nothing would not have waited for these guardrails.
            let isWaived = decision.isOrdered(run) || consent?.isHotfix ?? false
            if step > run.step, !isWaived { open[current]?.raise() }
            open[current]?.follow(decision)
        case .complete:
            guard let current, let run = before.run else { return }
            if !decision.isOrdered(run) { open[current]?.raise() }
            end(.completed)
        case .rollBack(let cause): end(RecordedEnd(cause))
        case .revert(_, let cause):
            end(.replaced)
            let digest = before.stable?.reference.digest
            let index = past.lastIndex { $0.candidate.digest == digest && $0.end == .completed }
            if let index { past[index].revoke(cause.summary) }
        case .bootstrap, .correct, .refuse, .hold, .resume, .stepBack, nil: return
        }
    }

    private mutating func begin(_ decision: ReplayedDecision) {
        guard let run = state.run else { return }
        let key = EvidenceKey(run, of: state)
        current = key
        if open[key] == nil {
            open[key] = PastCandidate(run, decision)
        } else {
            open[key]?.follow(decision)
        }
    }

    private mutating func end(_ end: RecordedEnd) {
        guard let key = current else { return }
        current = nil
        open[key]?.close(end, at: state.generation)
        // The same versions may be tried again under another plan; then their evidence goes on.
        if end != .replaced, let closed = open.removeValue(forKey: key) { past.append(closed) }
    }
}
