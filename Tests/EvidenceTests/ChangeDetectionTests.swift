import Testing

@testable import Evidence

/// Golden indices of river 0.26.1 on a stream that needs no library.
@Suite struct ChangeDetectionTests {
    private static func uniform(_ count: Int, seed: UInt64) -> [Double] {
        var x = seed
        return (0..<count).map { _ in
            x = (1_103_515_245 &* x &+ 12_345) % (1 << 31)
            return Double(x) / Double(1 << 31)
        }
    }

    /// 10 % errors, then 40 %.
    private static let stream = uniform(2_000, seed: 7).enumerated().map { index, u in
        u < (index < 1_000 ? 0.1 : 0.4) ? 1.0 : 0
    }

    private func alarms(_ detector: some ChangeDetector, _ stream: [Double]) -> [Int] {
        var detector = detector
        return stream.indices.filter { detector.update(stream[$0]) == .drift }
    }

    @Test func indicesAreRivers() {
        let stream = Self.stream
        #expect(stream.prefix(1_000).reduce(0, +) == 93)
        #expect(alarms(PageHinkley(), stream) == [1_229])
        #expect(
            alarms(PageHinkley(threshold: 10), stream) == [347, 1_052, 1_229, 1_523, 1_816, 1_954])
        #expect(
            alarms(PageHinkley(threshold: 10, direction: .up), stream) == [
                347, 1_052, 1_229, 1_816,
            ]
        )
        #expect(alarms(AdaptiveWindow(), stream) == [1_119])
        var everyValue = AdaptiveWindow.Settings()
        everyValue.clock = 1
        #expect(alarms(AdaptiveWindow(everyValue), stream) == [1_117])
        #expect(alarms(DriftDetectionMethod(), stream) == [337, 1_116])
        #expect(alarms(EarlyDriftDetectionMethod(), stream) == [318, 679, 1_046, 1_138, 1_893])
        #expect(alarms(HoeffdingAverageDetector(), stream) == [1_117])
        #expect(alarms(HoeffdingWeightedDetector(), stream) == [1_145])
        #expect(alarms(FastHoeffdingDetector(), stream) == [1_993])
    }

    @Test func aStreamThatStaysRaisesFewAlarms() {
        let still = Self.uniform(20_000, seed: 99).map { $0 < 0.1 ? 1.0 : 0 }
        #expect(alarms(PageHinkley(), still).isEmpty)
        #expect(alarms(AdaptiveWindow(), still).isEmpty)
        #expect(alarms(HoeffdingAverageDetector(), still).isEmpty)
        #expect(alarms(HoeffdingWeightedDetector(), still).isEmpty)
        #expect(alarms(DriftDetectionMethod(), still) == [34])
        #expect(alarms(EarlyDriftDetectionMethod(), still).count == 24)
    }

    @Test func theWindowHoldsWhatItSaw() {
        var window = AdaptiveWindow()
        for value in Self.stream.prefix(1_000) { _ = window.update(value) }
        #expect(window.width == 1_000 && window.total == 93)
        #expect(close(window.variance, 84.350_999_999_999_94, 1e-12))
    }

    @Test func sketchesMergeWithoutLoss() throws {
        let values = Self.uniform(5_000, seed: 5).map { ($0 - 0.2) * 1_000 }
        var (whole, left, right) = (
            try LogarithmicSketch(relativeAccuracy: 0.01),
            try LogarithmicSketch(relativeAccuracy: 0.01),
            try LogarithmicSketch(relativeAccuracy: 0.01)
        )
        for (index, value) in values.enumerated() {
            try whole.add(value)
            if index < 2_000 { try left.add(value) } else { try right.add(value) }
        }
        try left.merge(right)
        let sorted = values.sorted()
        for q in [0, 0.01, 0.2, 0.5, 0.99, 1] {
            let found = try #require(whole.quantile(q))
            #expect(left.quantile(q) == found)
            let exact = sorted[Int(q * 4_999)]
            #expect(abs(found - exact) <= 0.010_001 * abs(exact))
        }
        #expect(throws: InvalidEvidence.self) { try whole.add(.nan) }
        #expect(try LogarithmicSketch(relativeAccuracy: 0.01).quantile(0.5) == nil)
    }
}
