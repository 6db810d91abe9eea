/// Tests of counts in tables.
package enum ContingencyTests {
    /// Independence of rows and columns, with Yates' correction where there is one degree of
    /// freedom. `nil` for a table with an empty row or column.
    package static func chiSquared(
        _ table: [[Double]], correction: Bool = true
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
        var statistic = 0.0
        for (observed, asked) in zip(table.flatMap(\.self), expected.flatMap(\.self)) {
            var difference = abs(observed - asked)
            if correction, df == 1 { difference -= min(0.5, difference) }
            statistic += difference * difference / asked
        }
        let p = df == 0 ? 1 : ChiSquared.sf(statistic, df: df)
        let test = ClassicalTest(statistic: statistic, pValue: p, degreesOfFreedom: df)
        return (test, expected)
    }

    /// Whether counts follow given shares of any scale.
    package static func goodnessOfFit(_ observed: [Double], shares: [Double]) -> ClassicalTest? {
        let (total, scale) = (observed.reduce(0, +), shares.reduce(0, +))
        guard observed.count == shares.count, observed.count > 1, scale > 0,
            shares.allSatisfy({ $0 > 0 })
        else { return nil }
        let statistic = zip(observed, shares).reduce(0.0) { sum, pair in
            let asked = total * pair.1 / scale
            return sum + (pair.0 - asked) * (pair.0 - asked) / asked
        }
        let df = Double(observed.count - 1)
        return ClassicalTest(
            statistic: statistic, pValue: ChiSquared.sf(statistic, df: df), degreesOfFreedom: df)
    }

    /// Fisher 1935 for [[a, b], [c, d]]; the statistic is the odds ratio ad/bc.
    package static func fisher(
        _ a: Int, _ b: Int, _ c: Int, _ d: Int, alternative: Alternative = .twoSided
    ) -> ClassicalTest? {
        guard min(a, b, c, d) >= 0, a + b > 0, c + d > 0, a + c > 0, b + d > 0 else { return nil }
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
        guard b >= 0, c >= 0, b + c > 0 else { return nil }
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
