/// What a person tells the controller to do with one rollout: `rollouts/NAME/orders/*.yaml`.
///
/// An order names what it acts on, so it cannot fire a second time: an abort of a rollout that has
/// ended, or a promotion past a step that is over, has no effect.
package struct Order: Codable, Sendable, Hashable {
    /// The file name without ending; unique within the rollout.
    package let name: String
    package let action: Action
    package let by: String
    package let reason: String

    package init(name: String, action: Action, by: String, reason: String) {
        self.name = name
        self.action = action
        self.by = by
        self.reason = reason
    }

    package enum Action: Codable, Sendable, Hashable {
        /// Nothing is raised while the order is there and has not expired.
        case hold(expires: Timestamp?)
        /// Lifts the hold that a breach caused, recorded as this decision.
        case resume(decision: Int)
        /// The candidate of this rollout run goes to zero.
        case abort(run: RunID)
        /// Stable goes back to the last good version before `from`.
        case rollback(from: VersionReference)
        /// This run leaves this step without waiting for soak or proof.
        case promote(run: RunID, step: Int)
        /// A digest refused since this decision may be tried again.
        case release(version: VersionReference, decision: Int)

        /// As it is written in the file.
        package var verb: String {
            switch self {
            case .hold: "hold"
            case .resume: "resume"
            case .abort: "abort"
            case .rollback: "rollback"
            case .promote: "promote"
            case .release: "release"
            }
        }
    }
}

/// One journey of one candidate: `compression-selector-12`, where 12 is its first decision.
package struct RunID: Codable, Sendable, Hashable, CustomStringConvertible {
    package let rollout: RolloutName
    package let firstDecision: Int

    package init(rollout: RolloutName, firstDecision: Int) {
        self.rollout = rollout
        self.firstDecision = firstDecision
    }

    package var description: String { "\(rollout)-\(firstDecision)" }
}
