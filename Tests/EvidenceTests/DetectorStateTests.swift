import Evidence
import Foundation
import Testing

/// Detectors that are put down and taken up again, and fed what no detector expects.
@Suite struct DetectorStateTests {
    /// 10 % ones, then 40 %.
    static let stream: [Double] = {
        var random = Seeded(7)
        return (0..<2_000).map { random.chance($0 < 1_000 ? 0.1 : 0.4) ? 1.0 : 0 }
    }()

    func alarms(_ detector: some ChangeDetector, in values: [Double]) -> [Int] {
        var detector = detector
        return values.indices.filter { detector.update(values[$0]) == .drift }
    }

    /// What is kept goes on as if it had never been put down.
    func resumes(_ detector: some ChangeDetector & Codable) throws -> Bool {
        var (whole, kept) = (detector, detector)
        for (index, value) in Self.stream.enumerated() {
            if index % 97 == 0 {
                kept = try JSONDecoder().decode(
                    type(of: detector), from: JSONEncoder().encode(kept))
            }
            guard whole.update(value) == kept.update(value) else { return false }
        }
        return true
    }

    @Test func stateIsKeptWhole() throws {
        #expect(try resumes(PageHinkley(threshold: 10)))
        #expect(try resumes(AdaptiveWindow(AdaptiveWindow.Settings())))
        #expect(try resumes(DriftDetectionMethod()))
        #expect(try resumes(EarlyDriftDetectionMethod()))
        #expect(try resumes(HoeffdingAverageDetector(isTwoSided: true)))
        #expect(try resumes(HoeffdingWeightedDetector(isTwoSided: true)))
        #expect(try resumes(FastHoeffdingDetector(shortWindow: 20)))
    }

    // A NaN from a client must not stop the process.
    @Test func oddNumbersDoNotTrap() {
        let odd = [
            Double.nan, .infinity, -.infinity, 1e308, -1e308, 0, .nan, 1, 1, 0,
            .leastNonzeroMagnitude,
        ]
        let values = (0..<40).flatMap { _ in odd }
        for detector in [
            PageHinkley(), AdaptiveWindow(AdaptiveWindow.Settings()), DriftDetectionMethod(),
            EarlyDriftDetectionMethod(), HoeffdingAverageDetector(), HoeffdingWeightedDetector(),
            FastHoeffdingDetector(),
        ] as [any ChangeDetector] {
            #expect(alarms(detector, in: values).count <= values.count)
        }
    }
}
