/// Candidate and stable on the same requests, as in shadow: exact.
///
/// Each pair is better (only the candidate was right), equal or worse. With a margin of 0 this is
/// a sequential sign test, which only the pairs that differ move.
package struct PairedComparison: EvidenceProcess {
    /// The candidate's failure rate may exceed stable's by this much.
    package let rollbackMargin: Double
    package let promoteMargin: Double
    package private(set) var better = 0
    package private(set) var equal = 0
    package private(set) var worse = 0
    package private(set) var rollback: GridWealth
    package private(set) var promote: GridWealth

    /// - Parameters:
    ///   - margin: a difference of failure rates, inside -0.99...0.99.
    ///   - promoteMargin: leaves room for a candidate at the margin; `margin` if `nil`.
    ///   - restarts: how many restarts may happen; `nil` spends all evidence on the whole past.
    package init(
        margin: Double, promoteMargin: Double? = nil, restarts: Int? = nil
    ) throws(InvalidEvidence) {
        let promoteMargin = promoteMargin ?? margin
        guard margin >= -0.99, margin <= promoteMargin, promoteMargin <= 0.99 else {
            throw InvalidEvidence(
                .outOfRange, found: "margins \(margin) and \(promoteMargin)",
                expected: "-0.99...0.99, the promote margin not below the rollback margin")
        }
        rollbackMargin = margin
        self.promoteMargin = promoteMargin
        let points = EffectGrid.bets.count
        rollback = GridWealth(points: points, restarts: try .optional(budget: restarts))
        promote = GridWealth(points: points)
    }

    package mutating func observe(
        better: Int, equal: Int, worse: Int
    ) throws(InvalidEvidence) {
        guard better >= 0, equal >= 0, worse >= 0 else {
            throw InvalidEvidence(
                .counts, found: "\(better) better, \(equal) equal, \(worse) worse pairs",
                expected: "counts of 0 or more")
        }
        var next = self
        next.better = try Counter.sum(self.better, better)
        next.equal = try Counter.sum(self.equal, equal)
        next.worse = try Counter.sum(self.worse, worse)
        _ = try Counter.sum(try Counter.sum(next.better, next.equal), next.worse)
        next.rollback.advance(to: next.logWealth(.rollback, margin: rollbackMargin))
        next.promote.advance(to: next.logWealth(.promote, margin: promoteMargin))
        self = next
    }

    package mutating func restart() { rollback.restart() }

    package mutating func assume(designEffect: Double) {
        rollback.assume(designEffect: designEffect)
        promote.assume(designEffect: designEffect)
    }

    package var rollbackLogE: Double? { rollback.logE }

    /// Adds the counters of another process with the same margins. Peaks begin again at the merged
    /// value.
    package mutating func merge(_ other: PairedComparison) throws(InvalidEvidence) {
        guard rollbackMargin == other.rollbackMargin, promoteMargin == other.promoteMargin else {
            throw .differentLimits
        }
        var merged = self
        try merged.rollback.merge(other.rollback)
        try merged.promote.merge(other.promote)
        merged.better = try Counter.sum(better, other.better)
        merged.equal = try Counter.sum(equal, other.equal)
        merged.worse = try Counter.sum(worse, other.worse)
        _ = try Counter.sum(try Counter.sum(merged.better, merged.equal), merged.worse)
        self = merged
    }

    /// Log-wealth of bets against "failure rate at most `margin` higher" (rollback), or at least
    /// that (promote): factors 1 + λ(-margin - D) and 1 + λ(margin + D), D = 1, 0, -1.
    func logWealth(_ side: EvidenceSide, margin: Double) -> [Double] {
        logFactors(side, margin: margin).map { factor in
            Double(better) * factor.better + Double(equal) * factor.equal
                + Double(worse) * factor.worse
        }
    }

    func logFactors(
        _ side: EvidenceSide, margin: Double
    ) -> [(better: Double, equal: Double, worse: Double)] {
        let sign = side == .rollback ? -1.0 : 1
        return EffectGrid.bets.map { part in
            let bet = part / (1 - sign * margin)
            func log(_ outcome: Double) -> Double {
                LogDomain.log1p(bet * sign * (margin + outcome))
            }
            return (log(1), log(0), log(-1))
        }
    }
}

extension PairedComparison {
    private enum CodingKeys: String, CodingKey {
        case rollbackMargin, promoteMargin, better, equal, worse, rollback, promote
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            margin: container.decode(Double.self, forKey: .rollbackMargin),
            promoteMargin: container.decode(Double.self, forKey: .promoteMargin))
        try observe(
            better: container.decode(Int.self, forKey: .better),
            equal: container.decode(Int.self, forKey: .equal),
            worse: container.decode(Int.self, forKey: .worse))
        rollback = try container.decode(GridWealth.self, forKey: .rollback)
        promote = try container.decode(GridWealth.self, forKey: .promote)
    }
}
