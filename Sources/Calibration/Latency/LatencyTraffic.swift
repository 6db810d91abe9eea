import Evidence

/// What may become of a candidate's latency.
package enum LatencyChange: Sendable, Hashable {
    case none
    /// Every request takes this fraction longer.
    case slower(Double)
    /// Some requests take five times as long, so many that p99 rises by this fraction.
    case slowTail(Double)

    package var title: String {
        func percent(_ part: Double) -> Int { Int((part * 100).rounded()) }
        return switch self {
        case .none: "no difference"
        case .slower(let rise): "all requests \(percent(rise)) % slower"
        case .slowTail(let rise): "only the tail, p99 \(percent(rise)) % higher"
        }
    }
}

/// Lognormal latencies, counted in the buckets of an exponential histogram: the upper edges are
/// 2^(k/8) seconds, as in the native histograms of Prometheus and OpenTelemetry at schema 3.
package struct LatencyTraffic: Sendable {
    /// In seconds; with `deviation` 0.6 the 99th percentile is 404 ms.
    static let median = 0.1
    static let deviation = 0.6
    /// How many times as long the slow requests of a slow tail take.
    static let slowness = 5.0
    /// k of the upper edges; the last bucket has none.
    static let exponents = Array(-52...8)

    /// The probability of each bucket and those before it.
    private let candidate: [Double]
    private let stable: [Double]

    package init(_ change: LatencyChange) {
        stable = Self.exponents.map { 1 - Self.exceedance($0, .none) } + [1]
        candidate = Self.exponents.map { 1 - Self.exceedance($0, change) } + [1]
    }

    /// Counts by bucket.
    func draw(
        _ random: inout SeededRandom, candidates: Int, stables: Int
    ) -> (candidate: [Int], stable: [Int]) {
        (
            Self.counts(&random, candidates, candidate),
            Self.counts(&random, stables, stable)
        )
    }

    private static func counts(
        _ random: inout SeededRandom, _ count: Int, _ cumulative: [Double]
    ) -> [Int] {
        var counts = [Int](repeating: 0, count: cumulative.count)
        for _ in 0..<count {
            let draw = random.uniform()
            var (low, high) = (0, cumulative.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if cumulative[middle] <= draw { low = middle + 1 } else { high = middle }
            }
            counts[low] += 1
        }
        return counts
    }

    /// How probable a latency above 2^(k/8) seconds is.
    static func exceedance(_ exponent: Int, _ change: LatencyChange) -> Double {
        above(LatencyTraffic.seconds(exponent), change)
    }

    static func seconds(_ exponent: Int) -> Double {
        LogDomain.exp(Double(exponent) / 8 * LogDomain.log2)
    }

    private static func above(_ seconds: Double, _ change: LatencyChange) -> Double {
        func plain(_ seconds: Double) -> Double {
            NormalDistribution.sf(LogDomain.log(seconds / median) / deviation)
        }
        switch change {
        case .none: return plain(seconds)
        case .slower(let rise): return plain(seconds / (1 + rise))
        case .slowTail(let rise):
            let part = slowPart(rise)
            return (1 - part) * plain(seconds) + part * plain(seconds / slowness)
        }
    }

    /// The part of requests that must be slow to raise p99 by a fraction.
    package static func slowPart(_ rise: Double) -> Double {
        let quantile = NormalDistribution.upperQuantile(0.01)
        let (place, shift) = (
            quantile + LogDomain.log1p(rise) / deviation, LogDomain.log(slowness) / deviation
        )
        let (plain, slow) = (
            NormalDistribution.sf(place), NormalDistribution.sf(place - shift)
        )
        return (0.01 - plain) / (slow - plain)
    }

    /// The edge whose exceedance is nearest to 1 - p in a stable past.
    package static func edge(nearest p: Double) -> Int {
        exponents.min { one, other in
            abs(exceedance(one, .none) - (1 - p)) < abs(exceedance(other, .none) - (1 - p))
        } ?? 0
    }
}
