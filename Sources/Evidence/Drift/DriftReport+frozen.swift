extension DriftReport {
    /// Judges rows that were counted on the frozen bins of a reference, whose own rows are long gone.
    ///
    /// - Parameter alpha: of a false alarm for this feature.
    package static func judge(
        _ name: String, _ current: FeatureHistogram, on reference: FeatureReference, alpha: Double
    ) -> Column {
        let before = reference.allCounts.map(Double.init)
        let after = current.counts.map(Double.init)
        let stability = StabilityVerdict(reference: before, current: after, alpha: alpha)
        let shares = BinShares(reference: before, current: after)
        let smoothed = BinShares(reference: before, current: after, emptyBins: .added(0.5))
        let missing = current.counts.last ?? 0
        return Column(
            name: name, kind: reference.kind, referenceRows: reference.total - reference.missing,
            currentRows: current.total - missing, referenceMissing: reference.missing,
            currentMissing: missing, test: "psi", value: stability?.psi,
            threshold: stability.map { max($0.critical, $0.floor) },
            isDrift: stability?.isDrift ?? false, pValue: nil,
            description: Description(
                psi: smoothed?.psi, jsDistanceLn: shares?.jsDistanceLn,
                totalVariation: shares?.totalVariation, ks: nil, wassersteinNormed: nil),
            newCategories: [])
    }
}
