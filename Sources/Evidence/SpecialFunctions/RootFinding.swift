/// Roots of functions of one variable.
package enum Root {
    /// A point between `low` and `high` where `f` changes its sign, to the last bits;
    /// `nil` when the signs at the ends are the same or not numbers (Chandrupatla 1997).
    package static func find(
        low: Double, high: Double, relativePrecision: Double = 2.3e-16,
        _ f: (Double) -> Double
    ) -> Double? {
        var (x1, x2) = (low, high)
        var (f1, f2) = (f(x1), f(x2))
        if f1 == 0 { return x1 }
        if f2 == 0 { return x2 }
        guard !f1.isNaN, !f2.isNaN, (f1 < 0) != (f2 < 0) else { return nil }
        var t = 0.5
        for _ in 0..<400 {
            let x = x1 + t * (x2 - x1)
            let fx = f(x)
            if fx.isNaN { return nil }
            let (x3, f3): (Double, Double)
            if (fx < 0) == (f1 < 0) {
                (x3, f3) = (x1, f1)
            } else {
                (x3, f3) = (x2, f2)
                (x2, f2) = (x1, f1)
            }
            (x1, f1) = (x, fx)
            let best = abs(f2) < abs(f1) ? x2 : x1
            let width = abs(x2 - x1)
            let step = (relativePrecision * abs(best) + .leastNormalMagnitude) / width
            if fx == 0 { return x }
            if step >= 0.5 || width == 0 { return best }
            let xi = (x1 - x2) / (x3 - x2)
            let phi = (f1 - f2) / (f3 - f2)
            if phi * phi < xi, (1 - phi) * (1 - phi) < 1 - xi, f1.isFinite, f2.isFinite,
                f3.isFinite
            {
                t =
                    f1 / (f2 - f1) * f3 / (f2 - f3)
                    + (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
            } else {
                t = 0.5
            }
            t = t.isNaN ? 0.5 : min(max(t, step), 1 - step)
        }
        return x1
    }
}

/// Quantiles by inversion of the nearer tail.
enum Quantile {
    /// The positive point where the lower tail is e^`logLower`, of a distribution on (0, ∞).
    static func positive(
        logLower: Double, logUpper: Double, tails: (Double) -> LogTails,
        logDensity: (Double) -> Double
    ) -> Double {
        if logLower.isNaN || logUpper.isNaN { return .nan }
        if logLower == -.infinity { return 0 }
        if logUpper == -.infinity { return .infinity }
        let fromBelow = logLower < logUpper
        // Rises with u in both cases.
        func miss(_ u: Double) -> Double {
            let tails = tails(Elementary.exp(u))
            return fromBelow ? tails.lower - logLower : logUpper - tails.upper
        }
        var (low, high) = (-1.0, 1.0)
        while miss(low) > 0 {
            (low, high) = (low * 2, low)
            if low < -745 { return 0 }
        }
        while miss(high) < 0 {
            (low, high) = (max(low, high), high * 2)
            if high > 709 { return .infinity }
        }
        guard let u = Root.find(low: low, high: high, miss) else { return .nan }
        // One step of Newton in the variable itself mends the rounding of its logarithm.
        let x = Elementary.exp(u)
        let found = tails(x)
        let correction =
            fromBelow
            ? (logLower - found.lower) * Elementary.exp(found.lower - logDensity(x))
            : (found.upper - logUpper) * Elementary.exp(found.upper - logDensity(x))
        return correction.isFinite && abs(correction) < 1e-6 * x ? x + correction : x
    }
}
