/// How fast evidence can grow: natural log E for each observation, at best.
package enum Information {
    /// The Kullback-Leibler divergence of one Bernoulli rate from another.
    package static func divergence(_ rate: Double, from limit: Double) -> Double {
        let limit = Probability.inside(limit)
        let rate = min(max(rate.isNaN ? limit : rate, 0), 1)
        var sum = 0.0
        if rate > 0 { sum += rate * LogDomain.log1p((rate - limit) / limit) }
        if rate < 1 { sum += (1 - rate) * LogDomain.log1p((limit - rate) / (1 - limit)) }
        return max(sum, 0)
    }

    /// For each request of either arm, when `share` of the requests goes to the candidate: the
    /// divergence from the nearest pair of failure rates on the limit.
    package static func divergence(
        candidate: Double, stable: Double, from limit: ComparisonLimit, share: Double
    ) -> Double {
        let rates = FailureRates(candidate: candidate, stable: stable)
        let nearest = limit.projection(of: rates, candidateWeight: share, stableWeight: 1 - share)
        return share * divergence(rates.candidate, from: nearest.candidate)
            + (1 - share) * divergence(rates.stable, from: nearest.stable)
    }
}
