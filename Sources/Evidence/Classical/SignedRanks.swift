/// Wilcoxon 1945 on differences within pairs, in SciPy's conventions.
package enum SignedRanks {
    package enum Method: String, Sendable {
        case asymptotic, exact
        /// Exact for at most 50 differences without ties or zeros, or for at most 13 with some.
        case auto
    }

    /// What becomes of differences of zero.
    package enum Zeros: String, Sendable {
        /// They are left out.
        case wilcox
        /// They are ranked, and their ranks left out (Pratt 1959).
        case pratt
        /// They are ranked; each sign gets half.
        case zsplit
    }

    /// The statistic is the sum of the positive ranks, two-sided the smaller sum.
    /// `nil` for no differences, or unordered ones.
    package static func test(
        _ differences: [Double], alternative: Alternative = .twoSided, method: Method = .auto,
        zeros: Zeros = .wilcox, continuity: Bool = true
    ) -> ClassicalTest? {
        guard !differences.contains(where: \.isNaN) else { return nil }
        let zeroCount = differences.count { $0 == 0 }
        let kept = zeros == .wilcox ? differences.filter { $0 != 0 } : differences
        guard !kept.isEmpty, zeroCount < differences.count else { return nil }
        let ranks = Ranks(kept.map(\.magnitude))
        var (plus, minus) = (0.0, 0.0)
        for (difference, rank) in zip(kept, ranks.values) {
            if difference > 0 { plus += rank }
            if difference < 0 { minus += rank }
            if difference == 0, zeros == .zsplit {
                plus += rank / 2
                minus += rank / 2
            }
        }
        let statistic = alternative == .twoSided ? min(plus, minus) : plus
        let isPlain = ranks.tieTerm == 0 && zeroCount == 0
        let p: Double?
        switch method {
        case .exact: p = exact(plus, kept.count, alternative)
        case .asymptotic:
            p = asymptotic(plus, kept, ranks, zeros, alternative, continuity: continuity)
        case .auto:
            if differences.count <= 50, isPlain {
                p = exact(plus, kept.count, alternative)
            } else if differences.count <= 13 {
                p = permuted(plus, kept, ranks.values, zeros, alternative)
            } else {
                p = asymptotic(plus, kept, ranks, zeros, alternative, continuity: continuity)
            }
        }
        return p.map { ClassicalTest(statistic: statistic, pValue: $0) }
    }

    private static func exact(_ plus: Double, _ n: Int, _ alternative: Alternative) -> Double? {
        // A sum that is not whole is rounded away from the tail.
        guard n <= 2_000, let up = Int(exactly: plus.rounded(.up)),
            let down = Int(exactly: plus.rounded(.down))
        else { return nil }
        let less = RankSumLaw.signedLowerTail(up, n)
        let more = RankSumLaw.signedLowerTail(n * (n + 1) / 2 - down, n)
        switch alternative {
        case .less: return less
        case .greater: return more
        case .twoSided: return min(1, 2 * min(less, more))
        }
    }

    private static func asymptotic(
        _ plus: Double, _ kept: [Double], _ ranks: Ranks, _ zeros: Zeros,
        _ alternative: Alternative, continuity: Bool
    ) -> Double? {
        let n = Double(kept.count)
        var mean = n * (n + 1) / 4
        var square = n * (n + 1) * (2 * n + 1)
        var ties = ranks.tieTerm
        if zeros == .pratt {
            // Cureton 1967.
            let none = Double(kept.count { $0 == 0 })
            mean -= none * (none + 1) / 4
            square -= none * (none + 1) * (2 * none + 1)
            ties -= none * none * none - none
        }
        let spread = ((square - ties / 2) / 24).squareRoot()
        guard spread > 0 else { return nil }
        var z = (plus - mean) / spread
        if continuity {
            let sign: Double
            switch alternative {
            case .greater: sign = 1
            case .less: sign = -1
            case .twoSided: sign = z > 0 ? 1 : z < 0 ? -1 : 0
            }
            z -= sign * 0.5 / spread
        }
        return alternative.normal(z)
    }

    /// All ways to sign the differences.
    private static func permuted(
        _ plus: Double, _ kept: [Double], _ ranks: [Double], _ zeros: Zeros,
        _ alternative: Alternative
    ) -> Double {
        let half = zeros == .zsplit ? 0.5 : 0
        let base = zip(kept, ranks).reduce(0.0) { $0 + ($1.0 == 0 ? half * $1.1 : 0) }
        let signed = zip(kept, ranks).filter { $0.0 != 0 }.map(\.1)
        var (less, more) = (0, 0)
        let ways = 1 << signed.count
        for way in 0..<ways {
            let sum = signed.indices.reduce(base) { $0 + (way >> $1 & 1 == 1 ? signed[$1] : 0) }
            if sum <= plus { less += 1 }
            if sum >= plus { more += 1 }
        }
        let (low, high) = (Double(less) / Double(ways), Double(more) / Double(ways))
        switch alternative {
        case .less: return low
        case .greater: return high
        case .twoSided: return min(1, 2 * min(low, high))
        }
    }
}
