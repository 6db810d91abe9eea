extension TwoProportions {
    /// The likeliest pair of rates that are apart by a value.
    package typealias NullRates = @Sendable (TwoProportions, Double) -> (Double, Double)

    /// The score test of a difference, ratio or odds ratio against `value` (Miettinen and Nurminen
    /// 1985; for differences without `correction` Farrington and Manning 1990).
    ///
    /// - Parameter nullRates: where a difference's rates under the null hypothesis come from; by
    ///   default where the likelihood is largest.
    package func scoreTest(
        _ apart: RatesApart, value: Double, alternative: Alternative = .twoSided,
        correction: Bool = true, nullRates: NullRates? = nil
    ) -> ClassicalTest? {
        let z: Double
        let n = first.n + second.n
        let factor = correction ? n / (n - 1) : 1
        switch apart {
        case .difference:
            guard abs(value) < 1 else { return nil }
            let (p1, p2) = nullRates.map { $0(self, value) } ?? constrained(value)
            let variance = p1 * (1 - p1) / first.n + p2 * (1 - p2) / second.n
            z = (first.rate - second.rate - value) / (variance * factor).squareRoot()
        case .ratio:
            guard value > 0 else { return nil }
            let (p1, p2) = constrained(ratio: value)
            let variance =
                p1 * (1 - p1) / first.n + value * value * p2 * (1 - p2) / second.n
            z = (first.rate - value * second.rate) / (variance * factor).squareRoot()
        case .oddsRatio:
            guard value > 0 else { return nil }
            let (p1, p2) = constrained(odds: value)
            let (s1, s2) = (p1 * (1 - p1), p2 * (1 - p2))
            let variance = 1 / (s1 * first.n) + 1 / (s2 * second.n)
            z =
                ((first.rate - p1) / s1 - (second.rate - p2) / s2)
                / (variance * factor).squareRoot()
        }
        return z.isNaN ? nil : ClassicalTest(statistic: z, pValue: alternative.normal(z))
    }

    /// All values that the two-sided score test does not reject.
    package func scoreInterval(
        _ apart: RatesApart, confidence: Double, correction: Bool = true,
        nullRates: NullRates? = nil
    ) -> (lower: Double, upper: Double)? {
        let bound = NormalDistribution.upperQuantile((1 - confidence) / 2)
        let middle = apart.value(first.rate, second.rate)
        guard middle.isFinite, bound.isFinite else { return nil }
        func excess(_ value: Double) -> Double {
            let test = scoreTest(
                apart, value: value, correction: correction, nullRates: nullRates)
            return (test?.statistic.magnitude ?? .nan) - bound
        }
        if apart == .difference {
            guard let low = limit(from: middle, excess, outwards: { max(-1, middle - $0) }),
                let high = limit(from: middle, excess, outwards: { min(1, middle + $0) })
            else { return nil }
            return (low, high)
        }
        // From no successes, the search begins at what one would be.
        let start =
            middle > 0 ? middle : apart.value(0.5 / first.n, max(second.rate, 0.5 / second.n))
        guard let high = limit(from: start, excess, outwards: { start * (1 + 16 * $0) }) else {
            return nil
        }
        if middle == 0 { return (0, high) }
        return limit(from: middle, excess, outwards: { middle / (1 + 16 * $0) }).map { ($0, high) }
    }

    /// Goes outwards in growing steps until a value is rejected, then back to the last that is not.
    private func limit(
        from middle: Double, _ excess: (Double) -> Double, outwards: (Double) -> Double
    ) -> Double? {
        var (inside, step) = (middle, 1e-3)
        for _ in 0..<400 {
            let outside = outwards(step)
            let found = excess(outside)
            if found.isNaN { return nil }
            if found > 0 {
                return Root.find(low: min(inside, outside), high: max(inside, outside), excess)
            }
            inside = outside
            step *= 1.2
        }
        return nil
    }

    private func constrained(ratio: Double) -> (Double, Double) {
        let n = first.n + second.n
        if ratio == 1 {
            let pooled = (first.k + second.k) / n
            return (pooled, pooled)
        }
        let (a, c) = (n * ratio, first.k + second.k)
        let b = first.n * ratio + first.k + second.n + second.k * ratio
        // 2c/(b + √…) rather than (b - √…)/2a, which would cancel.
        let p2 = 2 * c / (b + max(0, b * b - 4 * a * c).squareRoot())
        return (p2 * ratio, p2)
    }

    private func constrained(odds: Double) -> (Double, Double) {
        let count = first.k + second.k
        let pooled = count / (first.n + second.n)
        var p2 = pooled
        if odds != 1 {
            let a = second.n * (odds - 1)
            let b = first.n * odds + second.n - count * (odds - 1)
            p2 = 2 * count / (b + (b * b + 4 * a * count).squareRoot())
        }
        let p1 = p2 * odds / (1 + p2 * (odds - 1))
        // A rate of 0 or 1 has no odds.
        let edge = 1e-10
        return (min(max(p1, edge), 1 - edge), min(max(p2, edge), 1 - edge))
    }
}
