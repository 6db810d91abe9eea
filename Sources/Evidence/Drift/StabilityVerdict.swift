/// Whether a population stability index is more than the noise of so many rows, and worth acting on.
package struct StabilityVerdict: Codable, Sendable, Hashable {
    /// On shares (count + 0.5)/(n + 0.5 B), so that no bin is empty.
    package let psi: Double
    /// Bins that have rows on either side.
    package let bins: Int
    /// What noise alone exceeds with probability alpha: χ²_{1-α}(B - 1) (1/N + 1/M), the law of
    /// PSI without drift (Yurdakul 2018).
    package let critical: Double
    /// What is not worth acting on, however sure.
    package let floor: Double

    package var isDrift: Bool { psi >= critical && psi >= floor }

    /// - Parameters:
    ///   - reference: counts of each bin.
    ///   - current: counts of the same bins.
    ///   - alpha: of a false alarm, for one feature at one look.
    /// - Returns: `nil` unless both sides have rows in the same bins.
    package init?(
        reference: [Double], current: [Double], alpha: Double = 0.05, floor: Double = 0.02
    ) {
        let pairs = zip(reference, current).filter { $0.0 + $0.1 > 0 }
        guard reference.count == current.count,
            let shares = BinShares(
                reference: pairs.map(\.0), current: pairs.map(\.1), emptyBins: .added(0.5))
        else { return nil }
        psi = shares.psi
        bins = pairs.count
        self.floor = floor
        let rows = (reference.reduce(0, +), current.reduce(0, +))
        let quantile =
            bins > 1 ? ChiSquared.upperQuantile(Probability.level(alpha), df: Double(bins - 1)) : 0
        critical = quantile * (1 / rows.0 + 1 / rows.1)
    }

    /// Live traffic on frozen bins.
    package init?(
        _ reference: FeatureReference, _ live: FeatureHistogram, alpha: Double = 0.05,
        floor: Double = 0.02
    ) {
        self.init(
            reference: reference.allCounts.map(Double.init), current: live.counts.map(Double.init),
            alpha: alpha, floor: floor)
    }
}
