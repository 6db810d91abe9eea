/// The two-sample test of Cramér and von Mises (Anderson 1962).
package struct CramerVonMises: Sendable, Hashable {
    package enum Method: String, Sendable, Hashable, CaseIterable {
        /// Exact up to 20 values on each side.
        case auto
        case exact, asymptotic
    }

    /// T of Anderson 1962, equation 9, with mid-ranks for ties.
    package let statistic: Double
    package let pValue: Double

    /// `nil` unless both samples have two values.
    package init?(_ first: SortedSample, _ second: SortedSample, method: Method = .auto) {
        let (n, m) = (first.count, second.count)
        guard n > 1, m > 1 else { return nil }
        let (x, y) = (Double(n), Double(m))
        let scaled = Self.scaled(first.values, second.values)
        let (product, total) = (x * y, x + y)
        statistic = scaled / (product * total) - (4 * product - 1) / (6 * total)
        let isExact = method == .exact || (method == .auto && max(n, m) <= 20)
        // The table of the exact law grows with the fourth power of the sizes.
        if isExact, n + m <= 80 {
            pValue = Self.exact(scaled, n, m)
        } else {
            let expected = (1 + 1 / total) / 6
            let variance =
                (total + 1) * (4 * product * total - 3 * (x * x + y * y) - 2 * product)
                / (45 * total * total * 4 * product)
            let normed =
                1.0 / 6 + (statistic - expected) / (45 * variance).squareRoot()
            pValue = normed < 0.003 ? 1 : max(0, 1 - Self.limitCDF(normed))
        }
    }

    /// U of Anderson 1962, equation 10.
    private static func scaled(_ first: [Double], _ second: [Double]) -> Double {
        var (i, j, rank) = (0, 0, 0)
        var (left, right) = (0.0, 0.0)
        while i < first.count || j < second.count {
            let value =
                i == first.count
                ? second[j] : j == second.count ? first[i] : min(first[i], second[j])
            let (startI, startJ) = (i, j)
            while i < first.count, first[i] == value { i += 1 }
            while j < second.count, second[j] == value { j += 1 }
            let ties = i - startI + j - startJ
            let middle = Double(rank) + (Double(ties) + 1) / 2
            for own in startI..<i { left += square(middle - Double(own + 1)) }
            for own in startJ..<j { right += square(middle - Double(own + 1)) }
            rank += ties
        }
        return Double(first.count) * left + Double(second.count) * right
    }

    private static func square(_ x: Double) -> Double { x * x }

    /// The share of all interleavings with a statistic at least as large: Xiao, Gordon and
    /// Yakovlev 2006, equation 11.
    private static func exact(_ scaled: Double, _ n: Int, _ m: Int) -> Double {
        let divisor = greatestCommonDivisor(n, m)
        let (a, b) = (m / divisor, n / divisor)
        let multiple = Double(n * a)
        let product = Double(n) * Double(m)
        let bound =
            (multiple * multiple * Double(n + m)
            * (6 * scaled - product * (4 * product - 1)) / (6 * product * product)).rounded(.down)
        // Frequencies are probabilities of the path so far, so that they cannot overflow.
        var column = [[Int: Double]](repeating: [:], count: n + 1)
        for j in 0...m {
            for i in 0...n {
                var table: [Int: Double] = [:]
                let step = a * i - b * j
                let cost = step * step
                if i == 0, j == 0 { table[0] = 1 }
                let remaining = Double(n + m - i - j + 1)
                if i > 0 {
                    let chance = Double(n - i + 1) / remaining
                    for (sum, weight) in column[i - 1] {
                        table[sum + cost, default: 0] += weight * chance
                    }
                }
                if j > 0 {
                    let chance = Double(m - j + 1) / remaining
                    for (sum, weight) in column[i] {
                        table[sum + cost, default: 0] += weight * chance
                    }
                }
                column[i] = table
            }
        }
        let tail = column[n].filter { Double($0.key) >= bound }.map(\.value).sorted()
        return min(1, tail.reduce(0, +))
    }

    /// The limit of the one-sample statistic: Csörgő and Faraway 1996, equation 1.2.
    static func limitCDF(_ x: Double) -> Double {
        var sum = 0.0
        for k in 0..<200 {
            let y = Double(4 * k + 1)
            let q = y * y / (16 * x)
            let ratio = Elementary.exp(
                GammaFunction.log(Double(k) + 0.5) - GammaFunction.log(Double(k) + 1))
            // e^(-q) K(q) = e^(-2q) · e^q K(q)
            let term =
                ratio / (Elementary.power(.pi, 1.5) * x.squareRoot()) * y.squareRoot()
                * Elementary.exp(-2 * q) * scaledBessel(q)
            sum += term
            if abs(term) < 1e-7 { break }
        }
        return sum
    }

    /// e^q K_¼(q) = ∫₀^∞ e^(-q(cosh t - 1)) cosh(t/4) dt (Abramowitz and Stegun 9.6.24); the
    /// trapezoidal rule converges exponentially on it.
    private static func scaledBessel(_ q: Double) -> Double {
        let step = 1.0 / 64
        var sum = 0.5
        for index in 1..<4_096 {
            let t = Double(index) * step
            // cosh t - 1 = 2 sinh²(t/2)
            let half = (Elementary.exp(t / 2) - Elementary.exp(-t / 2)) / 2
            let term =
                Elementary.exp(-2 * q * half * half)
                * (Elementary.exp(t / 4) + Elementary.exp(-t / 4)) / 2
            sum += term
            if term < 1e-18 * sum { break }
        }
        return sum * step
    }
}

/// Euclid's algorithm, for numbers of at least 1.
func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
}
