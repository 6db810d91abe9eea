/// The candidate's mean against stable's, for numbers without bounds such as tokens per second,
/// cost or milliseconds: asymptotic.
///
/// Each block is a factor of its own, so a season that moves both arms cancels. A block's variance
/// comes from the blocks before it; only the first, which pools the burn-in, uses its own.
package struct MeanComparison: EvidenceProcess {
    package let rollbackLimit: MeanLimit
    package let promoteLimit: MeanLimit
    package private(set) var rollback: GridWealth
    package private(set) var promote: GridWealth
    /// Everything that was judged.
    private(set) var judged = MeanBlock()
    /// Measurements that wait until both arms have enough for a block.
    private(set) var waiting = MeanBlock()
    private(set) var strata = Strata()

    /// Measurements of each arm in the first block, fixed in advance.
    package static let burnIn = 200
    /// Measurements of each arm in a later block: sums of fewer are too skewed for a normal bound.
    package static let smallestBlock = 20
    /// Tails beyond this make the mean a bad guard; a quantile should be guarded instead.
    package static let largestKurtosis = 50.0

    /// - Parameters:
    ///   - promoteLimit: leaves room for a candidate at the limit; `limit` if `nil`.
    ///   - restarts: how many restarts may happen; `nil` spends all evidence on the whole past.
    package init(
        limit: MeanLimit, promoteLimit: MeanLimit? = nil, restarts: Int? = nil
    ) throws(InvalidEvidence) {
        rollbackLimit = try limit.validated()
        self.promoteLimit = try (promoteLimit ?? limit).validated()
        let points = EffectGrid.relative.count
        rollback = GridWealth(points: points, restarts: try .optional(budget: restarts))
        promote = GridWealth(points: points)
    }

    /// Takes in one block; small ones wait and are judged together.
    package mutating func observe(_ block: MeanBlock) throws(InvalidEvidence) {
        var next = self
        try next.waiting.merge(block)
        let enough = next.judged.candidate.count == 0 ? Self.burnIn : Self.smallestBlock
        if next.waiting.has(enough) { try next.judge() }
        self = next
    }

    package mutating func restart() { rollback.restart() }

    package mutating func assume(designEffect: Double) {
        rollback.assume(designEffect: designEffect)
        promote.assume(designEffect: designEffect)
    }

    package var rollbackLogE: Double? { heavyTails ? nil : rollback.logE }

    /// Multiplies in the evidence of another process with the same limits, such as another
    /// region's. Peaks begin again at the merged value.
    package mutating func merge(_ other: MeanComparison) throws(InvalidEvidence) {
        guard rollbackLimit == other.rollbackLimit, promoteLimit == other.promoteLimit else {
            throw .differentLimits
        }
        var merged = self
        try merged.rollback.merge(other.rollback)
        try merged.promote.merge(other.promote)
        try merged.judged.merge(other.judged)
        try merged.waiting.merge(other.waiting)
        merged.strata.merge(other.strata)
        self = merged
    }

    private mutating func judge() throws(InvalidEvidence) {
        let past = judged.candidate.count == 0 ? waiting : judged
        let block = waiting
        try judged.merge(block)
        waiting = MeanBlock()
        let (candidate, stable) = (block.candidate, block.stable)
        let counts = (candidate: Double(candidate.count), stable: Double(stable.count))
        strata.add(
            candidateCount: counts.candidate, candidateMean: candidate.mean,
            stableCount: counts.stable, stableMean: stable.mean)
        // A relative limit means nothing below a mean of zero; the reading says so.
        let scale = past.stable.mean
        guard scale > 0 else { return }
        // At least 0.1 % of the mean, so that constant numbers do not make one look certain.
        let deviation = bounded(max(past.variance.squareRoot() / scale, 1e-3))
        let means = (candidate: candidate.mean / scale, stable: stable.mean / scale)
        for side in EvidenceSide.allCases {
            let harm = (side == .rollback ? rollbackLimit : promoteLimit).harm
            let sign = side == .rollback ? 1.0 : -1
            let factors = NormalGrid.logFactors(
                difference: sign
                    * bounded(harm.candidate * means.candidate + harm.stable * means.stable),
                variance: deviation * deviation
                    * (harm.candidate * harm.candidate / counts.candidate
                        + harm.stable * harm.stable / counts.stable))
            // Wealth goes on while tails are too heavy, but nothing is claimed from it then.
            if side == .rollback {
                rollback.multiply(byLogs: factors, raisesPeak: !heavyTails)
            } else {
                promote.multiply(byLogs: factors, raisesPeak: !heavyTails)
            }
        }
    }

    var heavyTails: Bool {
        [judged.candidate.kurtosis, judged.stable.kurtosis].contains {
            $0.map { $0 > Self.largestKurtosis } ?? false
        }
    }
}

/// Within ±1e100, so that products stay finite.
private func bounded(_ value: Double) -> Double {
    value.isNaN ? 0 : min(max(value, -1e100), 1e100)
}
