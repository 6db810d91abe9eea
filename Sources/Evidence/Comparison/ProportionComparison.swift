/// The candidate's failure rate against stable's, served side by side at any split: exact.
///
/// Each block is a factor of its own, judged at its own split and against any pair of rates on the
/// limit. So a ramp, a daily season or a shock that hits both arms is harmless.
package struct ProportionComparison: EvidenceProcess {
    package let rollbackLimit: ComparisonLimit
    package let promoteLimit: ComparisonLimit
    /// Stable's failure rate before the rollout; counts as `historyWeight` observations.
    package let stableHistory: Double?
    package private(set) var totals = ComparisonBlock.empty
    package private(set) var rollback: GridWealth
    package private(set) var promote: GridWealth
    private(set) var strata = Strata()

    static let historyWeight = 1_000.0
    /// Without history, blocks until this many stable observations only teach stable's rate.
    static let firstStableTrials = 20

    /// - Parameters:
    ///   - promoteLimit: leaves room for a candidate at the limit; `limit` if `nil`.
    ///   - stableHistory: a rate known before the first block, 0...1.
    ///   - restarts: how many restarts may happen; `nil` spends all evidence on the whole past.
    package init(
        limit: ComparisonLimit, promoteLimit: ComparisonLimit? = nil,
        stableHistory: Double? = nil, restarts: Int? = nil
    ) throws(InvalidEvidence) {
        if let stableHistory, !(0...1).contains(stableHistory) {
            throw InvalidEvidence(
                .outOfRange, found: "a history of \(stableHistory)",
                expected: "a failure rate in 0...1")
        }
        rollbackLimit = limit
        self.promoteLimit = promoteLimit ?? limit
        self.stableHistory = stableHistory
        let points = EffectGrid.logOdds.count
        rollback = GridWealth(points: points, restarts: try .optional(budget: restarts))
        promote = GridWealth(points: points)
    }

    /// Takes in one block. A block in which an arm is empty only moves the counters.
    package mutating func observe(_ block: ComparisonBlock) throws(InvalidEvidence) {
        try observe(block, stableRate: expectedStableRate)
    }

    /// Takes in one block, with a better guess of stable's rate that was known before the block.
    /// A wrong guess costs speed, never validity.
    package mutating func observe(
        _ block: ComparisonBlock, stableRate: Double?
    ) throws(InvalidEvidence) {
        let block = try block.validated()
        totals = try totals.adding(block)
        guard block.candidateTrials > 0, block.stableTrials > 0 else { return }
        let (candidate, stable) = (Double(block.candidateTrials), Double(block.stableTrials))
        strata.add(
            candidateCount: candidate,
            candidateMean: Double(block.candidateFailures) / candidate,
            stableCount: stable, stableMean: Double(block.stableFailures) / stable)
        guard let stableRate, !stableRate.isNaN else { return }
        rollback.multiply(
            byLogs: rollbackLimit.logFactors(of: block, stableRate: stableRate, side: .rollback))
        promote.multiply(
            byLogs: promoteLimit.logFactors(of: block, stableRate: stableRate, side: .promote))
    }

    package mutating func restart() { rollback.restart() }

    package mutating func assume(designEffect: Double) {
        rollback.assume(designEffect: designEffect)
        promote.assume(designEffect: designEffect)
    }

    package var rollbackLogE: Double? { rollback.logE }

    /// Multiplies in the evidence of another process with the same limits, such as another
    /// region's, whose rates and splits may differ. Peaks begin again at the merged value.
    package mutating func merge(_ other: ProportionComparison) throws(InvalidEvidence) {
        guard rollbackLimit == other.rollbackLimit, promoteLimit == other.promoteLimit else {
            throw .differentLimits
        }
        var merged = self
        try merged.rollback.merge(other.rollback)
        try merged.promote.merge(other.promote)
        merged.totals = try totals.adding(other.totals)
        merged.strata.merge(other.strata)
        self = merged
    }

    /// (S_b + m·history + 1/2)/(N_b + m + 1) from the past; `nil` while nothing is known.
    private var expectedStableRate: Double? {
        let weight = stableHistory == nil ? 0 : Self.historyWeight
        guard stableHistory != nil || totals.stableTrials >= Self.firstStableTrials else {
            return nil
        }
        return (Double(totals.stableFailures) + weight * (stableHistory ?? 0) + 0.5)
            / (Double(totals.stableTrials) + weight + 1)
    }
}
