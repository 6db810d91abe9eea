/// How far two proportions are apart, as other than the difference of `TwoProportions`.
package enum RatesApart: String, Sendable, CaseIterable {
    case difference = "diff"
    case ratio
    case oddsRatio = "odds-ratio"

    /// What equal rates give.
    package var ofEqualRates: Double { self == .difference ? 0 : 1 }

    func value(_ p1: Double, _ p2: Double) -> Double {
        switch self {
        case .difference: p1 - p2
        case .ratio: p1 / p2
        case .oddsRatio: p1 / (1 - p1) / p2 * (1 - p2)
        }
    }
}

extension TwoProportions {
    /// What is added to counts so that logarithms of small ones behave.
    package enum Adjustment: Sendable, Hashable, CaseIterable {
        case plain
        /// One success and one failure each for differences (Agresti and Caffo 2000), half a count
        /// for ratios (Haldane 1956).
        case added
        /// Two observations in all, spread as if both rates were equal (Agresti 1999).
        case smoothed
    }

    /// The test of Wald: the distance from `value` over its standard error as estimated; ratios on
    /// the scale of logarithms. `nil` where a count of zero leaves no error.
    package func waldTest(
        _ apart: RatesApart, value: Double, alternative: Alternative = .twoSided,
        adjustment: Adjustment = .plain
    ) -> ClassicalTest? {
        guard let (middle, spread) = wald(apart, adjustment), spread > 0 else { return nil }
        let z: Double
        if apart == .difference {
            z = (middle - value) / spread
        } else {
            guard value > 0 else { return nil }
            z = (middle - LogDomain.log(value)) / spread
        }
        return ClassicalTest(statistic: z, pValue: alternative.normal(z))
    }

    /// The interval that belongs to `waldTest`.
    package func waldInterval(
        _ apart: RatesApart, confidence: Double, adjustment: Adjustment = .plain
    ) -> (lower: Double, upper: Double)? {
        guard let (middle, spread) = wald(apart, adjustment) else { return nil }
        let half = NormalDistribution.upperQuantile((1 - confidence) / 2) * spread
        if apart == .difference { return (middle - half, middle + half) }
        return (Elementary.exp(middle - half), Elementary.exp(middle + half))
    }

    private func wald(
        _ apart: RatesApart, _ adjustment: Adjustment
    ) -> (middle: Double, spread: Double)? {
        let (more, trials): ((Double, Double), (Double, Double))
        switch adjustment {
        case .plain: (more, trials) = ((0, 0), (0, 0))
        case .added:
            let each = apart == .difference ? 1 : 0.5
            // A ratio gets half a success and no failure.
            let both = apart == .ratio ? each : 2 * each
            (more, trials) = ((each, each), (both, both))
        case .smoothed:
            let n = first.n + second.n
            let rate = (first.k + second.k) / n
            let (part1, part2) = (2 * first.n / n, 2 * second.n / n)
            (more, trials) = ((part1 * rate, part2 * rate), (part1, part2))
        }
        let (k1, k2) = (first.k + more.0, second.k + more.1)
        let (n1, n2) = (first.n + trials.0, second.n + trials.1)
        let (p1, p2) = (k1 / n1, k2 / n2)
        let (middle, variance): (Double, Double)
        switch apart {
        case .difference:
            (middle, variance) = (p1 - p2, p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
        case .ratio:
            (middle, variance) = (Elementary.log(p1 / p2), 1 / k1 - 1 / n1 + 1 / k2 - 1 / n2)
        case .oddsRatio:
            (middle, variance) = (
                Elementary.log(apart.value(p1, p2)),
                1 / k1 + 1 / (n1 - k1) + 1 / k2 + 1 / (n2 - k2)
            )
        }
        guard variance >= 0, variance.isFinite, middle.isFinite else { return nil }
        return (middle, variance.squareRoot())
    }
}
