import Evidence

/// What a verdict is asked for: going on, and how far.
package struct JudgementContext: Sendable {
    package let now: Timestamp
    package let plan: Plan
    package let step: Int
    package let rollbackLevel: Double
    package let riskBudget: Double

    package init(
        now: Timestamp, plan: Plan, step: Int, rollbackLevel: Double, riskBudget: Double
    ) {
        self.now = now
        self.plan = plan
        self.step = step
        self.rollbackLevel = rollbackLevel
        self.riskBudget = riskBudget
    }

    /// The largest share that the next step would reach.
    var nextShare: Double { (plan.step(step + 1) ?? plan.step(step))?.largestShare.fraction ?? 1 }
}

/// Judges one guardrail. Total: whatever is missing or odd is undecided.
package func judge(
    _ guardrail: GuardrailSpec, _ evidence: GuardrailEvidence, _ context: JudgementContext
) -> GuardrailVerdict {
    guard let process = evidence.process.evidence else {
        return .unmeasured(guardrail, evidence)
    }
    let level = context.rollbackLevel
    let reading = process.reading(alpha: level)
    // A split has no promote side: it is as asked until it is shown not to be.
    let proven =
        guardrail.criterion == .asAsked
        || reading.crossed(.promote, level: ErrorBudget.promotionLevel)
    let verdict: Verdict
    if let uneven = unevenLabels(evidence) {
        // Neither good nor bad can be said of data that were chosen.
        verdict = .undecided(reason: uneven)
    } else if evidence.crosses(level, reading) {
        verdict = .breach(reason: guardrail.sentence(evidence.worst(level) ?? (reading, nil)))
    } else {
        verdict =
            doubt(guardrail, evidence, reading, proven: proven, context)
            .map(Verdict.undecided) ?? .pass
    }
    let needs =
        guardrail.criterion == .asAsked || proven
        ? 0 : process.needs(.promote, alpha: ErrorBudget.promotionLevel)
    return GuardrailVerdict(
        guardrail, evidence, reading, verdict, level: level,
        proven: proven && verdict.word != "breach", needs: needs, now: context.now)
}

extension GuardrailEvidence {
    /// Whether the rollback side has ever reached 1/level, over all slices together.
    fileprivate func crosses(_ level: Double, _ reading: EvidenceReading) -> Bool {
        guard reading.validity != .descriptive, reading.undecidable == nil else { return false }
        guard let mixture else { return reading.crossed(.rollback, level: level) }
        return mixture.hasCrossed(level)
    }

    /// The slice that stands out, for the sentence of a breach; `nil` when the whole does.
    fileprivate func worst(_ level: Double) -> (reading: EvidenceReading, region: RegionName)? {
        let pooled = process.evidence?.rollbackLogE ?? 0
        let candidates = slices.compactMap { slice in
            slice.process.evidence.map { ($0, slice.region) }
        }
        let worst = candidates.max {
            ($0.0.rollbackLogE ?? 0, $1.1) < ($1.0.rollbackLogE ?? 0, $0.1)
        }
        guard let worst, let logE = worst.0.rollbackLogE, logE > pooled else { return nil }
        return (worst.0.reading(alpha: level), worst.1)
    }
}

/// An arm that gets labels more readily than the other makes every comparison of them void.
private func unevenLabels(_ evidence: GuardrailEvidence) -> String? {
    guard let labels = evidence.labels,
        EvidenceReading.reaches(labels.unevenLogE, level: ErrorBudget.dataLevel)
    else { return nil }
    return "labels come more readily for one version than for the other"
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
    // What was seen in shadow says nothing yet of how callers are served.
    if let inStage = evidence.inStage, guardrail.criterion != .asAsked,
        inStage < guardrail.minSamples
    {
        return
            "\(grouped(guardrail.minSamples - inStage)) more samples of this stage to the minimum"
    }
    if let blind = unseenRegion(guardrail, evidence, context) { return blind }
    if let stale = staleness(guardrail, evidence, context) { return stale }
    if let odd = guardrail.otherUnit(reading) { return odd }
    // What was seen over the whole past does not show that it still holds.
    if let lately = reading.restartLogE, lately > lateHarm { return "worse lately" }
    if guardrail.isLastSeen(at: context.step, of: context.plan) {
        return proven ? nil : "not proven yet"
    }
    let risk = guardrail.harm(reading) * context.nextShare
    return risk <= context.riskBudget ? nil : "too uncertain for the next share"
}

/// Who asks for each region is not answered with the others: labels of a region that was reached
/// late may all be yet to come.
private func unseenRegion(
    _ guardrail: GuardrailSpec, _ evidence: GuardrailEvidence, _ context: JudgementContext
) -> String? {
    guard let step = context.plan.step(context.step) else { return nil }
    for slice in evidence.slices {
        let isServed = [step.shares[slice.region], step.mirrors[slice.region]].contains {
            ($0 ?? .zero) > .zero
        }
        let seen = slice.process.evidence?.reading(alpha: context.rollbackLevel).candidateCount ?? 0
        guard isServed, seen < guardrail.minSamples else { continue }
        return "\(grouped(guardrail.minSamples - seen)) more samples of \(slice.region) "
            + "to the minimum"
    }
    return nil
}

/// log E of the restart part above which nothing is raised (costs no level).
private let lateHarm = 2.0

private func staleness(
    _ guardrail: GuardrailSpec, _ evidence: GuardrailEvidence, _ context: JudgementContext
) -> String? {
    if let labels = evidence.labels, let rule = guardrail.labels,
        labels.fraction < rule.minCoverage.value
    {
        return "only \(percent(labels.fraction)) of due labels have arrived"
    }
    guard let freshest = evidence.freshest else { return "no data yet" }
    let allowed = guardrail.maxSilent + (guardrail.labels?.maxLag ?? .zero)
    if context.now - freshest > allowed {
        return "nothing new for \((context.now - freshest).spoken)"
    }
    return nil
}

extension GuardrailSpec {
    /// A candidate this many times better than stable counts in another unit more often than it is
    /// another model: seconds for milliseconds, percent for fractions (hazard C16).
    private static let timesMost = 10.0

    /// Why a mean is too good to be believed. One that is as much worse is a breach like any other.
    fileprivate func otherUnit(_ reading: EvidenceReading) -> String? {
        guard let times = reading.estimate.map({ 1 + $0 }) else { return nil }
        switch criterion {
        case .relativeDropAtMost, .relativeGainAtLeast:
            guard times >= Self.timesMost else { return nil }
            return "\(metric.name) is \(decimal(times, 0)) times that of stable, as in another unit"
        case .relativeRiseAtMost:
            guard times <= 1 / Self.timesMost else { return nil }
            return "\(metric.name) is \(percent(times)) of that of stable, as in another unit"
        case .atLeast, .atMost, .quantileAtMost, .dropAtMost, .riseAtMost, .asAsked: return nil
        }
    }
}
