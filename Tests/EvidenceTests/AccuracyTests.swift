import Evidence
import Foundation
import Testing

/// Accuracy without labels, against NannyML 0.13.1.
@Suite struct AccuracyTests {
    func estimate(_ predicted: [Bool], _ probabilities: [Double]) throws -> ConfusionEstimate {
        var estimate = ConfusionEstimate()
        for (positive, probability) in zip(predicted, probabilities) {
            try estimate.observe(predictsPositive: positive, probability: probability)
        }
        return estimate
    }

    func near(_ found: Double?, _ expected: Double, _ tolerance: Double = 1e-12) -> Bool {
        found.map { abs($0 - expected) < tolerance } ?? false
    }

    static let uniform: [Double] = {
        var x = 1
        return (0..<400).map { _ in
            x = (1_103_515_245 * x + 12_345) % 2_147_483_648
            return Double(x) / 2_147_483_648
        }
    }()

    @Test func fivePredictions() throws {
        let probabilities = [0.9, 0.6, 0.2, 0.4, 0.7]
        let found = try estimate([true, true, false, false, true], probabilities)
        #expect(near(found.truePositives, 2.2) && near(found.falsePositives, 0.8))
        #expect(near(found.falseNegatives, 0.6) && near(found.trueNegatives, 1.4))
        #expect(near(found.accuracy, 0.72) && near(found.precision, 0.733_333_333_333_333_4))
        #expect(near(found.recall, 0.785_714_285_714_285_7))
        #expect(near(found.specificity, 0.636_363_636_363_636_2))
        #expect(near(found.f1, 0.758_620_689_655_172_4))
        // .72 ± √(.09 + .24 + .16 + .24 + .21)/5.
        #expect(near(found.standardError, 0.94.squareRoot() / 5))
        let area = EstimatedRankQuality.area(
            scores: probabilities, probabilities: probabilities)
        #expect(near(area, 0.775_974_025_974_026))
    }

    @Test func twoHundredPredictions() throws {
        let probabilities = Array(Self.uniform.prefix(200))
        let scores = Array(Self.uniform.suffix(200))
        let other = try estimate(scores.map { $0 > 0.6 }, probabilities)
        #expect(near(other.accuracy, 0.540_090_385_912_917_6))
        #expect(near(other.precision, 0.561_232_582_585_265_2))
        #expect(near(other.recall, 0.416_069_693_296_791_5))
        #expect(near(other.specificity, 0.667_039_418_899_352_5))
        #expect(near(other.f1, 0.477_870_305_364_147_76))
        // The library rounds its sums to 5 decimals.
        #expect(
            near(
                EstimatedRankQuality.area(scores: scores, probabilities: probabilities),
                0.528_926_470_681_554_2, 1e-6))
        let own = try estimate(probabilities.map { $0 > 0.5 }, probabilities)
        #expect(near(own.accuracy, 0.733_586_129_192_262_8))
        #expect(near(own.f1, 0.731_121_603_530_016_5))
        #expect(
            near(
                EstimatedRankQuality.area(
                    scores: probabilities.map { $0 * $0 }, probabilities: probabilities),
                0.812_976_062_487_57, 1e-6))
    }

    @Test func partsAddUp() throws {
        let probabilities = Array(Self.uniform.prefix(100))
        let predicted = probabilities.map { $0 > 0.3 }
        let whole = try estimate(predicted, probabilities)
        var left = try estimate(Array(predicted.prefix(30)), Array(probabilities.prefix(30)))
        try left.merge(
            try estimate(Array(predicted.dropFirst(30)), Array(probabilities.dropFirst(30))))
        #expect(near(left.f1, try #require(whole.f1)) && left.count == whole.count)
        var classes = AccuracyEstimate()
        for probability in [0.5, 0.8, 0.9] {
            try classes.observe(probabilityOfPredicted: probability)
        }
        #expect(near(classes.calibrated?.expected, 2.2 / 3))
    }

    // Calibrated scores: the realised accuracy is where the estimate says, nineteen times in
    // twenty within two standard errors.
    @Test func whatIsCalibratedComesTrue() throws {
        var random = Seeded(5)
        var within = 0
        for _ in 0..<300 {
            var (estimate, right) = (ConfusionEstimate(), 0)
            for _ in 0..<400 {
                let probability = random.fraction()
                try estimate.observe(predictsPositive: probability > 0.5, probability: probability)
                right += random.chance(probability) == (probability > 0.5) ? 1 : 0
            }
            var record = try #require(estimate.calibrated)
            try record.realise(right: right, labelled: 400)
            within += abs(try #require(record.standardisedError)) < 1.96 ? 1 : 0
        }
        #expect((270...297).contains(within), "\(within) of 300")
    }

    @Test func labelsComeLater() throws {
        var record = try #require(
            try estimate([true, true, false, false], [0.9, 0.9, 0.1, 0.1]).calibrated)
        #expect(record.realised == nil && record.error == nil && record.coverage == 0)
        try record.realise(right: 1, labelled: 2)
        #expect(record.realised == 0.5 && record.coverage == 0.5)
        #expect(near(record.error, 0.4))
        // .4 in units of √(.09/2).
        #expect(near(record.standardisedError, 0.4 / (0.09 / 2).squareRoot()))
        try record.realise(right: 3, labelled: 3)
        #expect(record.realised == 1)
        #expect(throws: InvalidEvidence.self) { try record.realise(right: 3, labelled: 2) }
        #expect(throws: InvalidEvidence.self) { try record.realise(right: 3, labelled: 5) }
        #expect(record.labelled == 3)
    }

    @Test func nothingAndNonsense() throws {
        var empty = ConfusionEstimate()
        #expect(empty.accuracy == nil && empty.precision == nil && empty.calibrated == nil)
        for probability in [-0.1, 1.1, .nan, .infinity] {
            #expect(throws: InvalidEvidence.self) {
                try empty.observe(predictsPositive: true, probability: probability)
            }
        }
        #expect(empty.count == 0)
        #expect(EstimatedRankQuality.area(scores: [], probabilities: []) == nil)
        #expect(EstimatedRankQuality.area(scores: [1], probabilities: []) == nil)
        #expect(EstimatedRankQuality.area(scores: [1, 2], probabilities: [1, 1]) == nil)
        #expect(EstimatedRankQuality.area(scores: [.nan, 2], probabilities: [0, 1]) == nil)
        // Equal scores tell nothing.
        #expect(EstimatedRankQuality.area(scores: [1, 1], probabilities: [0, 1]) == 0.5)
    }
}
