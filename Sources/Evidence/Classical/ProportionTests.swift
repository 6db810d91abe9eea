/// A count of successes among trials.
package struct Successes: Sendable, Hashable {
    package let count: Int
    package let trials: Int

    /// `nil` unless 0 ≤ count ≤ trials and there is a trial.
    package init?(_ count: Int, of trials: Int) {
        guard trials > 0, (0...trials).contains(count) else { return nil }
        self.count = count
        self.trials = trials
    }

    package var rate: Double { Double(count) / Double(trials) }
    var k: Double { Double(count) }
    var n: Double { Double(trials) }

    /// Intervals of one proportion.
    package enum Interval: String, Sendable, CaseIterable {
        case normal, wilson, jeffreys
        /// Brown, Cai and DasGupta 2001.
        case agrestiCoull = "agresti_coull"
        /// Clopper and Pearson 1934.
        case clopperPearson = "beta"
        /// Wilson's with a correction for continuity (Newcombe 1998, method 4).
        case wilsonCorrected = "wilsoncc"
    }

    /// A one-sided interval has all of its error on one side: `less` bounds the rate from above.
    package func interval(
        _ kind: Interval, confidence: Double, alternative: Alternative
    ) -> (lower: Double, upper: Double) {
        guard alternative != .twoSided else { return interval(kind, confidence: confidence) }
        let both = interval(kind, confidence: 2 * confidence - 1)
        return alternative == .less ? (0, both.upper) : (both.lower, 1)
    }

    package func interval(
        _ kind: Interval, confidence: Double
    ) -> (lower: Double, upper: Double) {
        let alpha = 1 - confidence
        let z = NormalDistribution.upperQuantile(alpha / 2)
        let z2 = z * z
        switch kind {
        case .normal:
            let half = z * (rate * (1 - rate) / n).squareRoot()
            return (max(0, rate - half), min(1, rate + half))
        case .agrestiCoull:
            let adjusted = (k + z2 / 2) / (n + z2)
            let half = z * (adjusted * (1 - adjusted) / (n + z2)).squareRoot()
            return (max(0, adjusted - half), min(1, adjusted + half))
        case .wilson:
            let denominator = 1 + z2 / n
            let middle = (rate + z2 / (2 * n)) / denominator
            let half =
                z / denominator * (rate * (1 - rate) / n + z2 / (4 * n * n)).squareRoot()
            return (
                count == 0 ? 0 : max(0, middle - half),
                count == trials ? 1 : min(1, middle + half)
            )
        case .clopperPearson:
            return (
                count == 0 ? 0 : BetaDistribution.quantile(alpha / 2, k, n - k + 1),
                count == trials ? 1 : BetaDistribution.upperQuantile(alpha / 2, k + 1, n - k)
            )
        case .wilsonCorrected:
            let (denominator, p) = (2 * (n + z2), rate)
            let middle = (2 * n * p + z2) / denominator
            func half(_ sign: Double) -> Double {
                let under = z2 - sign * 2 - 1 / n + 4 * p * (n * (1 - p) + sign)
                return (1 + z * max(0, under).squareRoot()) / denominator
            }
            return (
                count == 0 ? 0 : middle - half(1), count == trials ? 1 : middle + half(-1)
            )
        case .jeffreys:
            return (
                BetaDistribution.quantile(alpha / 2, k + 0.5, n - k + 0.5),
                BetaDistribution.upperQuantile(alpha / 2, k + 0.5, n - k + 0.5)
            )
        }
    }

    /// The z-test against a fixed rate, with the variance of the observed one or of `assumed`.
    package func zTest(
        rate other: Double, alternative: Alternative = .twoSided, assumed: Double? = nil
    ) -> ClassicalTest {
        let base = assumed ?? rate
        let z = (rate - other) / (base * (1 - base) / n).squareRoot()
        return ClassicalTest(statistic: z, pValue: alternative.normal(z))
    }

    /// The exact test against a fixed rate; two-sided sums what is not likelier than the count.
    package func binomialTest(rate: Double, alternative: Alternative = .twoSided) -> Double {
        switch alternative {
        case .less: return BinomialDistribution.cdf(count, n: trials, p: rate)
        case .greater: return BinomialDistribution.sf(count - 1, n: trials, p: rate)
        case .twoSided:
            let limit = BinomialDistribution.logPMF(count, n: trials, p: rate) + 1e-7
            let mode = Int(exactly: (rate * n).rounded(.down)) ?? 0
            func notLikelier(_ k: Int) -> Bool {
                BinomialDistribution.logPMF(k, n: trials, p: rate) <= limit
            }
            if count == mode, notLikelier(mode) { return 1 }
            if Double(count) < rate * n {
                // The first count above the mean that is as unlikely.
                var (low, high) = (mode, trials + 1)
                while low < high {
                    let middle = (low + high) / 2
                    if middle > mode, notLikelier(middle) {
                        high = middle
                    } else {
                        low = middle + 1
                    }
                }
                return min(
                    1,
                    BinomialDistribution.cdf(count, n: trials, p: rate)
                        + BinomialDistribution.sf(low - 1, n: trials, p: rate))
            }
            var (low, high) = (-1, mode)
            while low < high {
                let middle = (low + high + 1) / 2
                if notLikelier(middle) { low = middle } else { high = middle - 1 }
            }
            return min(
                1,
                BinomialDistribution.cdf(low, n: trials, p: rate)
                    + BinomialDistribution.sf(count - 1, n: trials, p: rate))
        }
    }
}

