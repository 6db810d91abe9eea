/// How the promised error rates are shared out over everything that can raise an alarm.
///
/// Rollback: Bonferroni over guardrails, stages and slices, so that the promise holds over the
/// whole run for any dependence between them. Promotion: an intersection of proofs, each at its own
/// level (statistics.md, multiplicity; Berger 1982 for intersection-union tests).
package enum ErrorBudget {
    /// The probability of proving a guardrail that is violated.
    package static let promotionLevel = 0.05

    /// The level of one e-process of this guardrail.
    package static func rollbackLevel(
        of guardrail: GuardrailSpec, in set: GuardrailSet, plan: Plan
    ) -> Double {
        let units = set.guardrails.reduce(0) { $0 + alarms(of: $1, plan: plan) }
        return set.falseRollbackRate.value / Double(max(units, 1))
    }

    /// How many e-processes of this guardrail can end the run.
    private static func alarms(of guardrail: GuardrailSpec, plan: Plan) -> Int {
        guard !guardrail.dryRun else { return 0 }
        let stages = StageKind.allCases.count { plan.covers($0) && guardrail.applies(in: $0) }
        let slices = guardrail.slices.contains(.region) ? 1 + plan.regions.count : 1
        return stages * slices
    }
}

extension GuardrailSpec {
    /// Whether the metric can be seen in a stage, and the policy asks for it there.
    package func applies(in stage: StageKind) -> Bool {
        if let stages, !stages.contains(stage) { return false }
        switch metric {
        // Only mirrored requests have two answers.
        case .agreement: return stage == .shadow
        // Nobody acts on a mirrored answer, so there is nothing to measure.
        case .measurement: if stage == .shadow { return false }
        // A split needs two arms that are served.
        case .sampleRatio: return stage == .canary || stage == .gradual
        default: break
        }
        // Stable is served beside the candidate in canary and gradual only. At full nothing is left
        // to compare with: the proof is from gradual.
        return !criterion.comparesToStable || stage == .canary || stage == .gradual
    }

    /// Whether the candidate leaves the last stage that this guardrail covers after `stage`.
    ///
    /// What is not proven there is never proven, so leaving needs a proof and not only no breach.
    package func isLastSeen(in stage: StageKind, of plan: Plan) -> Bool {
        let later = StageKind.allCases.drop { $0 != stage }.dropFirst()
        return !later.contains { plan.covers($0) && $0 != .full && applies(in: $0) }
    }
}
