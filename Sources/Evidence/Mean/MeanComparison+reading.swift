extension MeanComparison {
    /// The estimate is candidate/stable - 1, compared block by block.
    package func reading(alpha: Double) -> EvidenceReading {
        let ratio = ratio
        let half = ratio.flatMap { halfWidth(ratio: $0, alpha: alpha) }
        return EvidenceReading(
            rollbackLogE: rollback.peak, promoteLogE: promote.peak,
            restartLogE: rollback.restarts?.logE, estimate: ratio.map { $0 - 1 },
            lower: ratio.flatMap { ratio in half.map { ratio - 1 - $0 } },
            upper: ratio.flatMap { ratio in half.map { ratio - 1 + $0 } },
            candidateCount: judged.candidate.count + waiting.candidate.count,
            stableCount: judged.stable.count + waiting.stable.count, validity: .asymptotic,
            intervalValidity: .asymptotic, undecidable: refusal)
    }

    package func needs(_ side: EvidenceSide, alpha: Double) -> Int? {
        guard refusal == nil, let ratio else { return nil }
        let wealth = side == .rollback ? rollback : promote
        let harm = (side == .rollback ? rollbackLimit : promoteLimit).harm
        let beyond = (harm.candidate * ratio + harm.stable) * (side == .rollback ? 1 : -1)
        let deviation = max(judged.variance.squareRoot() / judged.stable.mean, 1e-3)
        let split = Double(judged.candidate.count) / Double(max(judged.stable.count, 1))
        // D²/(2V), with V for one candidate measurement and stable's that come with it.
        let variance =
            deviation * deviation
            * (harm.candidate * harm.candidate + harm.stable * harm.stable * split)
        return Remaining.observations(
            wealth, alpha: alpha,
            growth: beyond > 0 ? beyond * (beyond / variance) / 2 : 0)
    }

    private var ratio: Double? {
        guard strata.weight > 0, strata.stable > 0 else { return nil }
        let ratio = strata.candidate / strata.stable
        return ratio.isFinite ? ratio : nil
    }

    private func halfWidth(ratio: Double, alpha: Double) -> Double? {
        let deviation = judged.variance.squareRoot() / judged.stable.mean
        let half = strata.halfWidth(
            candidateVariance: deviation * deviation, stableVariance: deviation * deviation,
            factor: ratio, designEffect: rollback.designEffect, alpha: alpha)
        // From stable's mean over all to its mean over the blocks, as weighted there.
        let scale = judged.stable.mean / (strata.stable / strata.weight)
        guard let half, (half * scale).isFinite else { return nil }
        return half * scale
    }

    private var refusal: String? {
        guard judged.candidate.count > 0 else {
            return "a mean needs \(Self.burnIn) measurements of candidate and of stable; there are "
                + "\(waiting.candidate.count) and \(waiting.stable.count)"
        }
        guard judged.stable.mean > 0 else {
            return "a relative limit needs a stable mean above 0; it is \(judged.stable.mean)"
        }
        guard !heavyTails else {
            return "the tails are too heavy for a mean (kurtosis above "
                + "\(Int(exactly: Self.largestKurtosis) ?? 0)); guard a quantile instead"
        }
        return nil
    }
}