/// Two proportions, first less second.
package struct TwoProportions: Sendable, Hashable {
    package let first: Successes
    package let second: Successes

    package init(_ first: Successes, _ second: Successes) {
        self.first = first
        self.second = second
    }

    /// The z-test with pooled variance, against a difference of `value`.
    ///
    /// - Parameter assumed: the rate that gives the variance, instead of the pooled one.
    package func zTest(
        alternative: Alternative = .twoSided, value: Double = 0, assumed: Double? = nil
    ) -> ClassicalTest {
        let pooled = assumed ?? (first.k + second.k) / (first.n + second.n)
        let variance = pooled * (1 - pooled) * (1 / first.n + 1 / second.n)
        let z = (first.rate - second.rate - value) / variance.squareRoot()
        return ClassicalTest(statistic: z, pValue: alternative.normal(z))
    }

    /// Newcombe 1998, method 10: Wilson's intervals put together.
    package func newcombe(confidence: Double) -> (lower: Double, upper: Double) {
        let (a, b) = (
            first.interval(.wilson, confidence: confidence),
            second.interval(.wilson, confidence: confidence)
        )
        func root(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }
        let difference = first.rate - second.rate
        return (
            difference - root(first.rate - a.lower, b.upper - second.rate),
            difference + root(a.upper - first.rate, second.rate - b.lower)
        )
    }

    /// Wald's interval; `adjusted` adds one success and one failure to each (Agresti, Caffo 2000).
    package func wald(
        confidence: Double, adjusted: Bool = false
    ) -> (lower: Double, upper: Double) {
        let extra = adjusted ? 1.0 : 0
        let (n1, n2) = (first.n + 2 * extra, second.n + 2 * extra)
        let (p1, p2) = ((first.k + extra) / n1, (second.k + extra) / n2)
        let z = NormalDistribution.upperQuantile((1 - confidence) / 2)
        let half = z * (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2).squareRoot()
        return (p1 - p2 - half, p1 - p2 + half)
    }

    /// The score test of first - second against `value`; see `scoreTest(_:value:)`.
    package func scoreTest(
        value: Double, alternative: Alternative = .twoSided, correction: Bool = true
    ) -> ClassicalTest? {
        scoreTest(
            .difference, value: value, alternative: alternative, correction: correction)
    }

    /// The likeliest pair of rates that differ by `value`: the root of a cubic in the second.
    func constrained(_ value: Double) -> (Double, Double) {
        let (n1, n2) = (first.n, second.n)
        let successes = first.k + second.k
        // The slope of the log-likelihood along the line falls: bisect it.
        if value == 0 { return (successes / (n1 + n2), successes / (n1 + n2)) }
        let (low, high) = (max(0, -value), min(1, 1 - value))
        let root = Bisection.boundary(low, high) { p2 in
            let p1 = p2 + value
            func slope(_ k: Double, _ n: Double, _ p: Double) -> Double {
                (k - n * p) / max(p * (1 - p), 1e-300)
            }
            return slope(first.k, n1, p1) + slope(second.k, n2, p2) > 0
        }
        return (root + value, root)
    }
}
