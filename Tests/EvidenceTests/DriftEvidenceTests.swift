import Foundation
import Testing

@testable import Evidence

/// Drift that may act: exact at every look, and blind to what is tolerated.
@Suite struct DriftEvidenceTests {
    static let alpha = 0.05
    static let threshold = -LogDomain.log(alpha)

    static func reference(_ rows: Int = 20_000, seed: UInt64 = 1) throws -> FeatureReference {
        var random = Seeded(seed)
        return try FeatureReference(numeric: (0..<rows).map { _ in random.fraction() })
    }

    func live(
        _ rows: Int, on reference: FeatureReference, _ random: inout Seeded,
        _ value: (Double) -> Double
    ) throws -> FeatureHistogram {
        var histogram = FeatureHistogram(for: reference)
        for _ in 0..<rows { try histogram.add(value(random.fraction()), on: reference) }
        return histogram
    }

    @Test func referenceKeepsItsShape() throws {
        let reference = try Self.reference()
        #expect(reference.edges.count == 9 && reference.total == 20_000)
        #expect(reference.counts.allSatisfy { abs($0 - 2_000) < 3 })
        let stored = try JSONEncoder().encode(reference)
        #expect(try JSONDecoder().decode(FeatureReference.self, from: stored) == reference)
        #expect(reference.bin(of: .nan) == 10 && reference.bin(of: -.infinity) == 0)
        #expect(reference.bin(of: .infinity) == 9)
        let categories = try FeatureReference(
            categorical: ["a", "b", nil, "a", "rare"], leastShare: 0.3)
        #expect(categories.categories == ["a"] && categories.counts == [2, 2])
        #expect(categories.bin(of: "a") == 0 && categories.bin(of: "never seen") == 1)
        #expect(categories.bin(of: nil as String?) == 2 && categories.missing == 1)
    }

