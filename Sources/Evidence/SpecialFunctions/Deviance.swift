/// The two small terms that carry the precision of binomial and Poisson probabilities
/// (C. Loader, "Fast and accurate computation of binomial probabilities", 2000).
enum Deviance {
    /// x log(x/m) + m - x without cancellation, for x ≥ 0 and m > 0.
    static func poisson(_ x: Double, mean m: Double) -> Double {
        poisson(x, mean: m, difference: x - m)
    }

    /// The same, for a caller that knows x - m more exactly than x and m say.
    static func poisson(_ x: Double, mean m: Double, difference: Double) -> Double {
        guard x > 0 else { return m }
        if abs(difference) < 0.1 * (x + m) {
            let v = difference / (x + m)
            var sum = difference * v
            var power = 2 * x * v
            var j = 3.0
            while j < 200 {
                power *= v * v
                let next = sum + power / j
                if next == sum { break }
                sum = next
                j += 2
            }
            return sum
        }
        return x * Elementary.log(x / m) - difference
    }

    /// log of x^a e^-x / Γ(a+1) for a > 0, x > 0.
    static func logPoisson(_ a: Double, mean x: Double) -> Double {
        -LogDomain.stirlingRemainder(a) - poisson(a, mean: x) - 0.5 * Elementary.log(2 * .pi * a)
    }

    /// log of Γ(a+b+1)/(Γ(a+1)Γ(b+1)) x^a y^b with y = 1 - x, for a > 0, b > 0.
    static func logBinomial(_ a: Double, _ b: Double, x: Double, y: Double) -> Double {
        let n = a + b
        return LogDomain.stirlingRemainder(n) - LogDomain.stirlingRemainder(a)
            - LogDomain.stirlingRemainder(b) - poisson(a, mean: n * x) - poisson(b, mean: n * y)
            - 0.5 * (Elementary.log(2 * .pi * a) + Elementary.log(b / n))
    }
}

/// Both tails of a distribution function at one point, as logarithms.
package struct LogTails: Sendable, Hashable {
    /// log P(X ≤ x)
    package let lower: Double
    /// log P(X > x)
    package let upper: Double

    package var lowerProbability: Double {
        lower > -LogDomain.log2 ? -Elementary.expm1(upper) : Elementary.exp(lower)
    }
    package var upperProbability: Double {
        upper > -LogDomain.log2 ? -Elementary.expm1(lower) : Elementary.exp(upper)
    }

    init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }
    init(logLower: Double) {
        self.init(lower: min(logLower, 0), upper: Elementary.log1mexp(min(logLower, 0)))
    }
    init(logUpper: Double) {
        self.init(lower: Elementary.log1mexp(min(logUpper, 0)), upper: min(logUpper, 0))
    }

    static let nothingBelow = LogTails(lower: -.infinity, upper: 0)
    static let nothingAbove = LogTails(lower: 0, upper: -.infinity)
    static let undefined = LogTails(lower: .nan, upper: .nan)
}
