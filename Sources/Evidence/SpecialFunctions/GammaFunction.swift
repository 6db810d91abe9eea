/// Γ and its incomplete relatives. Arguments out of domain give not-a-number.
package enum GammaFunction {
    /// log Γ(x), x > 0
    package static func log(_ x: Double) -> Double {
        x > 0 ? (x.isInfinite ? x : LogDomain.logGamma(x)) : .nan
    }

    /// P(a, x), the regularised lower incomplete gamma function; a > 0, x ≥ 0.
    package static func lower(_ a: Double, _ x: Double) -> Double { tails(a, x).lowerProbability }

    /// Q(a, x) = 1 - P(a, x)
    package static func upper(_ a: Double, _ x: Double) -> Double { tails(a, x).upperProbability }

    /// log P and log Q (series and continued fraction: DLMF 8.11.4 and 8.9.2; Temme 1979 for large
    /// a near x). The smaller of the two has full relative precision however far in the tail.
    package static func tails(_ a: Double, _ x: Double) -> LogTails {
        guard a > 0, a.isFinite, x >= 0 else { return .undefined }
        if x == 0 { return .nothingBelow }
        if x.isInfinite { return .nothingAbove }
        if a >= 1e5, abs(x - a) <= 0.1 * a { return temme(a, x) }
        let logPower = Deviance.logPoisson(a, mean: x)
        if x < a + 1 {
            var (sum, term, k) = (1.0, 1.0, a + 1)
            for _ in 0..<limit {
                term *= x / k
                sum += term
                k += 1
                if term < sum * .ulpOfOne / 4 { break }
            }
            return LogTails(logLower: logPower + Elementary.log(sum))
        }
        // Lentz's evaluation, as modified by Thompson and Barnett.
        var b = x + 1 - a
        var (c, d) = (1 / tiny, 1 / b)
        var h = d
        for i in 1..<limit {
            let an = -Double(i) * (Double(i) - a)
            b += 2
            d = awayFromZero(an * d + b)
            c = awayFromZero(b + an / c)
            d = 1 / d
            h *= d * c
            if abs(d * c - 1) < .ulpOfOne { break }
        }
        return LogTails(logUpper: logPower + Elementary.log(a) + Elementary.log(h))
    }

    /// x with P(a, x) = probability.
    package static func inverseLower(_ a: Double, _ probability: Double) -> Double {
        quantile(a, logLower: Elementary.log(probability), logUpper: Elementary.log1p(-probability))
    }

    /// x with Q(a, x) = probability.
    package static func inverseUpper(_ a: Double, _ probability: Double) -> Double {
        quantile(a, logLower: Elementary.log1p(-probability), logUpper: Elementary.log(probability))
    }

    private static func quantile(_ a: Double, logLower: Double, logUpper: Double) -> Double {
        guard a > 0, a.isFinite else { return .nan }
        return Quantile.positive(logLower: logLower, logUpper: logUpper) {
            tails(a, $0)
        } logDensity: {
            Deviance.logPoisson(a, mean: $0) + Elementary.log(a / $0)
        }
    }

    /// Temme's uniform expansion, DLMF 8.12.3 to 8.12.7, to terms of a^-2.
    private static func temme(_ a: Double, _ x: Double) -> LogTails {
        let exponent = Deviance.poisson(a, mean: x)
        let eta = (x < a ? -1 : 1) * (2 * exponent / a).squareRoot()
        let series = (polynomial(c0, eta) + (polynomial(c1, eta) + polynomial(c2, eta) / a) / a)
        let logScale = -exponent - 0.5 * Elementary.log(2 * .pi * a)
        let z = eta * a.squareRoot()
        // The remainder is taken relative to the smaller tail, which both terms decay with.
        let logTail = NormalDistribution.logCDF(-abs(z))
        let sign = z >= 0 ? 1.0 : -1.0
        let ratio = sign * series * Elementary.exp(logScale - logTail)
        let log = logTail + Elementary.log1p(ratio)
        return z >= 0 ? LogTails(logUpper: log) : LogTails(logLower: log)
    }

    private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
        coefficients.reversed().reduce(0) { $0 * x + $1 }
    }

    private static let c0 = [
        -0.333_333_333_333_333_3, 0.083_333_333_333_333_33, -0.014_814_814_814_814_815,
        0.001_157_407_407_407_407_4, 3.527_336_860_670_194e-4, -1.787_551_440_329_218_2e-4,
        3.919_263_178_522_438e-5, -2.185_448_510_679_992e-6, -1.854_062_210_715_16e-6,
        8.296_711_340_953_086e-7, -1.766_595_273_682_608e-7, 6.707_853_543_401_498e-9,
    ]
    private static let c1 = [
        -0.001_851_851_851_851_852, -0.003_472_222_222_222_222, 0.002_645_502_645_502_645_5,
        -9.902_263_374_485_597e-4, 2.057_613_168_724_28e-4, -4.018_775_720_164_609e-7,
        -1.809_855_033_448_998e-5, 7.649_160_916_081_11e-6,
    ]
    private static let c2 = [
        0.004_133_597_883_597_883_6, -0.002_681_327_160_493_827, 7.716_049_382_716_049e-4,
        2.009_387_860_082_304_5e-6, -1.073_665_322_636_516e-4,
    ]

    static let tiny = 1e-300
    static let limit = 2_000_000

    static func awayFromZero(_ x: Double) -> Double { abs(x) < tiny ? tiny : x }
}
