/// The number of successes in n independent trials.
package enum BinomialDistribution {
    /// P(K = k), k in 0...n; 0 outside.
    package static func pmf(_ k: Int, n: Int, p: Double) -> Double {
        Elementary.exp(logPMF(k, n: n, p: p))
    }

    package static func logPMF(_ k: Int, n: Int, p: Double) -> Double {
        guard n >= 0, p >= 0, p <= 1 else { return .nan }
        return logPMF(k, n: n, p: p, q: 1 - p)
    }

    static func logPMF(_ k: Int, n: Int, p: Double, q: Double) -> Double {
        guard k >= 0, k <= n else { return -.infinity }
        let (x, y, size) = (Double(k), Double(n) - Double(k), Double(n))
        if n == 0 { return 0 }
        if p <= 0 { return k == 0 ? 0 : -.infinity }
        if q <= 0 { return k == n ? 0 : -.infinity }
        if k == 0 { return size * (p < 0.1 ? Elementary.log1p(-p) : Elementary.log(q)) }
        if k == n { return size * (q < 0.1 ? Elementary.log1p(-q) : Elementary.log(p)) }
        return Deviance.logBinomial(x, y, x: p, y: q)
    }

    /// P(K ≤ k)
    package static func cdf(_ k: Int, n: Int, p: Double) -> Double {
        tails(k, n: n, p: p).lowerProbability
    }

    /// P(K > k)
    package static func sf(_ k: Int, n: Int, p: Double) -> Double {
        tails(k, n: n, p: p).upperProbability
    }

    private static func tails(_ k: Int, n: Int, p: Double) -> LogTails {
        guard n >= 0, p >= 0, p <= 1 else { return .undefined }
        if k < 0 { return .nothingBelow }
        if k >= n { return .nothingAbove }
        return BetaFunction.tails(Double(n) - Double(k), Double(k) + 1, x: 1 - p, y: p)
    }
}

package enum PoissonDistribution {
    package static func pmf(_ k: Int, mean: Double) -> Double {
        guard mean >= 0 else { return .nan }
        if k < 0 { return 0 }
        if mean == 0 { return k == 0 ? 1 : 0 }
        return k == 0
            ? Elementary.exp(-mean) : Elementary.exp(Deviance.logPoisson(Double(k), mean: mean))
    }
    /// P(K ≤ k)
    package static func cdf(_ k: Int, mean: Double) -> Double {
        k < 0 ? 0 : GammaFunction.upper(Double(k) + 1, mean)
    }
    /// P(K > k)
    package static func sf(_ k: Int, mean: Double) -> Double {
        k < 0 ? 1 : GammaFunction.lower(Double(k) + 1, mean)
    }
}

/// The number of marked among `drawn` taken from `total` of which `marked` are marked.
package struct HypergeometricDistribution: Sendable, Hashable {
    package let total: Int
    package let marked: Int
    package let drawn: Int

    /// `nil` unless 0 ≤ marked, drawn ≤ total.
    package init?(total: Int, marked: Int, drawn: Int) {
        guard total >= 0, (0...total).contains(marked), (0...total).contains(drawn) else {
            return nil
        }
        self.total = total
        self.marked = marked
        self.drawn = drawn
    }

    package var support: ClosedRange<Int> {
        max(0, drawn - (total - marked))...min(drawn, marked)
    }

    /// As a ratio of three binomial probabilities (Loader 2000).
    package func logPMF(_ k: Int) -> Double {
        guard support.contains(k) else { return -.infinity }
        if drawn == 0 || drawn == total { return 0 }
        let p = Double(drawn) / Double(total)
        let q = Double(total - drawn) / Double(total)
        return BinomialDistribution.logPMF(k, n: marked, p: p, q: q)
            + BinomialDistribution.logPMF(drawn - k, n: total - marked, p: p, q: q)
            - BinomialDistribution.logPMF(drawn, n: total, p: p, q: q)
    }

    package func pmf(_ k: Int) -> Double { Elementary.exp(logPMF(k)) }

    /// P(K ≤ k)
    package func cdf(_ k: Int) -> Double {
        let mean = Double(drawn) * Double(marked) / Double(max(total, 1))
        if k < support.lowerBound { return 0 }
        if k >= support.upperBound { return 1 }
        return Double(k) <= mean ? sumDown(from: k) : 1 - sumUp(from: k + 1)
    }

    /// P(K > k)
    package func sf(_ k: Int) -> Double {
        let mean = Double(drawn) * Double(marked) / Double(max(total, 1))
        if k < support.lowerBound { return 1 }
        if k >= support.upperBound { return 0 }
        return Double(k) <= mean ? 1 - sumDown(from: k) : sumUp(from: k + 1)
    }

    private func sumDown(from k: Int) -> Double {
        var (sum, term) = (0.0, 1.0)
        for i in stride(from: k, through: support.lowerBound, by: -1) {
            sum += term
            if term < sum * 1e-18 { break }
            term *=
                Double(i) * Double(total - marked - drawn + i)
                / (Double(marked - i + 1) * Double(drawn - i + 1))
        }
        return min(1, Elementary.exp(logPMF(k) + Elementary.log(sum)))
    }

    private func sumUp(from k: Int) -> Double {
        var (sum, term) = (0.0, 1.0)
        for i in k...support.upperBound {
            sum += term
            if term < sum * 1e-18 { break }
            term *=
                Double(marked - i) * Double(drawn - i)
                / (Double(i + 1) * Double(total - marked - drawn + i + 1))
        }
        return min(1, Elementary.exp(logPMF(k) + Elementary.log(sum)))
    }
}

package enum BernoulliDivergence {
    /// KL(p || q) between two coins in nats, without cancellation when p is near q;
    /// infinite when q excludes what p allows, not-a-number outside [0, 1].
    package static func kl(_ p: Double, _ q: Double) -> Double {
        guard p >= 0, p <= 1, q >= 0, q <= 1 else { return .nan }
        if (q == 0 && p > 0) || (q == 1 && p < 1) { return .infinity }
        if q == 0 || q == 1 { return 0 }
        return Deviance.poisson(p, mean: q)
            + Deviance.poisson(1 - p, mean: 1 - q, difference: q - p)
    }
}
