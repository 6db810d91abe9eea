/// How the promised error rates are shared out over everything that can raise an alarm.
///
/// Rollback: weighted Bonferroni over guardrails, each with its own running maximum, which holds
/// for any dependence and for labels that come at different times. Looks, stages and slices cost
/// nothing more: evidence goes on over stages, and slices are averaged into one e-process.
/// Promotion: an intersection of proofs, each at its own level (Berger 1982).
package enum ErrorBudget {
    /// The probability of proving a guardrail that is violated.
    package static let promotionLevel = 0.05
    /// The probability of calling a fair split, or even labels, uneven.
    package static let dataLevel = 0.001

    /// One guardrail's part of its set's promise.
    package struct Part: Codable, Sendable, Hashable {
        package let guardrail: GuardrailName
        /// 2 for critical guardrails, 1 for others, 0 for those that cannot raise an alarm.
        package let weight: Int
        /// e-processes that share the part: one on the same requests in shadow, one live.
        package let processes: Int
        package let slices: Int
        /// Of each e-process: it raises an alarm at log E = log(1/level).
        package let level: Double
    }

    /// The parts of a set, in its order; their `level * processes` add up to the promised rate.
    package static func parts(of set: GuardrailSet, plan: Plan) -> [Part] {
        let total = set.guardrails.reduce(0) { $0 + weight(of: $1, plan: plan) }
        return set.guardrails.map { guardrail in
            let weight = weight(of: guardrail, plan: plan)
            let processes = guardrail.processes(in: plan)
            let rate = set.falseRollbackRate.value * Double(weight) / Double(max(total, 1))
            return Part(
                guardrail: guardrail.name, weight: weight, processes: processes,
                slices: guardrail.slices.contains(.region) ? plan.regions.count : 0,
                level: rate / Double(max(processes, 1)))
        }
    }

    /// The level of one e-process of this guardrail.
    package static func rollbackLevel(
        of guardrail: GuardrailSpec, in set: GuardrailSet, plan: Plan
    ) -> Double {
        // One that is only watched is shown at the level that it would have alone.
        let part = parts(of: set, plan: plan).first { $0.guardrail == guardrail.name }
        guard let part, part.weight > 0 else { return set.falseRollbackRate.value }
        return part.level
    }

    private static func weight(of guardrail: GuardrailSpec, plan: Plan) -> Int {
        guard !guardrail.dryRun, guardrail.processes(in: plan) > 0 else { return 0 }
        return guardrail.severity == .critical ? 2 : 1
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
        // Right or wrong on the same requests.
        case .accuracy: if isPaired(in: stage) { return true }
        default: break
        }
        // Stable is served beside the candidate in canary and gradual only. At full nothing is left
        // to compare with: the proof is from gradual.
        return !criterion.comparesToStable || stage == .canary || stage == .gradual
    }

    /// Whether candidate and stable are compared on the same requests: in shadow both answer each.
    package func isPaired(in stage: StageKind) -> Bool {
        guard metric == .accuracy, case .dropAtMost = criterion else { return false }
        return stage == .shadow
    }

    /// How many e-processes this guardrail has over a whole plan.
    func processes(in plan: Plan) -> Int {
        let stages = StageKind.allCases.filter { plan.covers($0) && applies(in: $0) }
        let paired = stages.contains { isPaired(in: $0) }
        return (paired ? 1 : 0) + (stages.contains { !isPaired(in: $0) } ? 1 : 0)
    }

    /// Whether the step lets this guardrail see anything: where every region's candidate serves
    /// everybody, there is no stable left to compare with, nor a split.
    package func isSeen(at step: Step) -> Bool {
        guard applies(in: step.stage) else { return false }
        let needsStable = criterion.comparesToStable || metric == .sampleRatio
        if !needsStable || isPaired(in: step.stage) { return true }
        return step.shares.values.contains { $0 < .all }
    }

    /// Whether no later step before full lets this guardrail see anything.
    ///
    /// What is not proven by then is never proven, so leaving needs a proof and not only no breach.
    package func isLastSeen(at index: Int, of plan: Plan) -> Bool {
        !plan.steps.dropFirst(index + 1).contains { $0.stage != .full && isSeen(at: $0) }
    }
}
