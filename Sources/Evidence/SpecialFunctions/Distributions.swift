/// Student's t with any positive, also non-integer, degrees of freedom.
package enum StudentT {
    package static func cdf(_ t: Double, df: Double) -> Double { sf(-t, df: df) }

    /// P(T > t)
    package static func sf(_ t: Double, df: Double) -> Double { tails(t, df: df).upperProbability }

    package static func tails(_ t: Double, df: Double) -> LogTails {
        guard df > 0, !t.isNaN else { return .undefined }
        if df.isInfinite || (df > 1e15) {
            return LogTails(
                lower: NormalDistribution.logCDF(t), upper: NormalDistribution.logSF(t))
        }
        if t.isInfinite { return t < 0 ? .nothingBelow : .nothingAbove }
        let square = t * t
        // P(|T| > |t|) = I_{df/(df+t²)}(df/2, 1/2)
        let both = BetaFunction.tails(
            df / 2, 0.5, x: df / (df + square), y: square.isInfinite ? 1 : square / (df + square)
        ).lower
        let beyond = LogTails(logUpper: both - LogDomain.log2)
        return t >= 0 ? beyond : LogTails(lower: beyond.upper, upper: beyond.lower)
    }

    package static func quantile(_ probability: Double, df: Double) -> Double {
        guard probability >= 0, probability <= 1, df > 0 else { return .nan }
        return probability > 0.5
            ? upperQuantile(1 - probability, df: df) : -upperQuantile(probability, df: df)
    }

    /// t with P(T > t) = probability.
    package static func upperQuantile(_ probability: Double, df: Double) -> Double {
        guard probability >= 0, probability <= 1, df > 0 else { return .nan }
        if probability == 0.5 { return 0 }
        if probability > 0.5 { return -upperQuantile(1 - probability, df: df) }
        if df > 1e15 { return NormalDistribution.upperQuantile(probability) }
        // T² / (df + T²) of the two tails together is Beta(1/2, df/2).
        let both = 2 * probability
        let x = BetaDistribution.quantile(both, df / 2, 0.5)
        let y = BetaDistribution.upperQuantile(both, 0.5, df / 2)
        return (df * y / x).squareRoot()
    }
}

package enum ChiSquared {
    package static func cdf(_ x: Double, df: Double) -> Double {
        x <= 0 ? 0 : GammaFunction.lower(df / 2, x / 2)
    }
    package static func sf(_ x: Double, df: Double) -> Double {
        x <= 0 ? 1 : GammaFunction.upper(df / 2, x / 2)
    }
    package static func quantile(_ probability: Double, df: Double) -> Double {
        2 * GammaFunction.inverseLower(df / 2, probability)
    }
    package static func upperQuantile(_ probability: Double, df: Double) -> Double {
        2 * GammaFunction.inverseUpper(df / 2, probability)
    }
}

/// Fisher's F.
package enum FisherF {
    package static func cdf(_ f: Double, _ df1: Double, _ df2: Double) -> Double {
        f <= 0 ? 0 : tails(f, df1, df2).lowerProbability
    }
    package static func sf(_ f: Double, _ df1: Double, _ df2: Double) -> Double {
        f <= 0 ? 1 : tails(f, df1, df2).upperProbability
    }
    package static func quantile(_ probability: Double, _ df1: Double, _ df2: Double) -> Double {
        let x = BetaDistribution.quantile(probability, df1 / 2, df2 / 2)
        let y = BetaDistribution.upperQuantile(probability, df2 / 2, df1 / 2)
        return df2 / df1 * x / y
    }
    private static func tails(_ f: Double, _ df1: Double, _ df2: Double) -> LogTails {
        let sum = df1 * f + df2
        return BetaFunction.tails(df1 / 2, df2 / 2, x: df1 * f / sum, y: df2 / sum)
    }
}
