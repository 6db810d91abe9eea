import Evidence
import Foundation
import Testing

/// Buckets of OpenTelemetry's exponential histograms.
@Suite struct ExponentialHistogramTests {
    // Every edge belongs to the bucket below it, and the next number to the one above.
    @Test(arguments: -10...20) func edgesAreExact(_ scale: Int) throws {
        let buckets = try ExponentialBuckets(scale: scale)
        var random = Seeded(UInt64(scale + 100))
        let first = try #require(buckets.index(.leastNormalMagnitude))
        let last = try #require(buckets.index(.greatestFiniteMagnitude))
        for _ in 0..<300 {
            let index = Int.random(in: first...last, using: &random)
            let (low, high) = (buckets.edge(index), buckets.edge(index + 1))
            #expect(low < high)
            if high.isFinite { #expect(buckets.index(high) == index) }
            if low >= .leastNormalMagnitude { #expect(buckets.index(low.nextUp) == index) }
        }
        for value in [0, -1, Double.nan, .infinity] { #expect(buckets.index(value) == nil) }
        #expect(buckets.index(.leastNonzeroMagnitude) == first)
    }

    // base = 2^(2^-scale), with bucket 0 just above 1.
    @Test(arguments: [
        (0, 4.0, 1), (0, 4.1, 2), (0, 1, -1), (0, 0.3, -2), (-1, 4, 0), (-1, 5, 1), (3, 1.09, 0),
        (3, 1.0906, 1), (1, 1.5, 1), (1, 1.41, 0),
    ]) func indices(_ scale: Int, _ value: Double, _ index: Int) throws {
        #expect(try ExponentialBuckets(scale: scale).index(value) == index)
    }

    func filled(_ values: [Double], scale: Int = 20) throws -> ExponentialHistogram {
        var histogram = try ExponentialHistogram(scale: scale)
        for value in values { try histogram.add(value) }
        return histogram
    }

    func latencies(_ count: Int, seed: UInt64) -> [Double] {
        var random = Seeded(seed)
        return (0..<count).map { index in
            let value = LogDomain.exp(5 * random.fraction() - 1)
            return index % 11 == 0 ? -value : index % 13 == 0 ? 0 : value
        }
    }

    @Test func countsAboveALimitHoldTheTruth() throws {
        let values = latencies(3_000, seed: 1)
        let histogram = try filled(values)
        for limit in [-40, -1, -0.5, 0, 0.4, 1, 7.7, 54, 1e9] {
            let range = try #require(histogram.countAbove(limit))
            let truth = values.count { $0 > limit }
            #expect(range.contains(truth), "\(limit): \(range) without \(truth)")
            #expect(range.upperBound - range.lowerBound < 200)
        }
        // Certain at an edge.
        let edge = histogram.buckets.edge(try #require(histogram.buckets.index(3)))
        let range = try #require(histogram.countAbove(edge))
        #expect(range == (values.count { $0 > edge })...(values.count { $0 > edge }))
        #expect(histogram.countAbove(.nan) == nil)
        var process = try ProportionProcess(limit: 0.01)
        try process.observe(
            trials: histogram.count, failures: try #require(histogram.countAbove(54)))
        #expect(process.trials == 3_000)
    }

    @Test func quantilesAreInTheirBucket() throws {
        let values = latencies(3_000, seed: 2)
        let (histogram, sorted) = (try filled(values), values.sorted())
        for q in [0, 0.05, 0.09, 0.5, 0.9, 0.99, 1] {
            let exact = sorted[Int((q * 2_999).rounded(.down))]
            let range = try #require(histogram.quantileRange(q))
            #expect(range.contains(exact), "\(q): \(range) without \(exact)")
            #expect(range.contains(try #require(histogram.quantile(q))))
        }
        #expect(try filled([]).quantile(0.5) == nil && histogram.quantile(1.1) == nil)
    }

    @Test func scalesAdaptAndMergingLosesNothing() throws {
        let values = latencies(2_000, seed: 3)
        let whole = try filled(values)
        #expect(whole.positive.count <= 160 && whole.buckets.scale < 20)
        #expect(whole.buckets.scale >= 4)
        var left = try filled(Array(values.prefix(700)))
        let right = try filled(Array(values.dropFirst(700)), scale: 2)
        try left.merge(right)
        var coarse = whole
        try coarse.downscale(to: 2)
        #expect(left == coarse)
        let kept = try JSONDecoder().decode(
            ExponentialHistogram.self, from: JSONEncoder().encode(whole))
        #expect(kept == whole)
    }

    @Test func hugeAndTinyTogether() throws {
        let histogram = try filled([
            .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1, -.greatestFiniteMagnitude, 0,
        ])
        #expect(histogram.count == 5 && histogram.zeros == 1)
        #expect(histogram.countAbove(0) == 3...3)
        #expect(try #require(histogram.quantile(1)).isFinite)
    }

    @Test func whatMakesNoSenseIsRefused() throws {
        var histogram = try ExponentialHistogram(scale: 3)
        #expect(throws: InvalidEvidence.self) { try histogram.add(.nan) }
        #expect(throws: InvalidEvidence.self) { try histogram.add(1, times: -1) }
        #expect(throws: InvalidEvidence.self) { try histogram.add(bucket: 1 << 40, times: 1) }
        #expect(throws: InvalidEvidence.self) { try ExponentialHistogram(scale: 21) }
        #expect(throws: InvalidEvidence.self) { try ExponentialHistogram(bucketsMax: 1) }
        try histogram.add(1, times: .max)
        #expect(throws: InvalidEvidence.self) { try histogram.add(1) }
        #expect(histogram.count == .max)
        let other = try ExponentialHistogram(zeroThreshold: 1)
        #expect(throws: InvalidEvidence.self) { try histogram.merge(other) }
        let broken = #"{"scale": 3, "bucketsMax": 9, "zeroThreshold": 0, "zeros": -1}"#
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(ExponentialHistogram.self, from: Data(broken.utf8))
        }
    }
}
