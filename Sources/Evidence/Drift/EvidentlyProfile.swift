/// The two sides of one column.
package enum DriftColumn: Sendable, Hashable {
    /// - Parameter integers: every value is of an integer type, which widens numpy's bins.
    case numeric(SortedSample, SortedSample, integers: Bool)
    case categorical(CategoryCounts)

    package var referenceCount: Int {
        switch self {
        case .numeric(let reference, _, _): reference.count
        case .categorical(let counts): Int(exactly: counts.referenceTotal) ?? 0
        }
    }

    package var currentCount: Int {
        switch self {
        case .numeric(_, let current, _): current.count
        case .categorical(let counts): Int(exactly: counts.currentTotal) ?? 0
        }
    }

    /// Counts of each distinct value.
    var categories: CategoryCounts {
        switch self {
        case .numeric(let reference, let current, _): CategoryCounts(reference, current)
        case .categorical(let counts): counts
        }
    }
}

/// Tests of Evidently 0.7 by its names, with its thresholds and its way of binning, so that its
/// reports can be reproduced. Fixed thresholds ignore the number of rows: this is a description.
package enum EvidentlyTest: String, Codable, Sendable, Hashable, CaseIterable {
    case psi
    case klDivergence = "kl_div"
    case jensenShannon = "jensenshannon"
    case hellinger
    case kolmogorovSmirnov = "ks"
    case chiSquared = "chisquare"
    case z
    case wasserstein
    case cramerVonMises = "cramer_von_mises"
    case energy = "ed"
    case studentT = "t_test"
    case likelihoodRatio = "g_test"

    /// What Evidently takes for a column by itself: tests up to 1,000 rows of reference, distances
    /// above (`_get_default_stattest`).
    package static func automatic(for column: DriftColumn) -> EvidentlyTest {
        let isLarge = column.referenceCount > 1_000
        switch column {
        case .numeric(let reference, let current, _):
            let distinct = distinct(reference, current, upTo: 6)
            if isLarge { return distinct <= 5 ? .jensenShannon : .wasserstein }
            return distinct > 5 ? .kolmogorovSmirnov : distinct > 2 ? .chiSquared : .z
        case .categorical(let counts):
            return isLarge ? .jensenShannon : counts.names.count > 2 ? .chiSquared : .z
        }
    }

    package var defaultThreshold: Double {
        switch self {
        case .kolmogorovSmirnov, .chiSquared, .z, .studentT: 0.05
        default: 0.1
        }
    }

    /// Whether small values mean drift.
    package var isPValue: Bool {
        switch self {
        case .kolmogorovSmirnov, .chiSquared, .z, .studentT, .likelihoodRatio, .cramerVonMises:
            true
        default: false
        }
    }

    /// Whether Evidently calls `value` drift; some of its comparisons are strict.
    package func isDrift(_ value: Double, threshold: Double? = nil) -> Bool {
        let threshold = threshold ?? defaultThreshold
        switch self {
        case .kolmogorovSmirnov, .cramerVonMises: return value <= threshold
        case .chiSquared, .z, .studentT, .likelihoodRatio: return value < threshold
        case .energy: return value > threshold
        default: return value >= threshold
        }
    }

    /// The statistic or p-value that Evidently reports. `nil` for an empty side, or when the test
    /// does not apply to the column.
    package func value(of column: DriftColumn) -> Double? {
        guard column.referenceCount > 0, column.currentCount > 0 else { return nil }
        switch self {
        case .psi: return Self.shares(of: column, emptyBins: .evidently)?.psi
        case .klDivergence:
            return Self.shares(of: column, emptyBins: .evidently)?.klReferenceGivenCurrent
        case .jensenShannon: return Self.shares(of: column, emptyBins: .kept)?.jsDistanceLn
        case .hellinger: return Self.hellinger(column)
        case .chiSquared: return column.categories.goodnessOfFit()?.pValue
        case .likelihoodRatio: return column.categories.likelihoodRatio()?.pValue
        case .z: return column.categories.proportionsTest()
        case .kolmogorovSmirnov, .wasserstein, .cramerVonMises, .energy, .studentT:
            guard case .numeric(let reference, let current, _) = column else { return nil }
            return numeric(reference, current)
        }
    }

    private func numeric(_ reference: SortedSample, _ current: SortedSample) -> Double? {
        switch self {
        case .cramerVonMises: return CramerVonMises(reference, current)?.pValue
        case .studentT: return Self.studentT(reference, current)
        default: break
        }
        guard let distances = SampleDistances(reference, current) else { return nil }
        switch self {
        case .kolmogorovSmirnov:
            return SampleKolmogorovSmirnov(
                distances, first: reference.count, second: current.count
            ).pValue
        case .wasserstein: return distances.wasserstein / max(reference.moments.deviation, 0.001)
        case .energy: return distances.energy
        default: return nil
        }
    }

    /// Shares as `get_binned_data` makes them: Sturges bins over both samples for numbers with
    /// more than 20 distinct values in the reference, otherwise each value is a bin.
    package static func shares(of column: DriftColumn, emptyBins: EmptyBins) -> BinShares? {
        guard case .numeric(let reference, let current, let integers) = column,
            reference.distinct(upTo: 21) > 20
        else {
            let counts = column.categories
            return BinShares(
                reference: counts.reference, current: counts.current, emptyBins: emptyBins)
        }
        guard let edges = sturgesEdges(reference, current, integers: integers) else { return nil }
        return BinShares(
            reference: Binning.counts(ofSorted: reference.values, edges: edges),
            current: Binning.counts(ofSorted: current.values, edges: edges), emptyBins: emptyBins)
    }

    /// Sturges' edges over both samples; only the ends and the number of values count.
    package static func sturgesEdges(
        _ reference: SortedSample, _ current: SortedSample, integers: Bool
    ) -> [Double]? {
        Binning.sturgesEdges(
            low: min(reference.values.first ?? .infinity, current.values.first ?? .infinity),
            high: max(reference.values.last ?? -.infinity, current.values.last ?? -.infinity),
            count: reference.count + current.count, integers: integers)
    }

    /// On densities over Sturges bins of the distinct values of both samples.
    private static func hellinger(_ column: DriftColumn) -> Double? {
        let counts = column.categories
        guard case .numeric(let reference, let current, let integers) = column else {
            return BinShares(reference: counts.reference, current: counts.current)?
                .bhattacharyyaHellinger
        }
        guard
            let edges = Binning.sturgesEdges(
                low: min(reference.values.first ?? .infinity, current.values.first ?? .infinity),
                high: max(reference.values.last ?? -.infinity, current.values.last ?? -.infinity),
                count: counts.names.count, integers: integers)
        else { return nil }
        return BinShares(
            reference: Binning.counts(ofSorted: reference.values, edges: edges),
            current: Binning.counts(ofSorted: current.values, edges: edges))?
            .bhattacharyyaHellinger
    }

    /// Student's test of equal means with one variance (`scipy.stats.ttest_ind`).
    private static func studentT(_ reference: SortedSample, _ current: SortedSample) -> Double? {
        let (n, m) = (Double(reference.count), Double(current.count))
        guard n + m > 2 else { return nil }
        let (a, b) = (reference.moments, current.moments)
        let squares = n * a.deviation * a.deviation + m * b.deviation * b.deviation
        let t =
            (a.mean - b.mean) / (squares / (n + m - 2) * (1 / n + 1 / m)).squareRoot()
        return t.isNaN ? nil : 2 * StudentT.sf(abs(t), df: n + m - 2)
    }

    private static func distinct(
        _ reference: SortedSample, _ current: SortedSample, upTo limit: Int
    ) -> Int {
        var seen: Set<Double> = []
        for sample in [reference, current] {
            var previous = Double.nan
            for value in sample.values where value != previous {
                seen.insert(value)
                previous = value
                if seen.count >= limit { return seen.count }
            }
        }
        return seen.count
    }
}
