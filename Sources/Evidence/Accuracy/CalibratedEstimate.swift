/// An accuracy that was estimated without labels, and later what it turned out to be.
package struct CalibratedEstimate: Codable, Sendable, Hashable {
    /// The estimate, 0...1.
    package let expected: Double
    /// By chance alone, if the scores are calibrated and their errors independent.
    package let standardError: Double
    /// Predictions that it is about.
    package let count: Int
    /// Of those, the ones whose label has come, and how many were right.
    package private(set) var labelled = 0
    package private(set) var right = 0

    /// Labels that have come, in full: replaces earlier ones, because corrections happen.
    ///
    /// - Throws: `InvalidEvidence` for more right than labelled, or more labelled than predicted.
    package mutating func realise(right: Int, labelled: Int) throws(InvalidEvidence) {
        guard right >= 0, right <= labelled, labelled <= count else {
            throw .counts(trials: labelled, failures: right)
        }
        (self.right, self.labelled) = (right, labelled)
    }

    /// The accuracy of those with a label; `nil` before the first.
    package var realised: Double? {
        labelled > 0 ? Double(right) / Double(labelled) : nil
    }

    /// The part of the predictions with a label.
    package var coverage: Double { count > 0 ? Double(labelled) / Double(count) : 0 }

    /// Estimate - realised: above 0 when the scores promised too much.
    package var error: Double? { realised.map { expected - $0 } }

    /// The error in standard errors of a sample as large as what is labelled. Beyond ±3 the scores
    /// are not calibrated, or the labels that came are of a special kind. `nil` when the scores
    /// were all certain.
    package var standardisedError: Double? {
        guard let error, standardError > 0, labelled > 0 else { return nil }
        let scale = (Double(count) / Double(labelled)).squareRoot()
        return error / (standardError * scale)
    }
}
