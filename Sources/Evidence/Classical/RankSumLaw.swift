/// How many orders of two samples without ties give which rank sum.
enum RankSumLaw {
    /// Above this the counting takes seconds.
    private static let mostSteps = 60_000

    /// P(U ≤ u) of Mann and Whitney's U, for u up to half of the pairs; `nil` for too many pairs.
    ///
    /// The counts are the coefficients of Π (1 - q^(n2+i)) / (1 - q^i). Their logarithm's slope
    /// gives u c(u) = Σ s(k) c(u-k) with s(k) from the divisors of k (Löffler 1983), which loses no
    /// digits; multiplying out does.
    static func lowerTail(_ u: Int, _ n1: Int, _ n2: Int) -> Double? {
        guard u >= 0 else { return 0 }
        guard u <= mostSteps else { return nil }
        var slopes = [Double](repeating: 0, count: u + 1)
        for divisor in 1...n1 {
            for k in stride(from: divisor, through: u, by: divisor) {
                slopes[k] += Double(divisor)
            }
        }
        for divisor in (n2 + 1)...(n2 + n1) {
            for k in stride(from: divisor, through: u, by: divisor) {
                slopes[k] -= Double(divisor)
            }
        }
        var counts = [Double](repeating: 0, count: u + 1)
        counts[0] = 1
        // Counts are held below this; what they were divided by is in `scale`.
        let ceiling = 1e250
        var (total, scale) = (1.0, 0.0)
        for value in stride(from: 1, through: u, by: 1) {
            var sum = 0.0
            for k in 1...value { sum += slopes[k] * counts[value - k] }
            counts[value] = sum / Double(value)
            total += counts[value]
            if total > ceiling {
                for index in 0...value { counts[index] /= ceiling }
                total /= ceiling
                scale += LogDomain.log(ceiling)
            }
        }
        let all = logBinomial(n1 + n2, n1)
        // As a quotient where both are in range, which is closer than a difference of logarithms.
        if scale == 0, all < 700 { return total / binomial(n1 + n2, n1) }
        return LogDomain.exp(LogDomain.log(total) + scale - all)
    }

    /// P(W ≤ w) of the sum of the positive ranks of 1...n, each positive or not like a fair coin.
    static func signedLowerTail(_ w: Int, _ n: Int) -> Double {
        guard w >= 0 else { return 0 }
        var chances = [1.0]
        for rank in stride(from: 1, through: n, by: 1) {
            var next = [Double](repeating: 0, count: chances.count + rank)
            for (index, chance) in chances.enumerated() {
                next[index] += chance / 2
                next[index + rank] += chance / 2
            }
            chances = next
        }
        return min(1, chances.prefix(w + 1).reduce(0, +))
    }

    private static func logBinomial(_ n: Int, _ k: Int) -> Double {
        let (all, chosen, rest) = (Double(n + 1), Double(k + 1), Double(n - k + 1))
        return GammaFunction.log(all) - GammaFunction.log(chosen) - GammaFunction.log(rest)
    }

    private static func binomial(_ n: Int, _ k: Int) -> Double {
        let chosen = min(k, n - k)
        var product = 1.0
        for index in stride(from: 1, through: chosen, by: 1) {
            product *= Double(n - chosen + index) / Double(index)
        }
        return product
    }
}
