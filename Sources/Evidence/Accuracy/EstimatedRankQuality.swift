/// The area under the ROC curve that calibrated probabilities promise.
package enum EstimatedRankQuality {
    /// The chance that of one positive and one negative the positive has the higher score, by
    /// trapezia over falling scores with expected counts (NannyML 0.13, `estimate_roc_auc`, without
    /// its rounding to 5 decimals). Equal scores are one step, whatever their order.
    ///
    /// - Parameters:
    ///   - scores: of the model, which order the predictions.
    ///   - probabilities: of the positive class, calibrated, 0...1; as many.
    /// - Returns: `nil` for lists of different lengths, NaN, a probability outside 0...1, or when
    ///   nothing positive or nothing negative is expected.
    package static func area(scores: [Double], probabilities: [Double]) -> Double? {
        guard scores.count == probabilities.count, !scores.contains(where: \.isNaN),
            probabilities.allSatisfy({ (0...1).contains($0) })
        else { return nil }
        let falling = zip(scores, probabilities).sorted { $0.0 > $1.0 }
        var (positives, negatives, area) = (0.0, 0.0, 0.0)
        var step: (score: Double, positives: Double, negatives: Double)?
        func closed(_ step: (score: Double, positives: Double, negatives: Double)) -> Double {
            step.negatives * (positives + step.positives / 2)
        }
        for (score, probability) in falling {
            if let last = step, last.score != score {
                area += closed(last)
                positives += last.positives
                negatives += last.negatives
                step = nil
            }
            let open = step ?? (score, 0, 0)
            step = (score, open.positives + probability, open.negatives + 1 - probability)
        }
        if let last = step {
            area += closed(last)
            positives += last.positives
            negatives += last.negatives
        }
        return positives > 0 && negatives > 0 ? area / (positives * negatives) : nil
    }
}
