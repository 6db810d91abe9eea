/// Sums for estimates that compare the arms block by block, so that neither a changing split nor a
/// changing level of both arms shows as a difference (Mantel-Haenszel weights n_c n_b/(n_c+n_b)).
struct Strata: Codable, Sendable, Hashable {
    /// Σ w
    private(set) var weight = 0.0
    /// Σ w · mean of each arm
    private(set) var candidate = 0.0
    private(set) var stable = 0.0
    /// Σ w²/n of each arm: the variance of its sum, for a unit variance of one observation.
    private(set) var candidateSpread = 0.0
    private(set) var stableSpread = 0.0

    mutating func add(
        candidateCount: Double, candidateMean: Double, stableCount: Double, stableMean: Double
    ) {
        let weight = candidateCount / (candidateCount + stableCount) * stableCount
        self.weight += weight
        candidate += weight * candidateMean
        stable += weight * stableMean
        candidateSpread += weight * (weight / candidateCount)
        stableSpread += weight * (weight / stableCount)
    }

    mutating func merge(_ other: Strata) {
        weight += other.weight
        candidate += other.candidate
        stable += other.stable
        candidateSpread += other.candidateSpread
        stableSpread += other.stableSpread
    }

    /// Half the width of an asymptotic confidence sequence at 1 - alpha for
    /// (Σ w·candidate - factor·Σ w·stable)/Σ w, given the variances of single observations.
    ///
    /// Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, tightest at a weight of 500.
    func halfWidth(
        candidateVariance: Double, stableVariance: Double, factor: Double, designEffect: Double?,
        alpha: Double
    ) -> Double? {
        guard weight > 0 else { return nil }
        let variance =
            candidateVariance * (candidateSpread / weight)
            + factor * factor * stableVariance * (stableSpread / weight)
        let inflated = variance * max(designEffect ?? 1, 1)
        return asymptoticHalfWidth(
            count: weight, deviation: inflated.squareRoot(), alpha: alpha, tightestAt: 500)
    }
}

/// Half the width of an interval that covers the mean of `count` observations at all counts at
/// once, in the limit; at a level that was held within its bounds first.
func asymptoticHalfWidth(
    count: Double, deviation: Double, alpha: Double, tightestAt target: Double
) -> Double {
    let alpha = Probability.level(alpha)
    let precision = AsymptoticSequence.precision(tunedTo: target, alpha: alpha)
    let half = AsymptoticSequence.twoSided(t: count, alpha: alpha, precision: precision)
    return deviation * (half ?? .infinity)
}
