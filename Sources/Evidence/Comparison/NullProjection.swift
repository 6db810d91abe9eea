/// A pair of failure rates, kept off 0 and 1.
package struct FailureRates: Hashable {
    package let candidate: Double
    package let stable: Double

    package init(candidate: Double, stable: Double) {
        self.candidate = Probability.inside(candidate)
        self.stable = Probability.inside(stable)
    }
}

extension ComparisonLimit {
    /// The log-factors of one block for each alternative; all 0 when the alternatives satisfy the
    /// null hypothesis themselves.
    ///
    /// The alternative has `stableRate` for stable and log-odds h_j beyond the limit for the
    /// candidate. The null is represented by its point nearest to the alternative in
    /// Kullback-Leibler divergence at the block's split, which makes the expected factor at most 1
    /// for every pair of rates on the null side (Turner, Ly and Grünwald 2024).
    func logFactors(
        of block: ComparisonBlock, stableRate: Double, side: EvidenceSide
    ) -> [Double] {
        let stable = min(max(stableRate, 1e-9), 1 - 1e-9)
        let edge = min(max(ratio * stable + margin, 1e-9), 1 - 1e-9)
        let odds = edge / (1 - edge)
        let weights = (Double(block.candidateTrials), Double(block.stableTrials))
        return EffectGrid.oddsRatios.map { oddsRatio in
            let shifted = side == .rollback ? odds * oddsRatio : odds / oddsRatio
            let alternative = FailureRates(candidate: shifted / (1 + shifted), stable: stable)
            let beyond = alternative.candidate - (ratio * alternative.stable + margin)
            guard side == .rollback ? beyond > 0 : beyond < 0 else { return 0 }
            let null = projection(
                of: alternative, candidateWeight: weights.0, stableWeight: weights.1)
            return logRatio(
                failures: block.candidateFailures, of: block.candidateTrials,
                alternative.candidate, null.candidate)
                + logRatio(
                    failures: block.stableFailures, of: block.stableTrials,
                    alternative.stable, null.stable)
        }
    }

    /// The pair on the line that minimises w_c·KL(candidate || θ_c) + w_b·KL(stable || θ_b).
    package func projection(
        of rates: FailureRates, candidateWeight: Double, stableWeight: Double
    ) -> FailureRates {
        if ratio == 1 && margin == 0 {
            let shared =
                (candidateWeight * rates.candidate + stableWeight * rates.stable)
                / max(candidateWeight + stableWeight, .leastNormalMagnitude)
            return FailureRates(candidate: shared, stable: shared)
        }
        // The objective is convex along the line, and its minimum lies between the points of the
        // line that share one coordinate with the alternative.
        let across = (rates.candidate - margin) / ratio
        let (first, last) = (max(0, -margin / ratio), min(1, (1 - margin) / ratio))
        let low = min(max(min(rates.stable, across), first), last)
        let high = min(max(max(rates.stable, across), first), last)
        let shared =
            (candidateWeight * across + stableWeight * rates.stable)
            / max(candidateWeight + stableWeight, .leastNormalMagnitude)
        let stable = RisingRoot.find(low, high, from: shared) { stable in
            let candidate = ratio * stable + margin
            let spread = candidate * (1 - candidate)
            let stableSpread = stable * (1 - stable)
            let (beyond, stableBeyond) = (candidate - rates.candidate, stable - rates.stable)
            let slope =
                candidateWeight * ratio * beyond / spread
                + stableWeight * stableBeyond / stableSpread
            // d/dθ of (θ - q)/(θ(1 - θ)) is ((θ - q)² + q(1 - q))/(θ(1 - θ))².
            let curvature =
                candidateWeight * ratio * ratio
                * (beyond * beyond + rates.candidate * (1 - rates.candidate)) / (spread * spread)
                + stableWeight
                * (stableBeyond * stableBeyond + rates.stable * (1 - rates.stable))
                / (stableSpread * stableSpread)
            return (slope, curvature)
        }
        return FailureRates(candidate: ratio * stable + margin, stable: stable)
    }
}

/// The root of a function that rises: Newton's steps, kept between ends that close in on it, so that
/// a step that leads astray is replaced by a halving.
private enum RisingRoot {
    static func find(
        _ low: Double, _ high: Double, from start: Double,
        _ function: (Double) -> (value: Double, derivative: Double)
    ) -> Double {
        var (low, high) = (low, high)
        var place = start
        for _ in 0..<80 {
            if !(place > low && place < high) { place = low + (high - low) / 2 }
            guard place > low, place < high else { break }
            let (value, derivative) = function(place)
            if value < 0 { low = place } else { high = place }
            let next = place - value / derivative
            // As near as rounding lets it come.
            if abs(next - place) <= 2 * place.ulp { return min(max(next, low), high) }
            place = next
        }
        return low + (high - low) / 2
    }
}

private func logRatio(
    failures: Int, of trials: Int, _ alternative: Double, _ null: Double
) -> Double {
    var sum = 0.0
    if failures > 0 { sum += Double(failures) * LogDomain.log1p((alternative - null) / null) }
    if trials > failures {
        sum += Double(trials - failures) * LogDomain.log1p((null - alternative) / (1 - null))
    }
    return sum
}
