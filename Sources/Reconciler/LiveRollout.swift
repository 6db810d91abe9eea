import Ledger
import RolloutCore

/// What the controller knows of one rollout between two passes.
struct LiveRollout {
    /// The fold of what is in git.
    var recorded: RolloutState
    var damaged: String?
    var requested: RequestedRollout?
    /// The router in force: the one that was named last, because a spec that broke or went names
    /// none, and during a run the one that it began at.
    var router: RouterName?
    /// Backward steps that were taken and are not in git yet, oldest first.
    var taken: [DecisionDraft] = []
    /// Where the run comes from, once somebody has to agree to its next step.
    var origin: RunOrigin?
    /// When approvals were first seen, so that a look needs no disk.
    var firstSeen: [Digest: Timestamp] = [:]
    /// What became of the newest decision, for the next record to tell.
    var confirmation: Confirmation?
    /// When a router was last read back.
    var appliedAt: Timestamp?
    /// What each router said last.
    var found: [RegionName: RouteReadBack] = [:]
    /// How long the present step has been watched.
    var watch: Reconciler.StepWatch?
    /// Generations of routers ahead of the record: one that git is asked about, and the newest that
    /// it was asked about.
    var askingAbout: Int?
    var askedAbout = 0
    /// A forward record that is on its way; it is only a wish until it is acknowledged.
    var isRecording = false
    var isPassing = false
    /// Attempts at a record that failed one after another, and the steady time of the next one: the
    /// wall clock may be set back by a day.
    var failures = 0
    var retryAt: Int64?
    var trouble: String?
    /// Why the evidence could not be opened; it is tried again at each look.
    var unread: String?
    var last: (decision: Decision, why: Explanation)?

    init(_ state: RolloutState) { recorded = state }

    /// The state with the backward steps that git has not heard of.
    var effective: RolloutState {
        taken.reduce(recorded) { state, draft in
            guard let action = draft.rebased(onto: state) else { return state }
            return state.after(action, number: state.decisions + 1, at: draft.input.now)
        }
    }
}
