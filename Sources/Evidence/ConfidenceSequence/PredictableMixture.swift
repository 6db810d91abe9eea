/// Confidence sequences in closed form for means of observations in [0, 1], with bets that vary
/// over time (Waudby-Smith and Ramdas 2024, section 3).
package struct PredictableMixture: Sendable, Hashable {
    package enum Bound: Sendable, Hashable {
        /// Adapts to the variance; their theorem 2.
        case empiricalBernstein
        /// As if the variance were the largest possible; their proposition 1.
        case hoeffding
    }

    package let bound: Bound
    /// The largest bet.
    package let truncation: Double
    /// The one time that the bound is to be tightest at.
    package let fixed: Int?
    /// The size of the population, when drawing without replacement.
    package let population: Int?
    /// Whether the running mean is kept at most 1.
    package let boundsMean: Bool

    package init(
        _ bound: Bound, truncation: Double? = nil, fixed: Int? = nil, population: Int? = nil,
        boundsMean: Bool = false
    ) {
        self.bound = bound
        self.truncation = truncation ?? (bound == .hoeffding ? 1 : 0.5)
        self.fixed = fixed
        self.population = population
        self.boundsMean = boundsMean
    }

    /// A lower bound after each observation, all valid together with probability 1 - alpha.
    package func lower(_ x: [Double], alpha: Double) -> [Double] {
        let bets = bets(x, alpha: alpha)
        var (sum, weights, weighted, cost) = (0.0, 0.0, 0.0, 0.0)
        var meanBefore = 0.0
        return x.enumerated().map { index, value in
            let bet = bets[index]
            let t = Double(index + 1)
            var (past, drawn) = (0.0, 0.0)
            if let population {
                let left = Double(population) - t + 1
                (past, drawn) = (sum / left, (t - 1) / left)
            }
            switch bound {
            case .empiricalBernstein:
                cost +=
                    (value - meanBefore) * (value - meanBefore)
                    * (-Elementary.log(1 - bet) - bet)
            case .hoeffding: cost += bet * bet / 8
            }
            weights += bet * (1 + drawn)
            weighted += bet * (value + past)
            sum += value
            meanBefore = boundsMean ? min(sum / t, 1) : sum / t
            return max(0, weighted / weights - (Elementary.log(1 / alpha) + cost) / weights)
        }
    }

    /// Both bounds, each of level alpha/2; not yet intersected over time.
    package func twoSided(_ x: [Double], alpha: Double) -> GridSequence {
        GridSequence(
            lower: lower(x, alpha: alpha / 2),
            upper: lower(x.map { 1 - $0 }, alpha: alpha / 2).map { 1 - $0 })
    }

    private func bets(_ x: [Double], alpha: Double) -> [Double] {
        switch bound {
        case .empiricalBernstein:
            return BettingStrategy.predictableMixture(
                alpha: alpha, truncation: truncation, fixed: fixed
            ).bets(on: x, against: x.map { _ in 0.5 })
        case .hoeffding:
            let log = 8 * Elementary.log(1 / alpha)
            if let fixed { return x.map { _ in (log / Double(fixed)).squareRoot() } }
            return x.indices.map {
                let t = Double($0 + 1)
                return min((log / (t * Elementary.log(1 + t))).squareRoot(), truncation)
            }
        }
    }
}
