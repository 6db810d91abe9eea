/// A supermartingale of a centred sum S and its intrinsic time V, mixed over the slopes of lines
/// that S should not cross (Howard, Ramdas, McAuliffe and Sekhon 2021, section 3).
package protocol MixtureSupermartingale: Sendable {
    /// log M(s, v); not-a-number where the mixture is not defined.
    func logValue(s: Double, v: Double) -> Double

    /// What S cannot exceed at intrinsic time v; infinite when it can be anything.
    func largestSum(v: Double) -> Double
}

extension MixtureSupermartingale {
    package func largestSum(v: Double) -> Double { .infinity }

    /// The uniform boundary: P(S ever exceeds it) ≤ alpha. `nil` when no boundary exists.
    package func boundary(v: Double, alpha: Double) -> Double? {
        guard v >= 0, alpha > 0, alpha < 1 else { return nil }
        let threshold = -Elementary.log(alpha)
        func excess(_ s: Double) -> Double { logValue(s: s, v: v) - threshold }
        var high = largestSum(v: v)
        if high.isInfinite {
            high = max(v, 1e-3)
            for _ in 0..<60 where !(excess(high) > 0) { high *= 2 }
        } else if excess(high) < 0 {
            return high
        }
        return Root.find(low: 0, high: high, excess)
    }
}

/// Where a mixture is tightest (Howard et al. 2021, section 3.5, in closed form).
package enum MixtureTuning {
    /// The precision ρ for which the two-sided normal mixture is tightest near intrinsic time
    /// v at level alpha.
    package static func twoSided(v: Double, alpha: Double) -> Double {
        let log = -2 * Elementary.log(alpha)
        return v / (log + Elementary.log1p(log))
    }

    package static func oneSided(v: Double, alpha: Double) -> Double {
        twoSided(v: v, alpha: 2 * alpha)
    }
}

/// Sub-Gaussian sums with a normal mixture, over both signs or over positive slopes only.
package struct NormalMixture: MixtureSupermartingale, Hashable {
    package let rho: Double
    package let isOneSided: Bool

    /// - Parameters:
    ///   - tunedTo: the intrinsic time at which the boundary of level `alpha` is to be tightest.
    package init(tunedTo v: Double, alpha: Double, isOneSided: Bool) {
        rho =
            isOneSided
            ? MixtureTuning.oneSided(v: v, alpha: alpha)
            : MixtureTuning.twoSided(v: v, alpha: alpha)
        self.isOneSided = isOneSided
    }

    package init(rho: Double, isOneSided: Bool) {
        self.rho = rho
        self.isOneSided = isOneSided
    }

    /// Equations (3.4) and (3.7) of Howard et al. 2021.
    package func logValue(s: Double, v: Double) -> Double {
        let total = v + rho
        let both = 0.5 * Elementary.log(rho / total) + s * s / (2 * total)
        guard isOneSided else { return both }
        return both + LogDomain.log2 + NormalDistribution.logCDF(s / total.squareRoot())
    }

    package func boundary(v: Double, alpha: Double) -> Double? {
        guard v >= 0, alpha > 0, alpha < 1 else { return nil }
        let width = (Elementary.log1p(v / rho) - 2 * Elementary.log(alpha)) * (v + rho)
        if !isOneSided { return width.squareRoot() }
        // One-sided boundaries lie below the two-sided one, which lies below this.
        return Root.find(low: 0, high: width.squareRoot() + rho.squareRoot()) {
            logValue(s: $0, v: v) + Elementary.log(alpha)
        }
    }
}

/// Sub-exponential sums with scale `c`: bounded below by -c, of unbounded or bounded above.
package struct GammaExponentialMixture: MixtureSupermartingale, Hashable {
    package let rho: Double
    package let c: Double

    package init(tunedTo v: Double, alpha: Double, c: Double) {
        rho = MixtureTuning.oneSided(v: v, alpha: alpha)
        self.c = c
    }

    /// Equation (3.9) of Howard et al. 2021, with the gamma functions in pairs that cancel.
    package func logValue(s: Double, v: Double) -> Double {
        let square = c * c
        let (a, b, y) = (rho / square, (v + rho) / square, (c * s + v + rho) / square)
        guard a > 0, b > 0, y > 0 else { return .nan }
        return logRatio(a, a) - logRatio(b, y)
    }

    private func logRatio(_ a: Double, _ x: Double) -> Double {
        Deviance.logPoisson(a, mean: x) + Elementary.log(a) - GammaFunction.tails(a, x).lower
    }
}

/// Sub-Poisson sums with scale `c`: bounded above by c.
package struct GammaPoissonMixture: MixtureSupermartingale, Hashable {
    package let rho: Double
    package let c: Double

    package init(tunedTo v: Double, alpha: Double, c: Double) {
        rho = MixtureTuning.oneSided(v: v, alpha: alpha)
        self.c = c
    }

    /// Equation (3.11) of Howard et al. 2021.
    package func logValue(s: Double, v: Double) -> Double {
        let square = c * c
        let (a, b) = (rho / square, (v + rho) / square)
        let y = s / c + b
        guard a > 0, b > 0, y > 0 else { return .nan }
        return logRatio(a, a) - logRatio(y, b)
    }

    private func logRatio(_ a: Double, _ x: Double) -> Double {
        Deviance.logPoisson(a, mean: x) + Elementary.log(a) - GammaFunction.tails(a, x).upper
    }
}

/// Sub-Bernoulli sums: increments between -g and h.
package struct BetaBinomialMixture: MixtureSupermartingale, Hashable {
    package let r: Double
    package let g: Double
    package let h: Double
    package let isOneSided: Bool

    package init(tunedTo v: Double, alpha: Double, g: Double, h: Double, isOneSided: Bool) {
        let rho =
            isOneSided
            ? MixtureTuning.oneSided(v: v, alpha: alpha)
            : MixtureTuning.twoSided(v: v, alpha: alpha)
        r = max(rho - g * h, 1e-3 * g * h)
        self.g = g
        self.h = h
        self.isOneSided = isOneSided
    }

    package func largestSum(v: Double) -> Double { v / g }

    /// Equations (3.12) and (3.13) of Howard et al. 2021, against the null density, so that
    /// terms of the size of v cancel before they are computed.
    package func logValue(s: Double, v: Double) -> Double {
        let range = g + h
        let (a, b) = (r / (g * range), r / (h * range))
        let grownA = (r + v - g * s) / (g * range)
        let grownB = (r + v + h * s) / (h * range)
        guard a > 0, b > 0, grownA > 0, grownB > 0 else { return .nan }
        return logDensity(a, b) - logDensity(grownA, grownB)
    }

    private func logDensity(_ a: Double, _ b: Double) -> Double {
        let (x, y) = (h / (g + h), g / (g + h))
        let density = Deviance.logBinomial(a, b, x: x, y: y) + Elementary.log(a * (b / (a + b)))
        return isOneSided ? density - BetaFunction.tails(a, b, x: x, y: y).lower : density
    }
}
