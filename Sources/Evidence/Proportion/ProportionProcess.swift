/// The candidate's failure rate against a constant limit: exact.
///
/// Serves accuracy ("at least 95 % right" is a failure rate of at most 5 %), errors, and quantiles
/// ("p99 at most 300 ms" is at most 1 % of requests above 300 ms). A pure function of counters,
/// apart from the running maxima.
package struct ProportionProcess: EvidenceProcess {
    /// Roll back when the failure rate is proven above this.
    package let rollbackLimit: Double
    /// Promote when the failure rate is proven below this; not below `rollbackLimit`.
    package let promoteLimit: Double
    package private(set) var trials = 0
    /// Failures seen; a range when a histogram has no edge at the limit.
    package private(set) var failures = 0...0
    package private(set) var rollback: GridWealth
    package private(set) var promote: GridWealth
    // Follow from the limits, and are kept because they cost more than the rest.
    private let rollbackGrid: BernoulliGrid
    private let promoteGrid: BernoulliGrid

    /// - Parameters:
    ///   - limit: the largest failure rate that satisfies the guardrail, 0...1.
    ///   - promoteLimit: leaves room for a candidate that is exactly at the limit; `limit` if `nil`.
    ///   - restarts: how many restarts may happen; `nil` spends all evidence on the whole past.
    package init(
        limit: Double, promoteLimit: Double? = nil, restarts: Int? = nil
    ) throws(InvalidEvidence) {
        let promoteLimit = promoteLimit ?? limit
        guard limit >= 0, limit <= promoteLimit, promoteLimit <= 1 else {
            throw InvalidEvidence(
                .outOfRange, found: "limits \(limit) and \(promoteLimit)",
                expected: "failure rates in 0...1, the promote limit not below the rollback limit")
        }
        rollbackLimit = limit
        self.promoteLimit = promoteLimit
        rollbackGrid = BernoulliGrid(limit: limit, side: .rollback)
        promoteGrid = BernoulliGrid(limit: promoteLimit, side: .promote)
        let points = EffectGrid.logOdds.count
        rollback = GridWealth(points: points, restarts: try .optional(budget: restarts))
        promote = GridWealth(points: points)
    }

    /// Takes in new units, each of which failed or did not.
    package mutating func observe(trials: Int, failures: Int) throws(InvalidEvidence) {
        guard failures >= 0 else { throw .counts(trials: trials, failures: failures) }
        try observe(trials: trials, failures: failures...failures)
    }

    /// Takes in new units of which a histogram tells only between how many failed. The rollback
    /// side counts the certain failures, the promote side the possible ones.
    package mutating func observe(
        trials: Int, failures: ClosedRange<Int>
    ) throws(InvalidEvidence) {
        guard failures.lowerBound >= 0, failures.upperBound <= trials else {
            throw .counts(trials: trials, failures: failures.upperBound)
        }
        let total = try Counter.sum(self.trials, trials)
        // Not above the total, so these cannot overflow.
        let certain = self.failures.lowerBound + failures.lowerBound
        let possible = self.failures.upperBound + failures.upperBound
        self.trials = total
        self.failures = certain...possible
        let isSuccess = failures.upperBound == 0
        rollback.advance(
            trials: total, failures: certain, on: rollbackGrid, isSuccess: isSuccess)
        promote.advance(
            trials: total, failures: possible, on: promoteGrid, isSuccess: isSuccess)
    }

    package mutating func restart() { rollback.restart() }

    package mutating func assume(designEffect: Double) {
        rollback.assume(designEffect: designEffect)
        promote.assume(designEffect: designEffect)
    }

    package var rollbackLogE: Double? { rollback.logE }

    /// Adds the counters of another process with the same limits, such as another region's.
    ///
    /// Peaks begin again at the merged value. To keep running maxima over regions, observe every
    /// region's counts into one process.
    package mutating func merge(_ other: ProportionProcess) throws(InvalidEvidence) {
        guard rollbackLimit == other.rollbackLimit, promoteLimit == other.promoteLimit else {
            throw .differentLimits
        }
        var merged = self
        try merged.rollback.merge(other.rollback)
        try merged.promote.merge(other.promote)
        merged.trials = try Counter.sum(trials, other.trials)
        let certain = failures.lowerBound + other.failures.lowerBound
        merged.failures = certain...(failures.upperBound + other.failures.upperBound)
        self = merged
    }
}

extension ProportionProcess {
    private enum CodingKeys: String, CodingKey {
        case rollbackLimit, promoteLimit, trials, failures, rollback, promote
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            limit: container.decode(Double.self, forKey: .rollbackLimit),
            promoteLimit: container.decode(Double.self, forKey: .promoteLimit))
        trials = try container.decode(Int.self, forKey: .trials)
        failures = try container.decode(ClosedRange<Int>.self, forKey: .failures)
        rollback = try container.decode(GridWealth.self, forKey: .rollback)
        promote = try container.decode(GridWealth.self, forKey: .promote)
        guard failures.lowerBound >= 0, failures.upperBound <= trials else {
            throw DecodingError.dataCorruptedError(
                forKey: .failures, in: container,
                debugDescription: "failures are within 0 and the number of trials")
        }
    }
}
