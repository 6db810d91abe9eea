/// The candidate's mean of a number between known ends, such as a graded answer or a clipped
/// reward, against a constant limit: exact.
///
/// Bets with a fixed grid of stakes (Waudby-Smith and Ramdas 2024, with constant bets): factors
/// 1 + λ (m - x) against "at least m" and 1 + λ (x - m) against "at most m". Fixed stakes make the
/// state a sum over observations, whatever their order, which replicas add up.
package struct BoundedMeanProcess: EvidenceProcess {
    /// The ends of what is possible.
    package let lowest: Double
    package let highest: Double
    /// Roll back when the mean is proven below this.
    package let limit: Double
    /// Promote when it is proven above this; not above `limit`.
    package let promoteLimit: Double
    package private(set) var moments = Moments()
    package private(set) var rollback: GridWealth
    package private(set) var promote: GridWealth

    /// - Throws: `InvalidEvidence` unless lowest < promoteLimit ≤ limit < highest.
    package init(
        atLeast limit: Double, promoteLimit: Double? = nil, in range: ClosedRange<Double>,
        restarts: Int? = nil
    ) throws(InvalidEvidence) {
        let promoteLimit = promoteLimit ?? limit
        guard range.lowerBound < promoteLimit, promoteLimit <= limit, limit < range.upperBound,
            (range.upperBound - range.lowerBound).isFinite
        else {
            throw InvalidEvidence(
                .outOfRange, found: "limits \(limit) and \(promoteLimit) in \(range)",
                expected: "limits inside of the range, the promote limit not above the other")
        }
        (lowest, highest) = (range.lowerBound, range.upperBound)
        self.limit = limit
        self.promoteLimit = promoteLimit
        let points = EffectGrid.bets.count
        rollback = GridWealth(points: points, restarts: try .optional(budget: restarts))
        promote = GridWealth(points: points)
    }

    /// - Throws: `InvalidEvidence` for a value outside of the range.
    package mutating func observe(_ value: Double) throws(InvalidEvidence) {
        guard (lowest...highest).contains(value) else {
            throw InvalidEvidence(
                .outOfRange, found: "\(value)", expected: "a value in \(lowest)...\(highest)")
        }
        try moments.add(value)
        let scale = highest - lowest
        let x = (value - lowest) / scale
        let (m, p) = ((limit - lowest) / scale, (promoteLimit - lowest) / scale)
        rollback.multiply(
            byLogs: EffectGrid.bets.map { LogDomain.log1p($0 / (1 - m) * (m - x)) })
        promote.multiply(byLogs: EffectGrid.bets.map { LogDomain.log1p($0 / p * (x - p)) })
    }

    package mutating func restart() { rollback.restart() }

    package mutating func assume(designEffect: Double) {
        rollback.assume(designEffect: designEffect)
        promote.assume(designEffect: designEffect)
    }

    package var rollbackLogE: Double? { rollback.logE }

    /// Adds another process with the same limits. Peaks begin again at the merged value.
    package mutating func merge(_ other: BoundedMeanProcess) throws(InvalidEvidence) {
        guard limit == other.limit, promoteLimit == other.promoteLimit, lowest == other.lowest,
            highest == other.highest
        else { throw .differentLimits }
        var merged = self
        try merged.rollback.merge(other.rollback)
        try merged.promote.merge(other.promote)
        try merged.moments.merge(other.moments)
        self = merged
    }

    /// The estimate is the mean; its interval is asymptotic.
    package func reading(alpha: Double) -> EvidenceReading {
        let half = moments.variance.map { variance in
            asymptoticHalfWidth(
                count: Double(moments.count),
                deviation: (variance * max(rollback.designEffect ?? 1, 1)).squareRoot(),
                alpha: alpha, tightestAt: 500)
        }
        let seen = moments.count > 0
        return EvidenceReading(
            rollbackLogE: rollback.peak, promoteLogE: promote.peak,
            restartLogE: rollback.restarts?.logE, estimate: seen ? moments.mean : nil,
            lower: half.map { max(lowest, moments.mean - $0) },
            upper: half.map { min(highest, moments.mean + $0) }, candidateCount: moments.count,
            stableCount: 0, validity: rollback.designEffect == nil ? .exact : .asymptotic,
            intervalValidity: .asymptotic,
            undecidable: seen ? nil : "the candidate has no observations yet")
    }

    package func needs(_ side: EvidenceSide, alpha: Double) -> Int? {
        let wealth = side == .rollback ? rollback : promote
        // The best bet so far; its growth for each observation is the information.
        let growth = (wealth.logs.max() ?? 0) / Double(max(moments.count, 1))
        return Remaining.observations(wealth, alpha: alpha, growth: growth)
    }
}
