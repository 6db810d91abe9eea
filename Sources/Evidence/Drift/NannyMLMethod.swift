/// Univariate drift methods of NannyML 0.13 by its names. It alarms at three standard deviations of
/// the reference's own chunks, so there is no threshold here: these are descriptions.
package enum NannyMLMethod: String, Codable, Sendable, Hashable, CaseIterable {
    case jensenShannon = "jensen_shannon"
    case hellinger
    case kolmogorovSmirnov = "kolmogorov_smirnov"
    case wasserstein
    case chiSquared = "chi2"
    case largestDifference = "l_infinity"

    /// From this many rows of reference NannyML estimates distances of distribution functions on
    /// 10,000 bins instead.
    package static let exactRows = 10_000

    /// The value of a chunk. `nil` for an empty side, for a method that does not apply to the
    /// column, and where NannyML would estimate.
    package func value(of column: DriftColumn) -> Double? {
        guard column.referenceCount > 0, column.currentCount > 0 else { return nil }
        switch self {
        case .jensenShannon: return Self.shares(of: column)?.jsDistanceBits
        case .hellinger: return Self.shares(of: column)?.hellinger
        case .chiSquared:
            guard case .categorical(let counts) = column else { return nil }
            return counts.contingency()?.statistic
        case .largestDifference:
            guard case .categorical(let counts) = column else { return nil }
            return BinShares(reference: counts.reference, current: counts.current)?
                .largestDifference
        case .kolmogorovSmirnov, .wasserstein:
            guard case .numeric(let reference, let current, _) = column,
                reference.count < Self.exactRows,
                let distances = SampleDistances(reference, current)
            else { return nil }
            return self == .wasserstein ? distances.wasserstein : distances.kolmogorovSmirnov
        }
    }

    /// Doane's bins of the reference, or its categories; what it does not have is one more bin.
    private static func shares(of column: DriftColumn) -> BinShares? {
        switch column {
        case .numeric(let reference, let current, _):
            guard let edges = Binning.edges(ofSorted: reference.values, rule: .doane) else {
                return nil
            }
            let counts = Binning.counts(ofSorted: current.values, edges: edges)
            let outside = Double(current.count) - counts.reduce(0, +)
            return BinShares(
                reference: Binning.counts(ofSorted: reference.values, edges: edges) + [0],
                current: counts + [outside])
        case .categorical(let counts):
            let pairs = zip(counts.reference, counts.current)
            let known = pairs.filter { $0.0 > 0 }
            let unknown = pairs.filter { $0.0 == 0 }.reduce(0) { $0 + $1.1 }
            return BinShares(
                reference: known.map(\.0) + [0], current: known.map(\.1) + [unknown])
        }
    }
}
