/// The limit distribution of √n D_n, and the exact one of D_n for one sample.
package enum KolmogorovDistribution {
    /// P(K > x) of the limit: 2 Σ (-1)^(k-1) e^(-2k²x²), or Jacobi's transform of it.
    package static func sf(_ x: Double) -> Double {
        if x.isNaN { return x }
        if x <= 0 { return 1 }
        if x < 0.8 { return 1 - smallCDF(x) }
        var sum = 0.0
        for k in stride(from: 20.0, through: 1, by: -1) {
            let sign = k.truncatingRemainder(dividingBy: 2) == 1 ? 1.0 : -1.0
            sum += sign * Elementary.exp(-2 * k * k * x * x)
        }
        return min(1, 2 * sum)
    }

    /// P(K ≤ x) of the limit.
    package static func cdf(_ x: Double) -> Double {
        x.isNaN ? x : x <= 0 ? 0 : x < 0.8 ? smallCDF(x) : 1 - sf(x)
    }

    private static func smallCDF(_ x: Double) -> Double {
        var sum = 0.0
        for k in stride(from: 19.0, through: 1, by: -2) {
            sum += Elementary.exp(-k * k * .pi * .pi / (8 * x * x))
        }
        return (2 * .pi).squareRoot() / x * sum
    }

    /// P(D_n > d) for n observations, two-sided: Simard and L'Ecuyer 2011, "Computing the
    /// two-sided Kolmogorov-Smirnov distribution", with the same choice of method by region as
    /// SciPy's `kstwo`, so that its approximations are the same too.
    package static func exactSF(_ d: Double, n: Int) -> Double {
        guard n > 0, !d.isNaN else { return .nan }
        if d >= 1 { return 0 }
        let size = Double(n)
        let t = size * d
        if t <= 0.5 { return 1 }
        if t <= 1 {
            // Ruben and Gambino: n! (2d - 1/n)^n
            let logFactorial =
                0.5 * Elementary.log(2 * .pi * size) - size + LogDomain.stirlingRemainder(size)
            return 1 - Elementary.exp(logFactorial + size * Elementary.log(2 * t - 1))
        }
        if t >= size - 1 { return 2 * Elementary.exp(size * Elementary.log1p(-d)) }
        let scale = t * d
        if d >= 0.5 { return min(1, 2 * oneSidedSF(d, n: n)) }
        if n <= 140 {
            if scale > 4 { return min(1, 2 * oneSidedSF(d, n: n)) }
            return 1 - matrixCDF(d, n: n)
        }
        if scale >= 370 { return 0 }
        if scale >= 2.2 { return min(1, 2 * oneSidedSF(d, n: n)) }
        if n <= 100_000, t * d.squareRoot() <= 1.4 { return 1 - matrixCDF(d, n: n) }
        return min(max(1 - PelzGood.cdf(d, n: size), 0), 1)
    }

    /// P(D_n ≤ d)
    package static func exactCDF(_ d: Double, n: Int) -> Double { 1 - exactSF(d, n: n) }

    /// P(D_n⁺ > d), exact: Birnbaum and Tingey 1951.
    package static func oneSidedSF(_ d: Double, n: Int) -> Double {
        guard n > 0, !d.isNaN else { return .nan }
        if d <= 0 { return 1 }
        if d >= 1 { return 0 }
        let size = Double(n)
        var sum = 0.0
        for j in 0..<n {
            let shifted = d + Double(j) / size
            let rest = 1 - shifted
            if rest <= 0 { break }
            let log = BinomialDistribution.logPMF(j, n: n, p: shifted, q: rest)
            sum += Elementary.exp(log + Elementary.log(d / shifted))
        }
        return min(1, sum)
    }

    /// Durbin's matrix (Marsaglia, Tsang and Wang 2003).
    private static func matrixCDF(_ d: Double, n: Int) -> Double {
        let t = Double(n) * d
        guard let k = Int(exactly: t.rounded(.up)), k >= 1, k < 400 else { return .nan }
        let h = Double(k) - t
        let m = 2 * k - 1
        var base = SquareMatrix(size: m)
        var inverseFactorials = [1.0]
        for j in 1...m { inverseFactorials.append((inverseFactorials.last ?? 0) / Double(j)) }
        for row in 0..<m {
            for column in 0..<m where row - column + 1 >= 0 {
                base[row, column] = inverseFactorials[row - column + 1]
            }
        }
        var power = 1.0
        for j in 0..<m {
            power *= h
            let value = (1 - power) * inverseFactorials[j + 1]
            base[j, 0] = value
            base[m - 1, m - 1 - j] = value
        }
        let corner = 1 - 2 * power + Elementary.power(max(2 * h - 1, 0), Double(m))
        base[m - 1, 0] = corner * inverseFactorials[m]
        var (value, exponent) = base.power(n, entry: k - 1)
        // times n!/n^n, factor by factor: one logarithm of it would be too coarse.
        for i in 1...n {
            value *= Double(i) / Double(n)
            if value < 0x1p-128, value > 0 {
                value *= 0x1p128
                exponent -= 128
            }
        }
        while exponent > 0 {
            value *= 0x1p128
            exponent -= 128
        }
        while exponent < 0, value > 0 {
            value *= 0x1p-128
            exponent += 128
        }
        return min(1, value)
    }
}

/// A square matrix and its powers, scaled by powers of two against overflow.
private struct SquareMatrix {
    let size: Int
    var entries: [Double]

    init(size: Int) {
        self.size = size
        entries = Array(repeating: 0, count: size * size)
    }

    subscript(row: Int, column: Int) -> Double {
        get { entries[row * size + column] }
        set { entries[row * size + column] = newValue }
    }

    func times(_ other: SquareMatrix) -> SquareMatrix {
        var result = SquareMatrix(size: size)
        for row in 0..<size {
            for inner in 0..<size {
                let factor = entries[row * size + inner]
                if factor == 0 { continue }
                for column in 0..<size {
                    result.entries[row * size + column] +=
                        factor * other.entries[inner * size + column]
                }
            }
        }
        return result
    }

    /// A diagonal entry of the n-th power, as value · 2^exponent.
    func power(_ n: Int, entry: Int) -> (Double, Int) {
        var (base, baseExponent) = (self, 0)
        var (result, exponent) = (SquareMatrix(size: size), 0)
        for i in 0..<size { result[i, i] = 1 }
        var rest = n
        while rest > 0 {
            if rest % 2 == 1 {
                result = result.times(base)
                exponent += baseExponent
                result.rescale(entry, &exponent)
            }
            rest /= 2
            if rest > 0 {
                base = base.times(base)
                baseExponent *= 2
                base.rescale(entry, &baseExponent)
            }
        }
        return (result[entry, entry], exponent)
    }

    private mutating func rescale(_ entry: Int, _ exponent: inout Int) {
        guard self[entry, entry] > 0x1p128 else { return }
        for i in entries.indices { entries[i] *= 0x1p-128 }
        exponent += 128
    }
}
