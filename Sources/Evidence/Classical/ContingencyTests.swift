/// Tests of counts in tables.
package enum ContingencyTests {
    /// How observed and expected counts are compared (Cressie and Read 1984): 1 is Pearson's χ²,
    /// 0 the likelihood ratio G, -1/2 Freeman and Tukey's, -1 modified G, -2 Neyman's, 2/3 their own.
    package static func divergence(
        _ observed: [Double], _ expected: [Double], power: Double = 1
    ) -> Double {
        zip(observed, expected).reduce(0.0) { sum, pair in
            let (o, e) = pair
            switch power {
            case 1: return sum + (o - e) * (o - e) / e
            case 0: return sum + (o > 0 ? 2 * o * Elementary.log(o / e) : 0)
            case -1: return sum + 2 * e * Elementary.log(e / o)
            default:
                return sum + 2 / (power * (power + 1)) * o
                    * (Elementary.power(o / e, power) - 1)
            }
        }
    }

    /// Independence of rows and columns, with Yates' correction where there is one degree of
    /// freedom. `nil` for a table with an empty row or column.
    package static func chiSquared(
        _ table: [[Double]], correction: Bool = true, power: Double = 1
    ) -> (test: ClassicalTest, expected: [[Double]])? {
        guard let width = table.first?.count, width > 0,
            table.allSatisfy({ $0.count == width && $0.allSatisfy { $0 >= 0 && $0.isFinite } })
        else { return nil }
        let rows = table.map { $0.reduce(0, +) }
        let columns = (0..<width).map { column in table.reduce(0) { $0 + $1[column] } }
        let total = rows.reduce(0, +)
        guard rows.allSatisfy({ $0 > 0 }), columns.allSatisfy({ $0 > 0 }) else { return nil }
        let expected = rows.map { row in columns.map { row * $0 / total } }
        let df = Double((table.count - 1) * (width - 1))
        let asked = expected.flatMap(\.self)
        let observed = zip(table.flatMap(\.self), asked).map { observed, asked in
            guard correction, df == 1 else { return observed }
            let difference = asked - observed
            return observed + (difference < 0 ? -1 : 1) * min(0.5, abs(difference))
        }
        let statistic = df == 0 ? 0 : divergence(observed, asked, power: power)
        let p = df == 0 ? 1 : ChiSquared.sf(statistic, df: df)
        let test = ClassicalTest(statistic: statistic, pValue: p, degreesOfFreedom: df)
        return (test, expected)
    }

    /// Whether counts follow given shares of any scale.
    ///
    /// - Parameter estimated: how many parameters of the shares come from the same counts.
    package static func goodnessOfFit(
        _ observed: [Double], shares: [Double], estimated: Int = 0, power: Double = 1
    ) -> ClassicalTest? {
        let (total, scale) = (observed.reduce(0, +), shares.reduce(0, +))
        guard observed.count == shares.count, estimated >= 0, observed.count > 1 + estimated,
            scale > 0, shares.allSatisfy({ $0 > 0 })
        else { return nil }
        let statistic = divergence(
            observed, shares.map { total * $0 / scale }, power: power)
        let df = Double(observed.count - 1 - estimated)
        return ClassicalTest(
            statistic: statistic, pValue: ChiSquared.sf(statistic, df: df), degreesOfFreedom: df)
    }

    /// Fisher 1935 for [[a, b], [c, d]]; the statistic is the odds ratio ad/bc, not-a-number where
    /// a row or column is empty.
    package static func fisher(
        _ a: Int, _ b: Int, _ c: Int, _ d: Int, alternative: Alternative = .twoSided
    ) -> ClassicalTest? {
        guard min(a, b, c, d) >= 0 else { return nil }
        guard min(a + b, c + d, a + c, b + d) > 0 else {
            return ClassicalTest(statistic: .nan, pValue: 1)
        }
        let odds = Double(a) * Double(d) / (Double(b) * Double(c))
        guard
            let law = HypergeometricDistribution(total: a + b + c + d, marked: a + b, drawn: a + c)
        else { return nil }
        let p: Double
        switch alternative {
        case .less: p = law.cdf(a)
        case .greater: p = law.sf(a - 1)
        case .twoSided:
            let limit = law.logPMF(a) + 1e-9
            p = law.support.reduce(0.0) { sum, k in
                let log = law.logPMF(k)
                return log <= limit ? sum + LogDomain.exp(log) : sum
            }
        }
        return ClassicalTest(statistic: odds, pValue: min(1, p))
    }

    /// McNemar 1947 on the two discordant counts of a paired table.
    package static func mcNemar(
        _ b: Int, _ c: Int, exact: Bool, correction: Bool = true
    ) -> ClassicalTest? {
        guard b >= 0, c >= 0, exact || b + c > 0 else { return nil }
        if exact, b + c == 0 { return ClassicalTest(statistic: 0, pValue: 1) }
        if exact {
            let less = min(b, c)
            return ClassicalTest(
                statistic: Double(less),
                pValue: min(1, 2 * BinomialDistribution.cdf(less, n: b + c, p: 0.5)))
        }
        let difference = abs(Double(b) - Double(c)) - (correction ? 1 : 0)
        let statistic = difference * difference / Double(b + c)
        return ClassicalTest(
            statistic: statistic, pValue: ChiSquared.sf(statistic, df: 1), degreesOfFreedom: 1)
    }

    /// Events of two arms with different exposures: given the total, the first arm's are binomial.
    package static func rateRatio(
        events: (Int, Int), exposure: (Double, Double), alternative: Alternative = .greater
    ) -> Double? {
        guard let counts = Successes(events.0, of: events.0 + events.1),
            exposure.0 > 0, exposure.1 > 0
        else { return nil }
        return counts.binomialTest(
            rate: exposure.0 / (exposure.0 + exposure.1), alternative: alternative)
    }
}
