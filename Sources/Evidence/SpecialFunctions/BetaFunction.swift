/// B(a, b) and its incomplete relative. Arguments out of domain give not-a-number.
package enum BetaFunction {
    /// log B(a, b), a > 0, b > 0, without the cancellation of three large log-gammas.
    package static func log(_ a: Double, _ b: Double) -> Double {
        guard a > 0, b > 0, a.isFinite, b.isFinite else { return .nan }
        let n = a + b
        let remainders =
            LogDomain.stirlingRemainder(a) + LogDomain.stirlingRemainder(b)
            - LogDomain.stirlingRemainder(n)
        return 0.5 * (Elementary.log(2 * .pi) - Elementary.log(a) - Elementary.log(b / n))
            - a * Elementary.log1p(b / a) - b * Elementary.log1p(a / b) + remainders
    }

    /// I_x(a, b), the regularised incomplete beta function.
    package static func regularized(_ a: Double, _ b: Double, _ x: Double) -> Double {
        tails(a, b, x).lowerProbability
    }

    /// log I_x(a, b) and log(1 - I_x(a, b)).
    package static func tails(_ a: Double, _ b: Double, _ x: Double) -> LogTails {
        tails(a, b, x: x, y: 1 - x)
    }

    /// The same, for a caller that knows y = 1 - x more exactly than x says
    /// (the symmetry DLMF 8.17.4 leaves the tail that has full precision).
    package static func tails(_ a: Double, _ b: Double, x: Double, y: Double) -> LogTails {
        guard a > 0, b > 0, a.isFinite, b.isFinite, x >= 0, y >= 0, x <= 1, y <= 1 else {
            return .undefined
        }
        if x == 0 { return .nothingBelow }
        if y == 0 { return .nothingAbove }
        let logPower =
            Deviance.logBinomial(a, b, x: x, y: y) + Elementary.log(a) + Elementary.log(b / (a + b))
        // How far x is below the mean, times a + b; without the cancellation when a or b is large.
        let below = a > b ? (a + b) * y - b : a - (a + b) * x
        if below >= 0 {
            return LogTails(
                logLower: logPower + Elementary.log(fraction(a, b, x, y, below: below)))
        }
        return LogTails(logUpper: logPower + Elementary.log(fraction(b, a, y, x, below: -below)))
    }

    /// The continued fraction of Didonato and Morris 1992 (TOMS 708, `BFRAC`), contracted so that
    /// all terms are positive.
    private static func fraction(
        _ a: Double, _ b: Double, _ x: Double, _ y: Double, below: Double
    ) -> Double {
        let c = 1 + below
        let c1 = 1 + 1 / a
        var (p, s) = (1.0, a + 1)
        var (numerator, denominator) = (0.0, 1.0)
        var nextDenominator = c / c1
        var result = c1 / c
        var nextNumerator = 1.0
        for i in 1..<GammaFunction.limit {
            let n = Double(i)
            let t = n / a
            let w = n * (b - n) * x
            let e = a / s
            let alpha = p * (p + b / a) * e * e * (w * x)
            let beta = n + w / s + (1 + t) / (c1 + 2 * t) * (c + n * (1 + y))
            p = 1 + t
            s += 2
            (numerator, nextNumerator) = (nextNumerator, alpha * numerator + beta * nextNumerator)
            (denominator, nextDenominator) = (
                nextDenominator, alpha * denominator + beta * nextDenominator
            )
            let last = result
            result = nextNumerator / nextDenominator
            if !(abs(result - last) > 1e-16 * result) { break }
            numerator /= nextDenominator
            denominator /= nextDenominator
            nextNumerator = result
            nextDenominator = 1
        }
        return result
    }
}

/// The Beta(a, b) distribution.
package enum BetaDistribution {
    package static func cdf(_ x: Double, _ a: Double, _ b: Double) -> Double {
        x <= 0 ? 0 : x >= 1 ? 1 : BetaFunction.tails(a, b, x).lowerProbability
    }

    package static func sf(_ x: Double, _ a: Double, _ b: Double) -> Double {
        x <= 0 ? 1 : x >= 1 ? 0 : BetaFunction.tails(a, b, x).upperProbability
    }

    /// The inverse incomplete beta function: x with I_x(a, b) = probability.
    package static func quantile(_ probability: Double, _ a: Double, _ b: Double) -> Double {
        inverse(
            a, b, logLower: Elementary.log(probability), logUpper: Elementary.log1p(-probability))
    }

    /// x with 1 - I_x(a, b) = probability.
    package static func upperQuantile(_ probability: Double, _ a: Double, _ b: Double) -> Double {
        inverse(
            a, b, logLower: Elementary.log1p(-probability), logUpper: Elementary.log(probability))
    }

    private static func inverse(
        _ a: Double, _ b: Double, logLower: Double, logUpper: Double
    ) -> Double {
        guard a > 0, b > 0, a.isFinite, b.isFinite else { return .nan }
        // In odds x/(1-x), which no end of the interval crowds.
        let odds = Quantile.positive(logLower: logLower, logUpper: logUpper) { odds in
            BetaFunction.tails(a, b, x: odds / (1 + odds), y: 1 / (1 + odds))
        } logDensity: { odds in
            Deviance.logBinomial(a, b, x: odds / (1 + odds), y: 1 / (1 + odds))
                + Elementary.log(a) + Elementary.log(b / (a + b)) - Elementary.log(odds)
        }
        return odds.isInfinite ? 1 : odds / (1 + odds)
    }
}
