/// What a confusion table would be if scores were right about how often they are wrong: an
/// estimate of quality before labels come (CBPE, confidence-based performance estimation, as in
/// NannyML 0.13).
///
/// Needs calibrated scores and no drift of what is to be predicted, given the inputs. So it is
/// descriptive: it may warn, and never rolls back. Constant state, order-free, mergeable.
package struct ConfusionEstimate: Codable, Sendable, Hashable {
    /// Expected counts.
    package private(set) var truePositives = 0.0
    package private(set) var falsePositives = 0.0
    package private(set) var trueNegatives = 0.0
    package private(set) var falseNegatives = 0.0
    package private(set) var count = 0
    /// Σ p (1 - p), the variance of the number that is right.
    private var variance = 0.0

    package init() {}

    /// Takes in one prediction of two classes.
    ///
    /// - Parameter probability: of the positive class, calibrated, 0...1.
    package mutating func observe(
        predictsPositive: Bool, probability: Double
    ) throws(InvalidEvidence) {
        let probability = try Self.valid(probability)
        count = try Counter.sum(count, 1)
        variance += probability * (1 - probability)
        if predictsPositive {
            truePositives += probability
            falsePositives += 1 - probability
        } else {
            falseNegatives += probability
            trueNegatives += 1 - probability
        }
    }

    package mutating func merge(_ other: ConfusionEstimate) throws(InvalidEvidence) {
        count = try Counter.sum(count, other.count)
        truePositives += other.truePositives
        falsePositives += other.falsePositives
        trueNegatives += other.trueNegatives
        falseNegatives += other.falseNegatives
        variance += other.variance
    }

    /// The part that is right; `nil` without predictions, as are the others without what they
    /// divide by.
    package var accuracy: Double? { Self.part(truePositives + trueNegatives, of: Double(count)) }

    /// Of what was called positive, the part that is.
    package var precision: Double? {
        Self.part(truePositives, of: truePositives + falsePositives)
    }

    /// Of what is positive, the part that was called so.
    package var recall: Double? { Self.part(truePositives, of: truePositives + falseNegatives) }

    /// Of what is negative, the part that was called so.
    package var specificity: Double? {
        Self.part(trueNegatives, of: trueNegatives + falsePositives)
    }

    package var f1: Double? {
        Self.part(
            truePositives, of: truePositives + (falsePositives + falseNegatives) / 2)
    }

    /// How far the realised accuracy may be off by chance alone, in the same units.
    package var standardError: Double? {
        count > 0 ? variance.squareRoot() / Double(count) : nil
    }

    /// The accuracy as a record that waits for labels.
    package var calibrated: CalibratedEstimate? {
        guard let accuracy, let standardError else { return nil }
        return CalibratedEstimate(
            expected: accuracy, standardError: standardError, count: count)
    }

    private static func part(_ some: Double, of all: Double) -> Double? {
        all > 0 ? min(some / all, 1) : nil
    }

    fileprivate static func valid(_ probability: Double) throws(InvalidEvidence) -> Double {
        guard (0...1).contains(probability) else {
            throw InvalidEvidence(
                .outOfRange, found: "a probability of \(probability)", expected: "0 to 1")
        }
        return probability
    }
}

/// The expected accuracy of predictions among many classes: the mean probability of the class that
/// was predicted.
package struct AccuracyEstimate: Codable, Sendable, Hashable {
    package private(set) var count = 0
    private var sum = 0.0
    private var variance = 0.0

    package init() {}

    /// - Parameter probability: of the predicted class, calibrated, 0...1.
    package mutating func observe(probabilityOfPredicted probability: Double)
        throws(InvalidEvidence)
    {
        let probability = try ConfusionEstimate.valid(probability)
        count = try Counter.sum(count, 1)
        sum += probability
        variance += probability * (1 - probability)
    }

    package mutating func merge(_ other: AccuracyEstimate) throws(InvalidEvidence) {
        count = try Counter.sum(count, other.count)
        sum += other.sum
        variance += other.variance
    }

    package var calibrated: CalibratedEstimate? {
        guard count > 0 else { return nil }
        return CalibratedEstimate(
            expected: min(sum / Double(count), 1),
            standardError: variance.squareRoot() / Double(count), count: count)
    }
}
