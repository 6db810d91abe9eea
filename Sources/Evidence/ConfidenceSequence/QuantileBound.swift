/// Bounds for a quantile by order statistics (Howard and Ramdas 2022).
package struct QuantileBound: Sendable, Hashable {
    /// Which order statistics bound it, counted from 1. Outside 1...n there is no bound.
    package let lowerIndex: Int
    package let upperIndex: Int

    /// `nil` unless p is a probability and the radii are numbers that fit n.
    package init?(n: Int, p: Double, lowerRadius: Double, upperRadius: Double) {
        let t = Double(n)
        let lower = (t * (p - lowerRadius) + 1).rounded(.down)
        let upper = (t * (p + upperRadius)).rounded(.up)
        guard n > 0, p >= 0, p <= 1, let lower = Int(exactly: lower),
            let upper = Int(exactly: upper)
        else { return nil }
        lowerIndex = lower
        upperIndex = upper
    }

    /// The bounds among `sorted` values: infinite where there is none.
    package func interval(sorted: [Double]) -> ConfidenceInterval {
        let indices = 1...max(sorted.count, 1)
        func value(_ index: Int) -> Double? {
            indices.contains(index) && index <= sorted.count ? sorted[index - 1] : nil
        }
        return ConfidenceInterval(
            lower: value(lowerIndex) ?? -.infinity, upper: value(upperIndex) ?? .infinity)
    }

    /// For one quantile p chosen in advance (theorem 1 with the beta-binomial mixture): the
    /// boundaries below and above, as counts.
    package static func fixedBoundaries(
        n: Int, p: Double, alpha: Double, tunedTo: Double, tuningAlpha: Double = 0.05
    ) -> (lower: Double, upper: Double)? {
        guard p > 0, p < 1 else { return nil }
        func boundary(_ g: Double, _ h: Double) -> Double? {
            BetaBinomialMixture(
                tunedTo: p * (1 - p) * tunedTo, alpha: tuningAlpha, g: g, h: h, isOneSided: false
            ).boundary(v: p * (1 - p) * Double(n), alpha: alpha)
        }
        guard let lower = boundary(1 - p, p), let upper = boundary(p, 1 - p) else { return nil }
        return (lower, upper)
    }
}

/// Whether two samples have the same p-quantile (Howard and Ramdas 2022, theorem 5).
package struct QuantileComparison: Sendable {
    private struct Arm {
        let sorted: [Double]
        let plateau: ClosedRange<Double>
        let minimizer: Double
        let mixture: BetaBinomialMixture
        let p: Double

        init?(_ values: [Double], p: Double, mixture: BetaBinomialMixture) {
            let sorted = values.sorted()
            self.sorted = sorted
            self.mixture = mixture
            self.p = p
            let n = Double(sorted.count)
            let minimizer = Minimum.find(low: 0, high: 1, bits: 20) {
                Self.logWealth($0, n: n, p: p, mixture: mixture)
            }.place
            self.minimizer = minimizer
            let first = Int((minimizer * n).rounded(.up))
            let last = Int((minimizer * n).rounded(.down)) + 1
            guard sorted.indices.contains(first - 1), sorted.indices.contains(last - 1),
                sorted[first - 1] <= sorted[last - 1]
            else {
                guard sorted.indices.contains(first - 1) else { return nil }
                plateau = sorted[first - 1]...sorted[first - 1]
                return
            }
            plateau = sorted[first - 1]...sorted[last - 1]
        }

        static func logWealth(
            _ below: Double, n: Double, p: Double, mixture: BetaBinomialMixture
        ) -> Double {
            mixture.logValue(s: (below - p) * n, v: p * (1 - p) * n)
        }

        func countAtMost(_ x: Double) -> Int { count { $0 <= x } }
        func countBelow(_ x: Double) -> Int { count { $0 < x } }

        private func count(_ isBefore: (Double) -> Bool) -> Int {
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if isBefore(sorted[middle]) { low = middle + 1 } else { high = middle }
            }
            return low
        }

        func logWealth(at x: Double) -> Double {
            let n = Double(sorted.count)
            let below =
                x < plateau.lowerBound
                ? Double(countAtMost(x)) / n
                : x > plateau.upperBound ? Double(countBelow(x)) / n : minimizer
            return Self.logWealth(below, n: n, p: p, mixture: mixture)
        }
    }

    /// A p-value that stays valid however often one looks; `nil` for empty samples, values that
    /// are not numbers, or levels out of domain.
    package static func pValue(
        _ a: [Double], _ b: [Double], quantile p: Double, tunedTo: Double,
        tuningAlpha: Double = 0.05
    ) -> Double? {
        guard p > 0, p < 1, tunedTo > 0, tuningAlpha > 0, tuningAlpha < 1, !a.isEmpty, !b.isEmpty,
            !(a + b).contains(where: \.isNaN)
        else { return nil }
        let mixture = BetaBinomialMixture(
            tunedTo: tunedTo * p * (1 - p), alpha: tuningAlpha, g: p, h: 1 - p, isOneSided: false)
        guard let one = Arm(a, p: p, mixture: mixture), let two = Arm(b, p: p, mixture: mixture)
        else { return nil }
        let isOneFirst = one.plateau.upperBound <= two.plateau.upperBound
        let (first, second) = isOneFirst ? (one, two) : (two, one)
        // The sum is smallest at the edge of a plateau or at a value of the later sample.
        func sum(_ x: Double) -> Double { first.logWealth(at: x) + second.logWealth(at: x) }
        var least = min(sum(first.plateau.upperBound), sum(second.plateau.lowerBound))
        let start = max(1, second.countAtMost(first.plateau.upperBound))
        let end = second.countAtMost(second.plateau.lowerBound)
        var index = start
        while index <= end, second.sorted.indices.contains(index - 1) {
            let x = second.sorted[index - 1]
            least = min(least, sum(x))
            index = second.countAtMost(x) + 1
        }
        return min(1, Elementary.exp(-least))
    }
}
