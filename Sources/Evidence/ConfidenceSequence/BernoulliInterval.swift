/// A confidence interval for the mean of what lies between 0 and 1.
package struct ConfidenceInterval: Sendable, Hashable {
    package let lower: Double
    package let upper: Double

    package init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }
}

package enum BernoulliInterval {
    /// Valid at all times at once: the means that the two-sided beta-binomial mixture, tuned to
    /// `tunedTo` trials, has not rejected (Howard et al. 2021, section 4.1).
    /// - Returns: `nil` unless 0 ≤ sum ≤ trials, trials > 0 and 0 < alpha < 1.
    package static func uniform(
        sum: Double, trials: Double, alpha: Double, tunedTo: Double, tuningAlpha: Double = 0.05
    ) -> ConfidenceInterval? {
        guard trials > 0, sum >= 0, sum <= trials, alpha > 0, alpha < 1, tunedTo > 0,
            tuningAlpha > 0, tuningAlpha < 1
        else { return nil }
        let mean = sum / trials
        func excess(_ p: Double) -> Double {
            let variance = p * (1 - p)
            return BetaBinomialMixture(
                tunedTo: variance * tunedTo, alpha: tuningAlpha, g: p, h: 1 - p, isOneSided: false
            ).logValue(s: (mean - p) * trials, v: variance * trials) + Elementary.log(alpha)
        }
        // As p goes to an end, the wealth may stay below the threshold: then the end is inside.
        let (first, last) = (1e-18, 1 - Double.ulpOfOne / 2)
        let middle = min(max(mean, first), last)
        var (lower, upper) = (0.0, 1.0)
        if mean > 0, excess(first) > 0 {
            lower = Root.find(low: first, high: middle, excess) ?? 0
        }
        if mean < 1, excess(last) > 0 {
            upper = Root.find(low: middle, high: last, excess) ?? 1
        }
        return ConfidenceInterval(lower: lower, upper: upper)
    }
}