    @Test func referenceRefusesWhatIsBroken() throws {
        #expect(throws: InvalidEvidence.self) { try FeatureReference(numeric: [.nan]) }
        #expect(throws: InvalidEvidence.self) { try FeatureReference(numeric: [1], bins: 1_000) }
        #expect(throws: InvalidEvidence.self) { try FeatureReference(categorical: [nil]) }
        let broken =
            #"{"kind":"numeric","edges":[2,1],"categories":[],"counts":[1,1,1],"missing":0}"#
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(FeatureReference.self, from: Data(broken.utf8))
        }
        var histogram = FeatureHistogram(for: try Self.reference(100))
        #expect(throws: InvalidEvidence.self) {
            try histogram.add("word", on: try Self.reference(100))
        }
    }

    @Test func histogramsAddUpInAnyOrder() throws {
        let reference = try Self.reference(1_000)
        var random = Seeded(2)
        let parts = try (0..<3).map { _ in try live(100, on: reference, &random) { $0 } }
        var forwards = FeatureHistogram(for: reference)
        var backwards = forwards
        for part in parts { try forwards.merge(part) }
        for part in parts.reversed() { try backwards.merge(part) }
        #expect(forwards == backwards && forwards.total == 300)
    }

    // At the border of what is tolerated, looked at 100 times.
    @Test func aToleratedDifferenceRarelyRollsBack() throws {
        let reference = try Self.reference()
        let tolerance = try DriftTolerance(distance: 0.1)
        var random = Seeded(3)
        var (rollbacks, promotions) = (0, 0)
        for _ in 0..<100 {
            var process = try DriftProcess(tolerance: tolerance, reference: reference)
            for _ in 0..<100 {
                // F(x) is 0.1 above the reference everywhere.
                try process.observe(
                    live(50, on: reference, &random) { max(0.0001, $0 - 0.1) })
            }
            if process.rollbackPeak >= Self.threshold { rollbacks += 1 }
            if process.promotePeak >= Self.threshold { promotions += 1 }
        }
        #expect(rollbacks <= 11 && promotions <= 11)
    }

    @Test func driftIsFoundAndItsAbsenceProven() throws {
        let reference = try Self.reference()
        let tolerance = try DriftTolerance(distance: 0.1)
        var random = Seeded(4)
        var moved = try DriftProcess(tolerance: tolerance, reference: reference)
        var same = moved
        for _ in 0..<40 {
            try moved.observe(live(100, on: reference, &random) { $0 * 0.7 })
            try same.observe(live(100, on: reference, &random) { $0 })
        }
        let breach = moved.reading(alpha: Self.alpha)
        #expect(breach.crossed(.rollback, level: Self.alpha))
        #expect(!breach.crossed(.promote, level: Self.alpha))
        #expect(try #require(breach.lower) > 0.1)
        let fine = same.reading(alpha: Self.alpha)
        #expect(fine.crossed(.promote, level: Self.alpha))
        #expect(!fine.crossed(.rollback, level: Self.alpha))
        #expect(try #require(fine.upper) < 0.1)
    }

    @Test func missingValuesAreDrift() throws {
        let reference = try Self.reference()
        var random = Seeded(5)
        var process = try DriftProcess(tolerance: DriftTolerance(), reference: reference)
        try process.observe(live(3_000, on: reference, &random) { $0 < 0.3 ? .nan : $0 })
        #expect(process.reading(alpha: Self.alpha).crossed(.rollback, level: Self.alpha))
    }

    @Test func processSurvivesStoringAndMerging() throws {
        let reference = try Self.reference(2_000)
        var random = Seeded(6)
        var process = try DriftProcess(tolerance: DriftTolerance(), reference: reference)
        #expect(process.reading(alpha: 0.05).undecidable != nil)
        try process.observe(live(500, on: reference, &random) { $0 * $0 })
        let stored = try JSONEncoder().encode(process)
        #expect(try JSONDecoder().decode(DriftProcess.self, from: stored) == process)
        var merged = process
        try merged.merge(process)
        #expect(merged.live.total == 1_000)
        var other = try DriftProcess(
            tolerance: DriftTolerance(distance: 0.2), reference: reference)
        #expect(throws: InvalidEvidence.self) { try other.merge(process) }
        #expect(try #require(process.needs(.rollback, alpha: 0.05)) >= 0)
    }

    // Both arms drift together, and the split moves: that is not the candidate's doing.
    @Test func sharedDriftIsNoFaultOfTheCandidate() throws {
        var random = Seeded(7)
        var rollbacks = 0
        for _ in 0..<200 {
            var process = try ArmOfBinProcess(bins: 5)
            for block in 0..<60 {
                let power = block < 30 ? 1.0 : 3.0
                func draw(_ rows: Int) -> [Int] {
                    var counts = [0, 0, 0, 0, 0]
                    for _ in 0..<rows {
                        let u = Elementary.power(random.fraction(), power)
                        counts[min(4, Int(u * 5))] += 1
                    }
                    return counts
                }
                try process.observe(candidate: draw(block < 30 ? 10 : 60), stable: draw(100))
            }
            if process.peak >= Self.threshold { rollbacks += 1 }
        }
        #expect(rollbacks <= 19)
    }

    @Test func aCandidateOfItsOwnDistributionIsFound() throws {
        var process = try ArmOfBinProcess(bins: 3)
        for _ in 0..<50 {
            try process.observe(candidate: [10, 10, 0], stable: [30, 30, 40])
        }
        let reading = process.reading(alpha: 0.01)
        #expect(reading.crossed(.rollback, level: 0.01) && reading.promoteLogE == 0)
        let stored = try JSONEncoder().encode(process)
        #expect(try JSONDecoder().decode(ArmOfBinProcess.self, from: stored) == process)
        #expect(throws: InvalidEvidence.self) {
            try process.observe(candidate: [1, 1], stable: [1, 1, 1])
        }
        #expect(throws: InvalidEvidence.self) { try ArmOfBinProcess(bins: 1) }
    }

    @Test func theBandIsThatOfTheDesign() {
        #expect(abs(DriftTolerance.bandRadius(rows: 1_000, alpha: 0.05) - 0.0866) < 5e-5)
        #expect(abs(DriftTolerance.bandRadius(rows: 10_000, alpha: 0.05) - 0.0277) < 5e-5)
        #expect(abs(DriftTolerance.bandRadius(rows: 100_000, alpha: 0.05) - 0.0088) < 5e-5)
    }

    // PSI alarms as often as declared, at any number of rows; a fixed threshold does not.
    @Test(arguments: [100, 1_000]) func stabilityKnowsTheNumberOfRows(_ rows: Int) throws {
        let reference = try Self.reference()
        var random = Seeded(8)
        var (alarms, fixed) = (0, 0)
        for _ in 0..<400 {
            let histogram = try live(rows, on: reference, &random) { $0 }
            let verdict = try #require(StabilityVerdict(reference, histogram, floor: 0))
            if verdict.isDrift { alarms += 1 }
            if verdict.psi >= 0.1 { fixed += 1 }
        }
        #expect((4...36).contains(alarms))
        #expect(rows < 500 ? fixed > 80 : fixed == 0)
    }
}
