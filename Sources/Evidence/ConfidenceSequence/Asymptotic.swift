/// Confidence sequences for means of any distribution with variance, valid as t grows
/// (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024).
package enum AsymptoticSequence {
    /// The mixture's precision that is tightest near t observations (their appendix B.1).
    package static func precision(tunedTo t: Double, alpha: Double) -> Double {
        let log = -2 * Elementary.log(alpha)
        return (log + Elementary.log1p(log)) / t
    }

    /// Half the width of the two-sided interval, in standard deviations; `nil` out of domain.
    package static func twoSided(t: Double, alpha: Double, precision: Double) -> Double? {
        guard t > 0, alpha > 0, alpha < 1, precision > 0 else { return nil }
        let grown = t * precision + 1
        let log = 0.5 * Elementary.log(grown) - Elementary.log(alpha)
        return (2 * grown / (t * t * precision) * log).squareRoot()
    }

    /// How far the one-sided bound is from the mean, in standard deviations. `precision` is
    /// best computed with twice the level.
    package static func oneSided(t: Double, alpha: Double, precision: Double) -> Double? {
        guard t > 0, alpha > 0, alpha < 1, precision > 0 else { return nil }
        let grown = t * precision + 1
        let log = Elementary.log1p(grown.squareRoot() / (2 * alpha))
        return (2 * grown / (t * t * precision) * log).squareRoot()
    }
}

/// Mixture sequential probability ratios with a normal mixture of standard deviation tau
/// (Robbins 1970; Johari, Koomen, Pekelis and Walsh 2022).
package enum MixtureSPRT {
    /// log Λ for a difference with the given variance of its estimate; `nil` out of domain.
    package static func logRatio(
        difference: Double, variance: Double, tau: Double, isOneSided: Bool = false
    ) -> Double? {
        guard variance > 0, tau > 0, difference.isFinite else { return nil }
        let total = variance + tau * tau
        let both =
            0.5 * Elementary.log(variance / total)
            + tau * tau * difference * difference / (2 * variance * total)
        guard isOneSided else { return both }
        let z = tau * difference / (variance * total).squareRoot()
        return both + LogDomain.log2 + NormalDistribution.logCDF(z)
    }

    /// Λ after each pair of normal observations of known standard deviation; 0 while
    /// warming up. `nil` when the arms are not equally long.
    package static func normal(
        _ x: [Double], _ y: [Double], sigma: Double, tau: Double, theta: Double = 0, warmup: Int = 0
    ) -> [Double]? {
        guard x.count == y.count, sigma > 0, tau > 0 else { return nil }
        var (sumX, sumY) = (0.0, 0.0)
        return zip(x, y).enumerated().map { index, pair in
            sumX += pair.0
            sumY += pair.1
            guard index >= warmup else { return 0 }
            let n = Double(index + 1)
            let difference = (sumX - sumY) / n - theta
            let log = logRatio(difference: difference, variance: 2 * sigma * sigma / n, tau: tau)
            return log.map(Elementary.exp) ?? .nan
        }
    }

    /// Λ before each pair of coin tosses, with the variance of the tosses so far in place of the
    /// true one; 0 up to and with the pair numbered `warmup`, counted from 0.
    package static func bernoulli(
        _ x: [Double], _ y: [Double], tau: Double, theta: Double = 0, warmup: Int
    ) -> [Double]? {
        guard x.count == y.count, tau > 0 else { return nil }
        var (sumX, sumY) = (0.0, 0.0)
        return zip(x, y).enumerated().map { index, pair in
            defer {
                sumX += pair.0
                sumY += pair.1
            }
            guard index > warmup, index > 0 else { return 0 }
            let n = Double(index)
            let (p, q) = (sumX / n, sumY / n)
            let variance = p * (1 - p) + q * (1 - q)
            let log = logRatio(difference: p - q - theta, variance: variance / n, tau: tau)
            return log.map(Elementary.exp) ?? .nan
        }
    }

    /// The mixture's variance that is best for effects of variance sigma² when at most
    /// `truncation` observations are made (Johari et al. 2022, theorem 5), unrounded.
    package static func mixtureVariance(
        alpha: Double, sigma: Double, truncation: Double
    ) -> Double? {
        guard alpha > 0, alpha < 1, sigma > 0, truncation > 0 else { return nil }
        let b = -2 * Elementary.log(alpha) / (truncation * sigma * sigma).squareRoot()
        let tail = NormalDistribution.sf(b)
        return sigma * sigma * tail / (NormalDistribution.density(b) / b - tail)
    }

    /// The number of the first ratio above 1/alpha, counted from 1; all of them if there is none.
    package static func rejection(_ ratios: [Double], alpha: Double) -> Int {
        ratios.firstIndex { $0 > 1 / alpha }.map { $0 + 1 } ?? ratios.count
    }
}
