extension ProportionComparison {
    /// The estimate is the difference candidate - stable of failure rates, compared block by
    /// block; its interval is asymptotic although the decisions are exact.
    package func reading(alpha: Double) -> EvidenceReading {
        let difference = difference
        let half = strata.halfWidth(
            candidateVariance: spread(totals.candidateFailures, totals.candidateTrials),
            stableVariance: spread(totals.stableFailures, totals.stableTrials), factor: 1,
            designEffect: rollback.designEffect, alpha: alpha)
        return EvidenceReading(
            rollbackLogE: rollback.peak, promoteLogE: promote.peak,
            restartLogE: rollback.restarts?.logE, estimate: difference,
            lower: difference.flatMap { mean in half.map { max(-1, mean - $0) } },
            upper: difference.flatMap { mean in half.map { min(1, mean + $0) } },
            candidateCount: totals.candidateTrials, stableCount: totals.stableTrials,
            validity: rollback.designEffect == nil ? .exact : .asymptotic,
            intervalValidity: .asymptotic, undecidable: missing)
    }

    package func needs(_ side: EvidenceSide, alpha: Double) -> Int? {
        let wealth = side == .rollback ? rollback : promote
        let limit = side == .rollback ? rollbackLimit : promoteLimit
        guard let difference else { return nil }
        let (candidate, stable) = (Double(totals.candidateTrials), Double(totals.stableTrials))
        let stableRate = (Double(totals.stableFailures) + 0.5) / (stable + 1)
        let rates = FailureRates(candidate: stableRate + difference, stable: stableRate)
        let beyond = rates.candidate - (limit.ratio * rates.stable + limit.margin)
        let share = candidate / (candidate + stable)
        let information =
            (side == .rollback ? beyond > 0 : beyond < 0)
            ? Information.divergence(
                candidate: rates.candidate, stable: rates.stable, from: limit, share: share) : 0
        return Remaining.observations(wealth, alpha: alpha, growth: information / share)
    }

    private var difference: Double? {
        guard strata.weight > 0 else { return nil }
        return (strata.candidate - strata.stable) / strata.weight
    }

    private var missing: String? {
        if totals.candidateTrials == 0 { return "the candidate has no observations yet" }
        if totals.stableTrials == 0 { return "stable has no observations yet" }
        return strata.weight > 0 ? nil : "candidate and stable were never seen side by side"
    }
}

/// The variance of one trial. The rate of all blocks together bounds the average over blocks.
private func spread(_ failures: Int, _ trials: Int) -> Double {
    let rate = (Double(failures) + 0.5) / (Double(trials) + 1)
    return rate * (1 - rate)
}
