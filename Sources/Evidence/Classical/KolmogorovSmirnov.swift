/// Kolmogorov and Smirnov: the largest distance of two distribution functions, as SciPy's ks_2samp.
package enum KolmogorovSmirnov {
    package enum Method: String, Sendable {
        case exact
        case asymptotic = "asymp"
        /// Exact for at most 10,000 values in the larger sample.
        case auto
    }

    /// D of two sorted samples: the largest F_x - F_y (greater), F_y - F_x (less), or either.
    package static func distance(
        sorted x: [Double], _ y: [Double], alternative: Alternative = .twoSided
    ) -> Double? {
        guard !x.isEmpty, !y.isEmpty else { return nil }
        let (n1, n2) = (Double(x.count), Double(y.count))
        var (i, j, above, below) = (0, 0, 0.0, 0.0)
        while i < x.count, j < y.count {
            let value = min(x[i], y[j])
            while i < x.count, x[i] <= value { i += 1 }
            while j < y.count, y[j] <= value { j += 1 }
            let difference = Double(i) / n1 - Double(j) / n2
            above = max(above, difference)
            below = max(below, -difference)
            // Not-a-number compares with nothing; it must not stop the walk.
            if value.isNaN { return nil }
        }
        switch alternative {
        case .greater: return above
        case .less: return below
        case .twoSided: return max(above, below)
        }
    }

    /// `nil` for an empty sample or one that holds not-a-number.
    package static func test(
        _ x: [Double], _ y: [Double], alternative: Alternative = .twoSided, method: Method = .auto
    ) -> ClassicalTest? {
        guard !(x + y).contains(where: \.isNaN),
            let d = distance(sorted: x.sorted(), y.sorted(), alternative: alternative)
        else { return nil }
        return ClassicalTest(
            statistic: d,
            pValue: pValue(d, x.count, y.count, alternative: alternative, method: method))
    }

    package static func pValue(
        _ d: Double, _ n1: Int, _ n2: Int, alternative: Alternative = .twoSided,
        method: Method = .auto
    ) -> Double {
        let isExact = method == .exact || (method == .auto && max(n1, n2) <= 10_000)
        return isExact
            ? exact(d, n1, n2, alternative: alternative)
            : asymptotic(d, n1, n2, alternative: alternative)
    }

    private static func asymptotic(
        _ d: Double, _ n1: Int, _ n2: Int, alternative: Alternative
    ) -> Double {
        let (m, n) = (Double(max(n1, n2)), Double(min(n1, n2)))
        let effective = m * n / (m + n)
        guard alternative == .twoSided else {
            // Hodges 1958, equation 5.3.
            let z = effective.squareRoot() * d
            let correction = 2 * z * (m + 2 * n) / (m * n * (m + n)).squareRoot() / 3
            return min(1, LogDomain.exp(-2 * z * z - correction))
        }
        // The exact law of one sample of the effective size. Half goes to even, as in Python.
        let size = Int(exactly: effective.rounded(.toNearestOrEven)) ?? n1
        return KolmogorovDistribution.exactSF(d, n: max(size, 1))
    }

    /// Walks the lattice of merged orders; those that leave the band never come back into the sum.
    private static func exact(
        _ d: Double, _ n1: Int, _ n2: Int, alternative: Alternative
    ) -> Double {
        let common = greatestDivisor(n1, n2)
        let (a, b) = (n1 / common, n2 / common)
        let (least, overflow) = a.multipliedReportingOverflow(by: n2)
        guard !overflow, let h = Int(exactly: (d * Double(least)).rounded(.toNearestOrEven)) else {
            return asymptotic(d, n1, n2, alternative: alternative)
        }
        guard h > 0 else { return 1 }
        // x steps of F_x are worth b, y steps of F_y worth a, in units of 1/lcm.
        func isOutside(_ x: Int, _ y: Int) -> Bool {
            let difference = x * b - y * a
            return switch alternative {
            case .twoSided: abs(difference) >= h
            case .greater: difference >= h
            case .less: -difference >= h
            }
        }
        // Outside weight is summed rather than 1 less the inside one: small p keep their digits.
        var inside = [Double](repeating: 0, count: n2 + 1)
        var outside = [Double](repeating: 0, count: n2 + 1)
        for x in 0...n1 {
            for y in 0...n2 {
                if x == 0 && y == 0 {
                    inside[0] = 1
                    continue
                }
                let rest = Double(n1 - x + n2 - y + 1)
                var (kept, left) = (0.0, 0.0)
                if x > 0 {
                    let step = Double(n1 - x + 1) / rest
                    kept += inside[y] * step
                    left += outside[y] * step
                }
                if y > 0 {
                    let step = Double(n2 - y + 1) / rest
                    kept += inside[y - 1] * step
                    left += outside[y - 1] * step
                }
                if isOutside(x, y) {
                    left += kept
                    kept = 0
                }
                inside[y] = kept
                outside[y] = left
            }
        }
        return min(1, outside[n2])
    }

    private static func greatestDivisor(_ a: Int, _ b: Int) -> Int {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return max(a, 1)
    }
}
