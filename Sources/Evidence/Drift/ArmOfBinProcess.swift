/// Whether candidate and stable see, or give, the same distribution now: exact.
///
/// Each row of a bin falls on the candidate with the block's share of rows when both arms draw from
/// one distribution, whatever that is and however it changes from block to block. Given the counts
/// of a block that share is hypergeometric, which is less spread than the binomial that is tested
/// (Hoeffding 1963), so each factor has mean 1 at most. Has a rollback side only: equality cannot
/// be proven.
package struct ArmOfBinProcess: EvidenceProcess {
    /// Rows of each bin so far.
    package private(set) var candidate: [Int]
    package private(set) var stable: [Int]
    /// Natural log-wealth: for each bin both directions of each grid point.
    private var logs: [Double]
    /// The largest log E so far, at least 0.
    /// `nil` where rows are independent by design.
    package private(set) var designEffect: Double?
    package private(set) var peak = 0.0

    /// - Throws: `InvalidEvidence` unless there are 2 to 257 bins.
    package init(bins: Int) throws(InvalidEvidence) {
        guard (2...FeatureReference.mostBins + 1).contains(bins) else {
            throw InvalidEvidence(
                .outOfRange, found: "\(bins) bins",
                expected: "2 to \(FeatureReference.mostBins + 1)")
        }
        candidate = [Int](repeating: 0, count: bins)
        stable = candidate
        logs = [Double](repeating: 0, count: bins * Self.points)
    }

    private static let points = 2 * EffectGrid.logOdds.count

    /// Takes in one block: rows of each bin while the arms ran side by side. A block in which an
    /// arm is empty only moves the counters.
    package mutating func observe(
        candidate added: [Int], stable others: [Int]
    ) throws(InvalidEvidence) {
        guard added.count == candidate.count, others.count == stable.count,
            added.allSatisfy({ $0 >= 0 }), others.allSatisfy({ $0 >= 0 })
        else {
            throw InvalidEvidence(
                .counts, found: "\(added.count) and \(others.count) counts",
                expected: "\(candidate.count) counts of 0 or more for each arm")
        }
        var next = self
        for index in added.indices {
            next.candidate[index] = try Counter.sum(candidate[index], added[index])
            next.stable[index] = try Counter.sum(stable[index], others[index])
        }
        try next.checkTotals()
        let (mine, theirs) = (added.reduce(0, +), others.reduce(0, +))
        if mine > 0, theirs > 0 {
            let share = Double(mine) / (Double(mine) + Double(theirs))
            let (up, down) = (
                BernoulliGrid(limit: share, side: .rollback),
                BernoulliGrid(limit: share, side: .promote)
            )
            for index in added.indices where added[index] > 0 || others[index] > 0 {
                let trials = added[index] + others[index]
                let factors =
                    up.logWealth(trials: trials, failures: added[index])
                    + down.logWealth(trials: trials, failures: added[index])
                for (point, factor) in factors.enumerated() {
                    next.logs[index * Self.points + point] += factor
                }
            }
        }
        next.peak = max(next.peak, next.logE)
        self = next
    }

    private func checkTotals() throws(InvalidEvidence) {
        var total = 0
        for count in candidate + stable { total = try Counter.sum(total, count) }
    }

    /// log E now: the average over bins, directions and grid points.
    package var logE: Double { LogDomain.logMeanExp(logs.map { $0 / (designEffect ?? 1) }) }

    /// Has no restarts.
    package mutating func restart() {}

    package mutating func assume(designEffect: Double) {
        self.designEffect = designEffect > 1 && designEffect.isFinite ? designEffect : 1
    }

    package var rollbackLogE: Double? { logE }

    /// Multiplies in another region's evidence on the same bins. The peak begins again at the
    /// merged value.
    package mutating func merge(_ other: ArmOfBinProcess) throws(InvalidEvidence) {
        guard logs.count == other.logs.count else { throw .differentLimits }
        var merged = self
        for index in candidate.indices {
            merged.candidate[index] = try Counter.sum(candidate[index], other.candidate[index])
            merged.stable[index] = try Counter.sum(stable[index], other.stable[index])
        }
        try merged.checkTotals()
        for index in logs.indices { merged.logs[index] += other.logs[index] }
        merged.peak = max(0, merged.logE)
        self = merged
    }

    /// The largest difference of shares at the ends of bins, over all blocks together.
    package var distance: Double? {
        let (mine, theirs) = (candidate.reduce(0, +), stable.reduce(0, +))
        guard mine > 0, theirs > 0 else { return nil }
        var (left, right, largest) = (0, 0, 0.0)
        for (a, b) in zip(candidate, stable) {
            left += a
            right += b
            largest = max(
                largest, abs(Double(left) / Double(mine) - Double(right) / Double(theirs)))
        }
        return largest
    }
}

extension ArmOfBinProcess {
    /// The estimate is a description without an interval: splits may have changed between blocks.
    package func reading(alpha: Double) -> EvidenceReading {
        let (mine, theirs) = (candidate.reduce(0, +), stable.reduce(0, +))
        return EvidenceReading(
            rollbackLogE: peak, promoteLogE: 0, restartLogE: nil, estimate: distance, lower: nil,
            upper: nil, candidateCount: mine, stableCount: theirs,
            validity: designEffect == nil ? .exact : .asymptotic,
            intervalValidity: .descriptive,
            undecidable: mine > 0 && theirs > 0
                ? nil : "both arms have to be seen before they can be compared")
    }

    package func needs(_ side: EvidenceSide, alpha: Double) -> Int? {
        guard side == .rollback else { return nil }
        let (mine, theirs) = (
            Double(candidate.reduce(0, +)), Double(stable.reduce(0, +))
        )
        guard mine > 0, theirs > 0 else { return nil }
        // The bin that grows fastest.
        let share = mine / (mine + theirs)
        let growth = zip(candidate, stable).map { a, b in
            let rows = Double(a) + Double(b)
            guard rows > 0 else { return 0.0 }
            return rows / mine * Information.divergence(Double(a) / rows, from: share)
        }.max()
        // A difference within the noise of the bins is no growth.
        let noise = 2 * Double(candidate.count) / mine
        return Remaining.observations(
            peak: peak, logE: logE, alpha: alpha, growth: max(0, (growth ?? 0) - noise))
    }

    private enum CodingKeys: String, CodingKey { case candidate, stable, logs, peak, designEffect }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let counts = try container.decode([Int].self, forKey: .candidate)
        try self.init(bins: counts.count)
        candidate = counts
        stable = try container.decode([Int].self, forKey: .stable)
        logs = try container.decode([Double].self, forKey: .logs)
        peak = try container.decode(Double.self, forKey: .peak)
        designEffect = try container.decodeIfPresent(Double.self, forKey: .designEffect)
        guard stable.count == candidate.count, logs.count == counts.count * Self.points,
            logs.allSatisfy(\.isFinite), peak.isFinite, peak >= 0,
            designEffect.map({ $0.isFinite && $0 >= 1 }) ?? true,
            candidate.allSatisfy({ $0 >= 0 }), stable.allSatisfy({ $0 >= 0 })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .logs, in: container,
                debugDescription: "an arm has a count for each bin, with finite log-wealth")
        }
        try checkTotals()
    }
}
