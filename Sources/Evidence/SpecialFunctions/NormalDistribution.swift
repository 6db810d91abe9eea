/// The standard normal distribution.
package enum NormalDistribution {
    private static let logRootTwoPi = 0.918_938_533_204_672_8

    package static func logDensity(_ x: Double) -> Double { -0.5 * x * x - logRootTwoPi }

    package static func density(_ x: Double) -> Double { Elementary.exp(logDensity(x)) }

    /// Φ(x)
    package static func cdf(_ x: Double) -> Double {
        x < -5 ? Elementary.exp(logCDF(x)) : 0.5 * Elementary.erfc(-x / 2.0.squareRoot())
    }

    /// 1 - Φ(x)
    package static func sf(_ x: Double) -> Double { cdf(-x) }

    /// log Φ(x), also where Φ(x) is too small for a number: Laplace's continued fraction of
    /// Mills' ratio (Abramowitz and Stegun 26.2.14).
    package static func logCDF(_ x: Double) -> Double {
        if x.isNaN { return x }
        if x == -.infinity { return -.infinity }
        if x > -1 { return Elementary.log1p(-0.5 * Elementary.erfc(x / 2.0.squareRoot())) }
        if x > -5 { return Elementary.log(0.5 * Elementary.erfc(-x / 2.0.squareRoot())) }
        var tail = -x
        for k in stride(from: 120.0, to: 0, by: -1) { tail = -x + k / tail }
        return logDensity(x) - Elementary.log(tail)
    }

    /// log(1 - Φ(x))
    package static func logSF(_ x: Double) -> Double { logCDF(-x) }

    /// Φ⁻¹(probability); infinite at 0 and 1, not-a-number beyond.
    package static func quantile(_ probability: Double) -> Double {
        guard probability >= 0, probability <= 1 else { return .nan }
        if probability > 0.5 { return -quantile(1 - probability) }
        return quantile(logLower: Elementary.log(probability), centred: probability - 0.5)
    }

    /// x with 1 - Φ(x) = probability.
    package static func upperQuantile(_ probability: Double) -> Double { -quantile(probability) }

    /// x with log Φ(x) = logProbability ≤ 0.
    package static func quantile(logProbability: Double) -> Double {
        guard logProbability <= 0 else { return .nan }
        if logProbability > -LogDomain.log2 {
            return -quantile(-Elementary.expm1(logProbability))
        }
        return quantile(
            logLower: logProbability, centred: Elementary.exp(logProbability) - 0.5)
    }

    private static func quantile(logLower: Double, centred: Double) -> Double {
        if centred == 0 { return 0 }
        if logLower == -.infinity { return -.infinity }
        // Abramowitz and Stegun 26.2.23, to 5e-4, then Halley's method.
        let t = (-2 * logLower).squareRoot()
        var x =
            (2.515517 + t * (0.802853 + t * 0.010328))
            / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
        for _ in 0..<8 {
            let step: Double
            if centred > -0.3 {
                let miss = 0.5 * Elementary.erf(x / 2.0.squareRoot()) - centred
                let ratio = miss / density(x)
                step = ratio / (1 + 0.5 * x * ratio)
            } else {
                let log = logCDF(x)
                // d/dx log Φ = h, and its own derivative is -h (x + h).
                let h = Elementary.exp(logDensity(x) - log)
                let ratio = (log - logLower) / h
                step = ratio / (1 + 0.5 * ratio * (x + h))
            }
            x -= step
            if !(abs(step) > 1e-16 * abs(x)) { break }
        }
        return x
    }
}
