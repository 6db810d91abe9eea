/// Confidence sequences for means of observations in [0, 1] from the uniform boundaries of
/// conjugate mixtures (Howard, Ramdas, McAuliffe and Sekhon 2021).
package enum ConjugateMixture {
    /// Lower bounds by the gamma-exponential mixture on the empirical variance (their theorem 4).
    /// - Parameters:
    ///   - alpha: the level of this one bound.
    ///   - tunedTo: the intrinsic time, variance times observations, where it is tightest.
    /// - Returns: `nil` out of domain.
    package static func empiricalBernsteinLower(
        _ x: [Double], tunedTo: Double, alpha: Double
    ) -> [Double]? {
        guard tunedTo > 0, alpha > 0, alpha < 0.5 else { return nil }
        let mixture = GammaExponentialMixture(tunedTo: tunedTo, alpha: alpha, c: 1)
        var (sum, variance, meanBefore) = (0.0, 0.0, 0.5)
        var bounds: [Double] = []
        for (index, value) in x.enumerated() {
            let t = Double(index + 1)
            sum += value
            variance += (value - meanBefore) * (value - meanBefore)
            meanBefore = sum / t
            guard let boundary = mixture.boundary(v: variance, alpha: alpha) else { return nil }
            bounds.append(max(0, sum / t - boundary / t))
        }
        return bounds
    }

    /// Both bounds, each of level alpha/2.
    package static func empiricalBernstein(
        _ x: [Double], tunedTo: Double, alpha: Double
    ) -> GridSequence? {
        guard let lower = empiricalBernsteinLower(x, tunedTo: tunedTo, alpha: alpha / 2),
            let upper = empiricalBernsteinLower(
                x.map { 1 - $0 }, tunedTo: tunedTo, alpha: alpha / 2)
        else { return nil }
        return GridSequence(lower: lower, upper: upper.map { 1 - $0 })
    }

    /// Both bounds by the two-sided normal mixture, with 1/4 for the variance.
    package static func hoeffding(_ x: [Double], tunedTo: Double, alpha: Double) -> GridSequence? {
        guard tunedTo > 0, alpha > 0, alpha < 1 else { return nil }
        let mixture = NormalMixture(tunedTo: tunedTo / 4, alpha: alpha, isOneSided: false)
        var sum = 0.0
        var (lower, upper): ([Double], [Double]) = ([], [])
        for (index, value) in x.enumerated() {
            let t = Double(index + 1)
            sum += value
            guard let boundary = mixture.boundary(v: t / 4, alpha: alpha) else { return nil }
            lower.append(max(0, sum / t - boundary / t))
            upper.append(min(1, sum / t + boundary / t))
        }
        return GridSequence(lower: lower, upper: upper)
    }

    /// The means on a grid that the beta-binomial mixtures of successes and failures together
    /// have not rejected.
    package static func bernoulli(
        _ x: [Double], tunedTo: Double, alpha: Double, breaks: Int = 1_000
    ) -> GridSequence? {
        guard tunedTo > 0 else { return nil }
        let failures = x.map { 1 - $0 }
        return GridSequence(x, alpha: alpha, breaks: breaks) { x, mean in
            let up = wealth(x, mean, tunedTo: tunedTo, alpha: alpha / 2)
            let down = wealth(failures, 1 - mean, tunedTo: tunedTo, alpha: alpha / 2)
            return zip(up, down).map { $0 / 2 + $1 / 2 }
        }
    }

    /// The wealth after each observation against one mean.
    package static func wealth(
        _ x: [Double], _ mean: Double, tunedTo: Double, alpha: Double
    ) -> [Double] {
        var sum = 0.0
        let variance = mean * (1 - mean)
        let mixture = BetaBinomialMixture(
            tunedTo: variance * tunedTo, alpha: alpha, g: mean, h: 1 - mean, isOneSided: false)
        return x.enumerated().map { index, value in
            sum += value - mean
            // A mean at an end is impossible as soon as anything else is seen.
            if mean == 0 { return sum > 0 ? .infinity : 1 }
            if mean == 1 { return 1 }
            return Elementary.exp(mixture.logValue(s: sum, v: variance * Double(index + 1)))
        }
    }

    /// The precision per observation that is tightest at time t, one-sided (Waudby-Smith et al.
    /// 2024, "Time-uniform central limit theory", appendix).
    package static func precision(tunedTo t: Double, alpha: Double) -> Double? {
        guard t >= 1, alpha > 0, alpha < 1 else { return nil }
        let log = -2 * Elementary.log(alpha)
        let square = alpha * alpha
        return (log - square + Elementary.log(log + 1 - square)) / t
    }

    /// The bound of Jun and Orabona 2019, with 1/2 for the standard deviation.
    package static func banco(_ x: [Double], alpha: Double) -> GridSequence? {
        guard alpha > 0, alpha < 1 else { return nil }
        let constant = 1.5 * Elementary.log(6 * .pi * Elementary.exp(0.5) / alpha)
        var sum = 0.0
        let bounds = x.enumerated().map { index, value in
            sum += value
            let t = Double(index + 1)
            let log = Elementary.log(t) / 2
            let margin = 0.5 * (2 * (constant + Elementary.log(log * log + 1)) / t).squareRoot()
            return (sum / t - margin, sum / t + margin)
        }
        return GridSequence(lower: bounds.map(\.0), upper: bounds.map(\.1))
    }
}
