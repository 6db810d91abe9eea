/// Two tables compared column by column.
package struct DriftReport: Codable, Sendable, Hashable {
    package enum Profile: String, Codable, Sendable, Hashable, CaseIterable {
        /// Ours: population stability on frozen bins, judged by the number of rows.
        case gatewright
        /// What Evidently 0.7 reports by default.
        case evidently
    }

    package let profile: Profile
    /// The probability of any false alarm in the report; `nil` for Evidently's fixed thresholds.
    package let alpha: Double?
    package let columns: [Column]

    package var drifted: [String] { columns.filter(\.isDrift).map(\.name) }

    package struct Column: Codable, Sendable, Hashable {
        package let name: String
        package let kind: FeatureReference.Kind
        /// Rows with a value.
        package let referenceRows: Int
        package let currentRows: Int
        package let referenceMissing: Int
        package let currentMissing: Int
        /// What the verdict rests on: `psi`, or a test by Evidently's name.
        package let test: String
        /// The statistic, or the p-value of a test; `nil` when it could not be computed.
        package let value: Double?
        package let threshold: Double?
        package let isDrift: Bool
        /// Of Kolmogorov and Smirnov's test, or of the contingency table of categories.
        package let pValue: Double?
        package let description: Description
        /// Categories that the reference does not know, at most 20; a break of the data's contract
        /// rather than drift.
        package let newCategories: [String]
    }

    /// Distances without a verdict. Each is `nil` for a kind of column that it does not apply to.
    package struct Description: Codable, Sendable, Hashable {
        package let psi: Double?
        package let jsDistanceLn: Double?
        package let totalVariation: Double?
        package let ks: Double?
        /// Divided by the reference's standard deviation.
        package let wassersteinNormed: Double?
    }

    /// One column of two tables.
    package struct Input: Sendable {
        package let name: String
        package let column: DriftColumn
        package let referenceMissing: Int
        package let currentMissing: Int

        package init(
            name: String, column: DriftColumn, referenceMissing: Int, currentMissing: Int
        ) {
            self.name = name
            self.column = column
            self.referenceMissing = referenceMissing
            self.currentMissing = currentMissing
        }
    }

    package init(profile: Profile, alpha: Double, columns: [Column]) {
        self.profile = profile
        self.alpha = profile == .gatewright ? alpha : nil
        self.columns = columns
    }

    /// Judges one column.
    ///
    /// - Parameter alpha: of a false alarm for this column (the report's divided by the number of
    ///   columns: Bonferroni).
    package static func judge(_ input: Input, profile: Profile, alpha: Double) -> Column {
        let column = input.column
        let binned = Binned(input)
        let stability = StabilityVerdict(
            reference: binned.reference, current: binned.current, alpha: alpha)
        let details = details(of: column, binned)
        var test = "psi"
        var value = stability?.psi
        var threshold = stability.map { max($0.critical, $0.floor) }
        var isDrift = stability?.isDrift ?? false
        if profile == .evidently {
            let chosen = EvidentlyTest.automatic(for: column)
            test = chosen.rawValue
            value = chosen.value(of: column)
            threshold = chosen.defaultThreshold
            isDrift = value.map { chosen.isDrift($0) } ?? false
        }
        let kind: FeatureReference.Kind
        if case .numeric = column { kind = .numeric } else { kind = .categorical }
        return Column(
            name: input.name, kind: kind, referenceRows: column.referenceCount,
            currentRows: column.currentCount, referenceMissing: input.referenceMissing,
            currentMissing: input.currentMissing, test: test, value: value, threshold: threshold,
            isDrift: isDrift, pValue: details.pValue, description: details.description,
            newCategories: newCategories(column))
    }

    /// Counts on our bins, the missing values last.
    private struct Binned {
        let reference: [Double]
        let current: [Double]

        init(_ input: Input) {
            let missing = (Double(input.referenceMissing), Double(input.currentMissing))
            switch input.column {
            case .numeric(let reference, let current, _):
                let edges = Binning.quantileEdges(ofSorted: reference.values, bins: 10)
                self.reference =
                    Binning.counts(ofSorted: reference.values, innerEdges: edges) + [missing.0]
                self.current =
                    Binning.counts(ofSorted: current.values, innerEdges: edges) + [missing.1]
            case .categorical(let counts):
                let folded = counts.folded()
                reference = folded.reference + [missing.0]
                current = folded.current + [missing.1]
            }
        }
    }

    private static func details(
        of column: DriftColumn, _ binned: Binned
    ) -> (pValue: Double?, description: Description) {
        let shares = BinShares(reference: binned.reference, current: binned.current)
        let smoothed = BinShares(
            reference: binned.reference, current: binned.current, emptyBins: .added(0.5))
        var pValue: Double?
        var distances: SampleDistances?
        var deviation: Double?
        switch column {
        case .numeric(let reference, let current, _):
            distances = SampleDistances(reference, current)
            deviation = reference.moments.deviation
            // The exact law takes time with the product of the sizes; beyond this the difference
            // is in the third digit of the p-value.
            let product = Double(reference.count) * Double(current.count)
            pValue = distances.map {
                SampleKolmogorovSmirnov(
                    $0, first: reference.count, second: current.count,
                    method: product <= 1e6 ? .auto : .asymptotic
                ).pValue
            }
        case .categorical(let counts):
            pValue = counts.folded().contingency()?.pValue
        }
        let normed = distances.flatMap { distances in
            deviation.map { distances.wasserstein / max($0, 0.001) }
        }
        let description = Description(
            psi: smoothed?.psi, jsDistanceLn: shares?.jsDistanceLn,
            totalVariation: shares?.totalVariation, ks: distances?.kolmogorovSmirnov,
            wassersteinNormed: normed)
        return (pValue, description)
    }

    private static func newCategories(_ column: DriftColumn) -> [String] {
        guard case .categorical(let counts) = column else { return [] }
        var names: [String] = []
        for (index, name) in counts.names.enumerated()
        where counts.reference[index] == 0 && counts.current[index] > 0 && names.count < 20 {
            names.append(name)
        }
        return names
    }
}
