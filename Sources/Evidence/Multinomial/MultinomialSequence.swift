/// Intervals for the shares of several arms at every look, from a Dirichlet prior around the shares
/// that were asked for (Lindon and Malek 2022, equation 8).
package struct MultinomialSequence: Sendable, Hashable {
    package let shares: [Double]
    package let concentration: Double
    package let alpha: Double
    /// min(1, 1/largest odds so far)
    package private(set) var pValue = 1.0
    /// The intersection of the intervals so far, one an arm.
    package private(set) var intervals: [ClosedRange<Double>]

    /// `nil` unless there are two positive shares or more, and 0 < alpha < 1.
    package init?(shares: [Double], concentration: Double, alpha: Double) {
        let total = shares.reduce(0, +)
        guard shares.count > 1, shares.allSatisfy({ $0 > 0 && $0.isFinite }), concentration > 0,
            alpha > 0, alpha < 1
        else { return nil }
        self.shares = shares.map { $0 / total }
        self.concentration = concentration
        self.alpha = alpha
        intervals = shares.map { _ in 0...1 }
    }

    /// log of the posterior odds against the shares, for cumulative counts.
    package func logOdds(_ counts: [Int]) -> Double {
        SplitProcess.logE(counts: counts, shares: shares, concentration: concentration)
    }

    /// Takes in the counts since the beginning.
    package mutating func look(at counts: [Int]) {
        guard counts.count == shares.count, counts.allSatisfy({ $0 >= 0 }) else { return }
        let odds = logOdds(counts)
        pValue = min(pValue, min(1, LogDomain.exp(-odds)))
        let total = counts.reduce(0.0) { $0 + Double($1) }
        guard total > 0 else { return }
        // log odds against other shares t is odds + Σ c (log asked - log t).
        let asked = zip(counts, shares).reduce(0.0) { $0 + Double($1.0) * LogDomain.log($1.1) }
        let least = odds + asked + LogDomain.log(alpha)
        for index in counts.indices {
            let own = Double(counts[index])
            let rest = total - own
            // The other arms share what is left as they were seen: that is likeliest.
            let others = counts.indices.filter { $0 != index && counts[$0] > 0 }
                .reduce(0.0) { sum, other in
                    let count = Double(counts[other])
                    return sum + count * LogDomain.log(count / rest)
                }
            func excess(_ share: Double) -> Double {
                var likelihood = others
                if own > 0 { likelihood += own * Elementary.log(share) }
                if rest > 0 { likelihood += rest * Elementary.log1p(-share) }
                return likelihood - least
            }
            let best = own / total
            let low = own == 0 ? 0 : Root.find(low: 1e-300, high: best, excess) ?? 0
            let high = rest == 0 ? 1 : Root.find(low: best, high: 1 - 1e-16, excess) ?? 1
            let (lower, upper) = (
                max(intervals[index].lowerBound, low), min(intervals[index].upperBound, high)
            )
            intervals[index] = min(lower, upper)...max(lower, upper)
        }
    }

    /// The interval of log(rate of one arm / rate of another), given exposures as asked: two arms.
    package var logRatio: ClosedRange<Double>? {
        guard shares.count == 2, let interval = intervals.first else { return nil }
        let asked = LogDomain.logit(shares[0])
        return
            (LogDomain.logit(interval.lowerBound) - asked)...(LogDomain.logit(
                interval.upperBound) - asked)
    }
}
