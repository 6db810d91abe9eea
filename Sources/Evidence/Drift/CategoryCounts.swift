/// How often each category occurs in two samples; both sides know the same categories.
package struct CategoryCounts: Sendable, Hashable {
    /// Ascending.
    package let names: [String]
    package let reference: [Double]
    package let current: [Double]

    package init(reference: [String: Int], current: [String: Int]) {
        let names = Set(reference.keys).union(current.keys).sorted()
        self.names = names
        self.reference = names.map { Double(reference[$0] ?? 0) }
        self.current = names.map { Double(current[$0] ?? 0) }
    }

    /// Each distinct number is a category, ascending.
    package init(_ reference: SortedSample, _ current: SortedSample) {
        var (names, left, right) = ([String](), [Double](), [Double]())
        let (first, second) = (reference.values, current.values)
        var (i, j) = (0, 0)
        while i < first.count || j < second.count {
            let value =
                i == first.count
                ? second[j] : j == second.count ? first[i] : min(first[i], second[j])
            let (startI, startJ) = (i, j)
            while i < first.count, first[i] == value { i += 1 }
            while j < second.count, second[j] == value { j += 1 }
            names.append("\(value)")
            left.append(Double(i - startI))
            right.append(Double(j - startJ))
        }
        (self.names, self.reference, self.current) = (names, left, right)
    }

    private init(names: [String], reference: [Double], current: [Double]) {
        (self.names, self.reference, self.current) = (names, reference, current)
    }

    package var referenceTotal: Double { reference.reduce(0, +) }
    package var currentTotal: Double { current.reduce(0, +) }

    /// Categories whose expected count is below `least` on a side, folded into one named `Other`
    /// when there are several of them.
    package func folded(least: Double = 5) -> CategoryCounts {
        let (left, right) = (referenceTotal, currentTotal)
        var (names, first, second) = ([String](), [Double](), [Double]())
        var (rare, rareFirst, rareSecond) = (0, 0.0, 0.0)
        for (index, pair) in zip(reference, current).enumerated() {
            let share = (pair.0 + pair.1) / (left + right)
            if share * min(left, right) < least {
                rare += 1
                rareFirst += pair.0
                rareSecond += pair.1
            } else {
                names.append(self.names[index])
                first.append(pair.0)
                second.append(pair.1)
            }
        }
        guard rare > 1, rareFirst + rareSecond > 0 else { return self }
        return CategoryCounts(
            names: names + ["Other"], reference: first + [rareFirst],
            current: second + [rareSecond])
    }
}

/// A chi-squared statistic with its degrees of freedom.
package struct ChiSquaredResult: Sendable, Hashable {
    package let statistic: Double
    package let degreesOfFreedom: Int
    package var pValue: Double {
        if statistic.isNaN { return .nan }
        guard statistic < .infinity else { return 0 }
        return degreesOfFreedom > 0
            ? ChiSquared.sf(statistic, df: Double(degreesOfFreedom)) : 1
    }
}

extension CategoryCounts {
    /// Pearson's test that both samples have one distribution, over the 2 × k table.
    ///
    /// - Parameter yates: the correction for continuity, which `scipy.stats.chi2_contingency`
    ///   makes for k = 2.
    /// - Returns: `nil` when a side is empty.
    package func contingency(yates: Bool = true) -> ChiSquaredResult? {
        let (left, right) = (referenceTotal, currentTotal)
        guard left > 0, right > 0 else { return nil }
        let pairs = zip(reference, current).filter { $0.0 + $0.1 > 0 }
        var sum = 0.0
        for (r, c) in pairs {
            for (observed, total) in [(r, left), (c, right)] {
                let expected = (r + c) * total / (left + right)
                var difference = abs(observed - expected)
                if yates, pairs.count == 2 { difference -= min(0.5, difference) }
                sum += difference * difference / expected
            }
        }
        return ChiSquaredResult(statistic: sum, degreesOfFreedom: pairs.count - 1)
    }

    /// The current counts against the reference's shares as if those were exact (Evidently). A
    /// category that the reference lacks makes the statistic infinite.
    package func goodnessOfFit() -> ChiSquaredResult? {
        let (left, right) = (referenceTotal, currentTotal)
        guard left > 0, right > 0 else { return nil }
        var sum = 0.0
        for (r, c) in zip(reference, current) {
            let expected = r * (right / left)
            if expected > 0 {
                sum += (c - expected) * (c - expected) / expected
            } else if c > 0 {
                sum = .infinity
            }
        }
        return ChiSquaredResult(statistic: sum, degreesOfFreedom: names.count - 1)
    }

    /// The log-likelihood ratio 2 Σ c ln(c/r) against unscaled reference counts (Evidently's
    /// `g_test`). `nil` when the totals differ, which SciPy refuses.
    package func likelihoodRatio() -> ChiSquaredResult? {
        let (left, right) = (referenceTotal, currentTotal)
        guard left > 0, abs(left - right) <= 1.49e-8 * min(left, right) else { return nil }
        var sum = 0.0
        for (r, c) in zip(reference, current) where c > 0 {
            sum += r > 0 ? c * Elementary.log(c / r) : .infinity
        }
        return ChiSquaredResult(statistic: 2 * sum, degreesOfFreedom: names.count - 1)
    }

    /// Two-sided p-value of the pooled z-test that the first category is as frequent on both
    /// sides; 1 when there is only one category. `nil` when a side is empty.
    package func proportionsTest() -> Double? {
        let (left, right) = (referenceTotal, currentTotal)
        guard left > 0, right > 0, let r = reference.first, let c = current.first else {
            return nil
        }
        if names.count == 1 { return 1 }
        let (p1, p2) = (1 - r / left, 1 - c / right)
        let pooled = (left - r + right - c) / (left + right)
        let z = (p1 - p2) / (pooled * (1 - pooled) * (1 / left + 1 / right)).squareRoot()
        return z.isNaN ? 1 : 2 * NormalDistribution.sf(abs(z))
    }
}
