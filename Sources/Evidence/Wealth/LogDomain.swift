#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Arithmetic on logarithms of evidence. Finite input gives finite output.
package enum LogDomain {
    package static let log2 = 0.693_147_180_559_945_3

    /// Natural logarithm; what is not positive counts as the smallest positive number.
    package static func log(_ value: Double) -> Double {
        boundedLog(value)
    }

    /// log(1 + value); what is below -1 counts as just above it.
    package static func log1p(_ value: Double) -> Double {
        value > -1 ? boundedLog1p(value) : boundedLog(0)
    }

    /// e to the power, with the exponent held within ±700 so that the result is finite.
    package static func exp(_ exponent: Double) -> Double {
        boundedExp(min(max(exponent, -700), 700))
    }

    static func cosine(_ angle: Double) -> Double { boundedCosine(angle) }

    /// log(e^left + e^right)
    package static func logAddExp(_ left: Double, _ right: Double) -> Double {
        let (low, high) = left < right ? (left, right) : (right, left)
        return high + boundedLog1p(exp(low - high))
    }

    /// log of the sum of the exponentials; `nil` of nothing.
    package static func logSumExp(_ logs: [Double]) -> Double? {
        guard let high = logs.max() else { return nil }
        var sum = 0.0
        for log in logs { sum += exp(log - high) }
        return high + boundedLog(sum)
    }

    /// log of the mean of the exponentials: equal weights on each point of a grid. 0 of nothing.
    package static func logMeanExp(_ logs: [Double]) -> Double {
        (logSumExp(logs) ?? 0) - boundedLog(Double(max(logs.count, 1)))
    }

    /// The log-odds of a probability, which is kept off 0 and 1 first.
    package static func logit(_ probability: Double) -> Double {
        let inside = Probability.inside(probability)
        return boundedLog(inside) - boundedLog1p(-inside)
    }

    /// The probability with the given log-odds.
    package static func expit(_ logOdds: Double) -> Double {
        if logOdds >= 0 { return 1 / (1 + exp(-logOdds)) }
        let odds = exp(logOdds)
        return odds / (1 + odds)
    }

    /// log Γ(x) for x > 0, to about 1e-15 relative; Stirling's series after shifting x up.
    package static func logGamma(_ x: Double) -> Double {
        let x = max(x, .leastNormalMagnitude)
        return (x - 0.5) * boundedLog(x) - x + halfLogTwoPi + stirlingRemainder(x)
    }

    /// log Γ(x) - ((x - 1/2) log x - x + log(2π)/2): small, so that large terms can cancel exactly.
    static func stirlingRemainder(_ x: Double) -> Double {
        guard x < 16 else {
            let inverse = 1 / x
            let square = inverse * inverse
            var series = 0.0
            for coefficient in stirlingSeries.reversed() { series = series * square + coefficient }
            return series * inverse
        }
        // R(x) = R(x+1) + (x + 1/2) log(1 + 1/x) - 1
        var (remainder, shifted) = (0.0, x)
        while shifted < 16 {
            remainder += (shifted + 0.5) * boundedLog1p(1 / shifted) - 1
            shifted += 1
        }
        return remainder + stirlingRemainder(shifted)
    }

    private static let halfLogTwoPi = 0.918_938_533_204_672_8
    // Bernoulli numbers B_2k / (2k (2k - 1)): Abramowitz and Stegun 6.1.41.
    private static let stirlingSeries = [
        1.0 / 12, -1.0 / 360, 1.0 / 1_260, -1.0 / 1_680, 1.0 / 1_188, -691.0 / 360_360, 1.0 / 156,
    ]
}

/// Probabilities that can be divided by.
enum Probability {
    static let floor = 1e-12

    /// The nearest probability that is neither 0 nor 1; not-a-number counts as 1/2.
    static func inside(_ probability: Double) -> Double {
        guard !probability.isNaN else { return 0.5 }
        return min(max(probability, floor), 1 - floor)
    }

    /// A level of error that bounds can be computed for; not-a-number gives the strictest.
    static func level(_ alpha: Double) -> Double {
        guard !alpha.isNaN else { return floor }
        return min(max(alpha, floor), 0.5)
    }
}

private func boundedLog(_ value: Double) -> Double {
    log(min(max(value, .leastNormalMagnitude), .greatestFiniteMagnitude))
}
private func boundedLog1p(_ value: Double) -> Double { log1p(min(value, .greatestFiniteMagnitude)) }
private func boundedExp(_ exponent: Double) -> Double { exp(exponent) }
private func boundedCosine(_ angle: Double) -> Double { cos(angle) }
