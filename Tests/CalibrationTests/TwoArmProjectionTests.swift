import Calibration
import Evidence
import Testing

@Suite struct TwoArmProjectionTests {
    /// Newton's steps must end where halving the interval ends, for every kind of limit.
    @Test func theNearestNullIsWhereTheSlopeVanishes() throws {
        var random = SeededRandom(seed: 29)
        var compared = 0
        for _ in 0..<4_000 {
            let limit = try #require(
                try? ComparisonLimit(
                    ratio: 0.2 + 2 * random.uniform(), margin: 0.2 * random.uniform() - 0.1))
            let rates = FailureRates(
                candidate: LogDomain.expit(12 * random.uniform() - 8),
                stable: LogDomain.expit(12 * random.uniform() - 8))
            let weights = (1 + 500 * random.uniform(), 1 + 5_000 * random.uniform())
            let (ratio, margin) = (limit.ratio, limit.margin)
            let (first, last) = (max(0, -margin / ratio), min(1, (1 - margin) / ratio))
            let across = (rates.candidate - margin) / ratio
            var low = min(max(min(rates.stable, across), first), last)
            var high = min(max(max(rates.stable, across), first), last)
            let (start, end) = (low, high)
            for _ in 0..<200 {
                let middle = (low + high) / 2
                let candidate = ratio * middle + margin
                let slope =
                    weights.0 * ratio * (candidate - rates.candidate)
                    / (candidate * (1 - candidate))
                    + weights.1 * (middle - rates.stable) / (middle * (1 - middle))
                if slope < 0 { low = middle } else { high = middle }
            }
            let found = limit.projection(
                of: rates, candidateWeight: weights.0, stableWeight: weights.1)
            #expect(abs(found.stable - low) <= 1e-13 + 1e-12 * low)
            compared += end - start > 1e-6 ? 1 : 0
        }
        // Most limits leave an interval to search.
        #expect(compared > 3_000)
    }
}
