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
    /// (continued fraction DLMF 8.17.22, after the symmetry 8.17.4).
    package static func tails(_ a: Double, _ b: Double, x: Double, y: Double) -> LogTails {
        guard a > 0, b > 0, a.isFinite, b.isFinite, x >= 0, y >= 0, x <= 1, y <= 1 else {
            return .undefined
        }
        if x == 0 { return .nothingBelow }
        if y == 0 { return .nothingAbove }
        let logPower = Deviance.logBinomial(a, b, x: x, y: y) - Elementary.log(a + b)
        if x * (a + b + 2) < a + 1 {
            return LogTails(
                logLower: logPower + Elementary.log(b * fraction(a, b, x)))
        }
        return LogTails(logUpper: logPower + Elementary.log(a * fraction(b, a, y)))
    }

    private static func fraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
        typealias G = GammaFunction
        var c = 1.0
        var d = 1 / G.awayFromZero(1 - (a + b) * x / (a + 1))
        var h = d
        for i in 1..<G.limit {
            let m = Double(i)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 / G.awayFromZero(1 + even * d)
            c = G.awayFromZero(1 + even / c)
            h *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 / G.awayFromZero(1 + odd * d)
            c = G.awayFromZero(1 + odd / c)
            h *= d * c
            if abs(d * c - 1) < .ulpOfOne { break }
        }
        return h
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
