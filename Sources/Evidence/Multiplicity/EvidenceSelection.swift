/// Which of several hypotheses their e-values speak against.
package enum EvidenceSelection {
    /// Σ w e for weights that add up to 1: an e-value again, for any dependence.
    package static func weightedAverage(_ eValues: [Double], weights: [Double]) -> Double {
        zip(eValues, weights).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// Those with e ≥ 1/(w α): each error is at most w α, all together at most α.
    package static func weightedBonferroni(
        _ eValues: [Double], weights: [Double], alpha: Double
    ) -> [Int] {
        zip(eValues, weights).enumerated().compactMap { index, pair in
            pair.0 * pair.1 * alpha >= 1 ? index : nil
        }
    }

    /// The e-BH procedure (Wang and Ramdas 2022): the largest k with k e_(k)/K ≥ 1/α. Of those
    /// named, a part of at most α is named wrongly on average, for any dependence.
    package static func eBH(_ eValues: [Double], alpha: Double) -> [Int] {
        let order = eValues.indices.sorted { (eValues[$0], $1) > (eValues[$1], $0) }
        let total = Double(eValues.count)
        let last = order.indices.last { place in
            Double(place + 1) * eValues[order[place]] * alpha >= total
        }
        guard let last else { return [] }
        return order[...last].sorted()
    }
}
