/// Ranks from 1, with the mean rank for ties, of a sample and of its ties.
struct Ranks {
    let values: [Double]
    /// Σ t³ - t over groups of equal values.
    let tieTerm: Double

    init(_ sample: [Double]) {
        let order = sample.indices.sorted { sample[$0] < sample[$1] }
        var ranks = [Double](repeating: 0, count: sample.count)
        var (first, ties) = (0, 0.0)
        while first < order.count {
            var last = first
            while last + 1 < order.count, sample[order[last + 1]] == sample[order[first]] {
                last += 1
            }
            let rank = Double(first + last) / 2 + 1
            for index in first...last { ranks[order[index]] = rank }
            let count = Double(last - first + 1)
            ties += count * count * count - count
            first = last + 1
        }
        values = ranks
        tieTerm = ties
    }
}

/// Mann and Whitney 1947, in SciPy's conventions.
package enum MannWhitney {
    package enum Method: String, Sendable {
        case asymptotic, exact
        /// Exact where a sample has at most 8 values and there are no ties.
        case auto
    }

    /// U counts pairs in which x is larger, ties as half. `nil` for empty or unordered samples.
    package static func test(
        _ x: [Double], _ y: [Double], alternative: Alternative = .twoSided, method: Method = .auto,
        continuity: Bool = true
    ) -> ClassicalTest? {
        guard !x.isEmpty, !y.isEmpty, !(x + y).contains(where: \.isNaN) else { return nil }
        let ranks = Ranks(x + y)
        let (n1, n2) = (Double(x.count), Double(y.count))
        let u1 = ranks.values.prefix(x.count).reduce(0, +) - n1 * (n1 + 1) / 2
        let u2 = n1 * n2 - u1
        let u =
            switch alternative {
            case .twoSided: max(u1, u2)
            case .greater: u1
            case .less: u2
            }
        let isExact =
            method == .exact
            || (method == .auto && min(x.count, y.count) <= 8 && ranks.tieTerm == 0)
        let factor = alternative == .twoSided ? 2.0 : 1
        let upper: Double
        if isExact {
            upper = exactUpperTail(u, x.count, y.count)
        } else {
            let n = n1 + n2
            let spread = (n1 * n2 / 12 * (n + 1 - ranks.tieTerm / (n * (n - 1)))).squareRoot()
            let z = (u - n1 * n2 / 2 - (continuity ? 0.5 : 0)) / spread
            upper = z.isNaN ? 1 : NormalDistribution.sf(z)
        }
        // Too many pairs to count the orders of.
        guard !upper.isNaN else { return nil }
        return ClassicalTest(statistic: u1, pValue: min(1, factor * upper))
    }

    /// P(U >= u) without ties; U is symmetric around half of the pairs.
    static func exactUpperTail(_ u: Double, _ n1: Int, _ n2: Int) -> Double {
        let most = n1 * n2
        guard u > 0 else { return 1 }
        guard let least = Int(exactly: u.rounded(.down)), least <= most else { return 0 }
        let isFar = least > most - least
        guard
            let tail = RankSumLaw.lowerTail(isFar ? most - least : least - 1, n1, n2)
        else { return .nan }
        return isFar ? tail : 1 - tail
    }
}

/// Brunner and Munzel 2000: whether one of two values tends to be larger, for unlike variances.
package enum BrunnerMunzel {
    package enum Reference: String, Sendable { case t, normal }

    package static func test(
        _ x: [Double], _ y: [Double], alternative: Alternative = .twoSided,
        reference: Reference = .t
    ) -> ClassicalTest? {
        guard x.count > 1, y.count > 1, !(x + y).contains(where: \.isNaN) else { return nil }
        let all = Ranks(x + y).values
        func part(_ ranks: ArraySlice<Double>, _ own: [Double]) -> (mean: Double, s: Double) {
            let n = Double(own.count)
            let mean = ranks.reduce(0, +) / n
            let ownMean = own.reduce(0, +) / n
            let sum = zip(ranks, own).reduce(0.0) { sum, pair in
                let deviation = pair.0 - pair.1 - mean + ownMean
                return sum + deviation * deviation
            }
            return (mean, sum / (n - 1))
        }
        let (a, b) = (
            part(all.prefix(x.count), Ranks(x).values),
            part(all.dropFirst(x.count), Ranks(y).values)
        )
        let (n1, n2) = (Double(x.count), Double(y.count))
        let (v1, v2) = (n1 * a.s, n2 * b.s)
        let statistic = n1 * n2 * (b.mean - a.mean) / ((n1 + n2) * (v1 + v2).squareRoot())
        let df = (v1 + v2) * (v1 + v2) / (v1 * v1 / (n1 - 1) + v2 * v2 / (n2 - 1))
        let p =
            reference == .t
            ? alternative.student(-statistic, df: df) : alternative.normal(-statistic)
        return ClassicalTest(statistic: statistic, pValue: p, degreesOfFreedom: df)
    }
}

/// How far one sample is shifted against another, by the pairwise differences y - x.
package struct Shift: Sendable {
    private let differences: [Double]
    private let sizes: (Double, Double)

    /// `nil` for empty samples, or for more than 4 million pairs.
    package init?(_ x: [Double], _ y: [Double]) {
        guard !x.isEmpty, !y.isEmpty, x.count <= 4_000_000 / y.count else { return nil }
        differences = y.flatMap { y in x.map { y - $0 } }.sorted()
        sizes = (Double(x.count), Double(y.count))
    }

    /// The median difference (Hodges and Lehmann 1963).
    package var hodgesLehmann: Double {
        let middle = differences.count / 2
        return differences.count.isMultiple(of: 2)
            ? (differences[middle - 1] + differences[middle]) / 2 : differences[middle]
    }

    /// The interval between order statistics k and n - 1 - k, and k; `nil` for too few pairs.
    package func interval(
        confidence: Double
    ) -> (lower: Double, upper: Double, k: Int)? {
        let z = NormalDistribution.upperQuantile((1 - confidence) / 2)
        let (m, n) = sizes
        let index = (m * n / 2 - z * (m * n * (m + n + 1) / 12).squareRoot()).rounded(.down)
        guard let k = Int(exactly: index), k >= 0, k < differences.count else { return nil }
        return (differences[k], differences[differences.count - 1 - k], k)
    }
}
