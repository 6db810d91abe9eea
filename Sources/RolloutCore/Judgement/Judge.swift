import Evidence

/// What a verdict is asked for: going on, and how far.
package struct JudgementContext: Sendable {
    package let now: Timestamp
    package let plan: Plan
    package let step: Int
    package let rollbackLevel: Double
    package let riskBudget: Double

    /// The largest share that the next step would reach.
    var nextShare: Double { (plan.step(step + 1) ?? plan.step(step))?.largestShare.fraction ?? 1 }
}

/// Judges one guardrail in one slice. Total: whatever is missing or odd is undecided.
package func judge(
    _ guardrail: GuardrailSpec, _ evidence: GuardrailEvidence, _ context: JudgementContext
) -> GuardrailVerdict {
    guard let process = evidence.process.evidence else {
        return .unmeasured(guardrail, evidence)
    }
    let reading = process.reading(alpha: context.rollbackLevel)
    let breached =
        reading.validity != .descriptive
        && reading.crossed(.rollback, level: context.rollbackLevel)
    // A split has no promote side: it is as asked until it is shown not to be.
    let proven =
        guardrail.criterion == .asAsked
        || reading.crossed(.promote, level: ErrorBudget.promotionLevel)
    let verdict =
        breached
        ? Verdict.breach(reason: guardrail.sentence(reading, evidence.region))
        : doubt(guardrail, evidence, reading, proven: proven, context)
            .map(Verdict.undecided) ?? .pass
    let needs =
        guardrail.criterion == .asAsked || proven
        ? 0 : process.needs(.promote, alpha: ErrorBudget.promotionLevel)
    return GuardrailVerdict(
        guardrail, evidence, reading, verdict, proven: proven && !breached, needs: needs)
}

/// What keeps a guardrail that is not broken from passing; `nil` when nothing does.
private func doubt(
    _ guardrail: GuardrailSpec, _ evidence: GuardrailEvidence, _ reading: EvidenceReading,
    proven: Bool, _ context: JudgementContext
) -> String? {
    if let reason = reading.undecidable { return reason }
    if reading.candidateCount == 0 { return "no data yet" }
    if reading.candidateCount < guardrail.minSamples {
        let missing = guardrail.minSamples - reading.candidateCount
        return "\(grouped(missing)) more samples to the minimum"
    }
    if let stale = staleness(guardrail, evidence, context) { return stale }
    let stage = context.plan.step(context.step)?.stage ?? .shadow
    if guardrail.isLastSeen(in: stage, of: context.plan), context.plan.endsStage(context.step) {
        return proven ? nil : "not proven yet"
    }
    let risk = guardrail.harm(reading) * context.nextShare
    return risk <= context.riskBudget ? nil : "too uncertain for the next share"
}

private func staleness(
    _ guardrail: GuardrailSpec, _ evidence: GuardrailEvidence, _ context: JudgementContext
) -> String? {
    if let labels = evidence.labels, let rule = guardrail.labels,
        labels.fraction < rule.minCoverage.value
    {
        return "only \(percent(labels.fraction)) of due labels have arrived"
    }
    // A split is counted once a user: it need not go on. That traffic flows, others see.
    if guardrail.criterion == .asAsked { return nil }
    guard let freshest = evidence.freshest else { return "no data yet" }
    let allowed = guardrail.maxSilent + (guardrail.labels?.maxLag ?? .zero)
    if context.now - freshest > allowed {
        return "nothing new for \((context.now - freshest).spoken)"
    }
    return nil
}
