/// p-values of the two-sample Kolmogorov-Smirnov statistic, with the choices of
/// `scipy.stats.ks_2samp`.
package struct SampleKolmogorovSmirnov: Sendable, Hashable {
    package enum Alternative: String, Sendable, Hashable, CaseIterable {
        case twoSided = "two-sided"
        /// The first sample's distribution function lies below.
        case less
        /// The first sample's distribution function lies above.
        case greater
    }

    package enum Method: String, Sendable, Hashable, CaseIterable {
        /// Exact up to 10,000 values on each side.
        case auto
        case exact, asymptotic
    }

    /// 0...1
    package let statistic: Double
    package let pValue: Double
    package let location: Double
    /// 1 where the first sample's function is above, else -1.
    package let sign: Int

    package init(
        _ distances: SampleDistances, first: Int, second: Int,
        alternative: Alternative = .twoSided, method: Method = .auto
    ) {
        switch alternative {
        case .twoSided:
            (statistic, location, sign) =
                (distances.kolmogorovSmirnov, distances.location, distances.sign)
        case .greater:
            (statistic, location, sign) = (distances.above, distances.aboveLocation, 1)
        case .less:
            (statistic, location, sign) = (distances.below, distances.belowLocation, -1)
        }
        pValue = Self.pValue(
            statistic, first: first, second: second, alternative: alternative, method: method)
    }

    /// P(D >= statistic) when both samples come from one distribution.
    package static func pValue(
        _ statistic: Double, first n: Int, second m: Int, alternative: Alternative, method: Method
    ) -> Double {
        guard n > 0, m > 0, n < 1 << 30, m < 1 << 30, statistic >= 0 else { return .nan }
        if method == .exact || (method == .auto && max(n, m) <= 10_000),
            let exact = exact(statistic, n, m, alternative)
        {
            return exact
        }
        let (large, small) = (Double(max(n, m)), Double(min(n, m)))
        let effective = large * small / (large + small)
        if alternative == .twoSided {
            let size = Int(effective.rounded(.toNearestOrEven))
            return min(max(KolmogorovDistribution.exactSF(statistic, n: size), 0), 1)
        }
        // Hodges 1958, equation 5.3.
        let z = effective.squareRoot() * statistic
        let exponent =
            -2 * z * z - 2 * z * (large + 2 * small)
            / (large * small * (large + small))
            .squareRoot() / 3
        return min(max(Elementary.exp(exponent), 0), 1)
    }

    /// `nil` where SciPy gives up: one-sided, with more paths than a number can hold.
    private static func exact(
        _ statistic: Double, _ n: Int, _ m: Int, _ alternative: Alternative
    ) -> Double? {
        let divisor = greatestCommonDivisor(n, m)
        let (stepN, stepM) = (m / divisor, n / divisor)
        guard let h = Int(exactly: (statistic * Double(n * stepN)).rounded(.toNearestOrEven)) else {
            return nil
        }
        if h <= 0 { return 1 }
        if n == m { return equalSizes(n, h, alternative) }
        if alternative != .twoSided {
            let logPaths =
                -BetaFunction.log(Double(n) + 1, Double(m) + 1)
                - Elementary.log(Double(n) + Double(m) + 1)
            guard logPaths < 709.7 else { return nil }
        }
        return outside(n, m, stepN, stepM, h, alternative)
    }

    /// The share of lattice paths to (n, m) that ever reach |x·stepN - y·stepM| >= h, by the last
    /// step (Hodges 1958): P(x, y) = (x P(x-1, y) + y P(x, y-1))/(x + y). Only the band matters.
    private static func outside(
        _ n: Int, _ m: Int, _ stepN: Int, _ stepM: Int, _ h: Int, _ alternative: Alternative
    ) -> Double {
        // Which of the two lines ends the band. One-sided laws do not depend on the side.
        let isTwoSided = alternative == .twoSided
        var column = [Double](repeating: 1, count: m + 1)
        for x in 0...n {
            // Inside: x·stepN - y·stepM < h, and > -h when two-sided.
            let offset = x * stepN
            let low = offset >= h ? (offset - h) / stepM + 1 : 0
            let high = isTwoSided ? min(m, (offset + h - 1) / stepM) : m
            guard low <= high else { return 1 }
            if low > 0 { column[low - 1] = 1 }
            var below = low > 0 ? 1.0 : 0.0
            let width = Double(x)
            column.withUnsafeMutableBufferPointer { column in
                for y in low...high {
                    let height = Double(y)
                    let sum = width + height
                    below = sum > 0 ? (width * column[y] + height * below) / sum : 0
                    column[y] = below
                }
            }
        }
        return min(max(column.last ?? 1, 0), 1)
    }

    /// Gnedenko and Korolyuk 1951 in Horner's form.
    private static func equalSizes(_ n: Int, _ h: Int, _ alternative: Alternative) -> Double {
        guard h <= n else { return 0 }
        func factor(_ k: Int) -> Double {
            var product = 1.0
            for j in 0..<h {
                product = Double(n - k * h - j) * product / Double(n + k * h + j + 1)
            }
            return product
        }
        if alternative != .twoSided { return factor(0) }
        var p = 0.0
        for k in stride(from: n / h, through: 0, by: -1) { p = factor(k) * (1 - p) }
        return min(max(2 * p, 0), 1)
    }
}

/// A sample against a known distribution function (`scipy.stats.kstest`, `ks_1samp`).
package struct OneSampleKolmogorovSmirnov: Sendable, Hashable {
    package let statistic: Double
    package let pValue: Double
    package let location: Double
    package let sign: Int

    package enum Method: String, Sendable, Hashable, CaseIterable {
        /// Exact (SciPy's `auto` is too).
        case exact
        /// Twice the one-sided probability.
        case approx
        /// The limit distribution.
        case asymptotic = "asymp"
    }

    /// - Parameter cdf: ascending, 0...1.
    /// - Returns: `nil` of an empty sample.
    package init?(
        _ sample: SortedSample, alternative: SampleKolmogorovSmirnov.Alternative = .twoSided,
        method: Method = .exact, cdf: (Double) -> Double
    ) {
        guard let first = sample.values.first else { return nil }
        let n = Double(sample.count)
        // D⁺ is the empirical function above, D⁻ below.
        var (above, aboveAt) = (-Double.infinity, first)
        var (below, belowAt) = (-Double.infinity, first)
        for (index, value) in sample.values.enumerated() {
            let p = cdf(value)
            let up = Double(index + 1) / n - p
            let down = p - Double(index) / n
            if up > above { (above, aboveAt) = (up, value) }
            if down > below { (below, belowAt) = (down, value) }
        }
        let isAbove =
            alternative == .greater || (alternative == .twoSided && above > below)
        statistic = isAbove ? above : below
        location = isAbove ? aboveAt : belowAt
        sign = isAbove ? 1 : -1
        let p: Double
        if alternative != .twoSided {
            // SciPy's one-sided test is exact whatever the method.
            p = KolmogorovDistribution.oneSidedSF(statistic, n: sample.count)
        } else {
            switch method {
            case .exact: p = KolmogorovDistribution.exactSF(statistic, n: sample.count)
            case .approx: p = 2 * KolmogorovDistribution.oneSidedSF(statistic, n: sample.count)
            case .asymptotic: p = KolmogorovDistribution.sf(n.squareRoot() * statistic)
            }
        }
        pValue = min(max(p, 0), 1)
    }
}
