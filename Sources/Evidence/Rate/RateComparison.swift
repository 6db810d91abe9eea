/// Events of two arms with exposures, such as crashes in the hours served: exact.
///
/// Given their total, events of a block fall on the candidate like coins, and a common level that
/// changes with time cancels (Lindon and Malek 2022). Needs no guess of stable's rate, and only
/// counters of events; loses 5 % of the information at a rate of 5 %.
package struct RateComparison: EvidenceProcess {
    /// The candidate's rate may be this many times stable's.
    package let rollbackRatio: Double
    package let promoteRatio: Double
    package private(set) var candidateEvents = 0
    package private(set) var stableEvents = 0
    package private(set) var candidateExposure = 0.0
    package private(set) var stableExposure = 0.0
    package private(set) var rollback: GridWealth
    package private(set) var promote: GridWealth

    /// - Throws: `InvalidEvidence` unless 0 < ratio ≤ promoteRatio ≤ 1000.
    package init(
        ratio: Double, promoteRatio: Double? = nil, restarts: Int? = nil
    ) throws(InvalidEvidence) {
        let promoteRatio = promoteRatio ?? ratio
        guard ratio > 0, ratio <= promoteRatio, promoteRatio <= 1_000 else {
            throw InvalidEvidence(
                .outOfRange, found: "ratios \(ratio) and \(promoteRatio)",
                expected: "0...1000, the promote ratio not below the rollback ratio")
        }
        rollbackRatio = ratio
        self.promoteRatio = promoteRatio
        let points = EffectGrid.logOdds.count
        rollback = GridWealth(points: points, restarts: try .optional(budget: restarts))
        promote = GridWealth(points: points)
    }

    /// Takes in the events of one block. Exposures are of any unit: requests, hours, bytes.
    package mutating func observe(
        candidateEvents: Int, stableEvents: Int, candidateExposure: Double, stableExposure: Double
    ) throws(InvalidEvidence) {
        guard candidateEvents >= 0, stableEvents >= 0, candidateExposure >= 0, stableExposure >= 0,
            (candidateExposure + stableExposure).isFinite,
            candidateEvents == 0 || candidateExposure > 0, stableEvents == 0 || stableExposure > 0
        else {
            throw InvalidEvidence(
                .counts,
                found: "\(candidateEvents) events in \(candidateExposure) and \(stableEvents) in "
                    + "\(stableExposure)", expected: "events of 0 or more, with some exposure")
        }
        let events = try Counter.sum(candidateEvents, stableEvents)
        let candidateTotal = try Counter.sum(self.candidateEvents, candidateEvents)
        let stableTotal = try Counter.sum(self.stableEvents, stableEvents)
        (self.candidateEvents, self.stableEvents) = (candidateTotal, stableTotal)
        self.candidateExposure += candidateExposure
        self.stableExposure += stableExposure
        guard events > 0, candidateExposure > 0, stableExposure > 0 else { return }
        for (side, ratio) in [
            (EvidenceSide.rollback, rollbackRatio), (.promote, promoteRatio),
        ] {
            // The candidate's share of events when its rate is just `ratio` times stable's.
            let share = candidateExposure * ratio / (candidateExposure * ratio + stableExposure)
            let factors = BernoulliGrid(limit: share, side: side)
                .logWealth(trials: events, failures: candidateEvents)
            if side == .rollback {
                rollback.multiply(byLogs: factors)
            } else {
                promote.multiply(byLogs: factors)
            }
        }
    }

    package mutating func restart() { rollback.restart() }

    package mutating func assume(designEffect: Double) {
        rollback.assume(designEffect: designEffect)
        promote.assume(designEffect: designEffect)
    }

    package var rollbackLogE: Double? { rollback.logE }

    /// Multiplies in the evidence of another process with the same ratios. Peaks begin again.
    package mutating func merge(_ other: RateComparison) throws(InvalidEvidence) {
        guard rollbackRatio == other.rollbackRatio, promoteRatio == other.promoteRatio else {
            throw .differentLimits
        }
        var merged = self
        try merged.rollback.merge(other.rollback)
        try merged.promote.merge(other.promote)
        merged.candidateEvents = try Counter.sum(candidateEvents, other.candidateEvents)
        merged.stableEvents = try Counter.sum(stableEvents, other.stableEvents)
        merged.candidateExposure += other.candidateExposure
        merged.stableExposure += other.stableExposure
        self = merged
    }
}

extension RateComparison {
    /// The estimate is the ratio of rates; its interval is asymptotic, on the scale of logarithms.
    package func reading(alpha: Double) -> EvidenceReading {
        let (c, b) = (Double(candidateEvents), Double(stableEvents))
        let half = asymptoticHalfWidth(
            count: c * b / max(c + b, 1), deviation: 1, alpha: alpha, tightestAt: 500)
        return EvidenceReading(
            rollbackLogE: rollback.peak, promoteLogE: promote.peak,
            restartLogE: rollback.restarts?.logE, estimate: ratio,
            lower: ratio.flatMap { $0 > 0 ? $0 * LogDomain.exp(-half) : nil },
            upper: ratio.flatMap { $0 > 0 ? $0 * LogDomain.exp(half) : nil },
            candidateCount: candidateEvents, stableCount: stableEvents,
            validity: rollback.designEffect == nil ? .exact : .asymptotic,
            intervalValidity: .asymptotic,
            undecidable: candidateExposure > 0 && stableExposure > 0
                ? nil : "one of the versions was not exposed yet")
    }

    package func needs(_ side: EvidenceSide, alpha: Double) -> Int? {
        guard let ratio, candidateEvents > 0 else { return nil }
        let limit = side == .rollback ? rollbackRatio : promoteRatio
        let beyond = side == .rollback ? ratio > limit : ratio < limit
        let exposures = candidateExposure / stableExposure
        let (share, edge) = (
            exposures * ratio / (exposures * ratio + 1), exposures * limit / (exposures * limit + 1)
        )
        // For each event of the candidate, with stable's that come with it.
        let growth = beyond ? Information.divergence(share, from: edge) / share : 0
        return Remaining.observations(
            side == .rollback ? rollback : promote, alpha: alpha, growth: growth)
    }

    private var ratio: Double? {
        guard candidateExposure > 0, stableExposure > 0, stableEvents > 0 else { return nil }
        let ratio =
            Double(candidateEvents) / candidateExposure / (Double(stableEvents) / stableExposure)
        return ratio.isFinite ? ratio : nil
    }
}

extension RateComparison {
    private enum CodingKeys: String, CodingKey {
        case rollbackRatio, promoteRatio, candidateEvents, stableEvents, candidateExposure
        case stableExposure, rollback, promote
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            ratio: container.decode(Double.self, forKey: .rollbackRatio),
            promoteRatio: container.decode(Double.self, forKey: .promoteRatio))
        candidateEvents = try container.decode(Int.self, forKey: .candidateEvents)
        stableEvents = try container.decode(Int.self, forKey: .stableEvents)
        candidateExposure = try container.decode(Double.self, forKey: .candidateExposure)
        stableExposure = try container.decode(Double.self, forKey: .stableExposure)
        rollback = try container.decode(GridWealth.self, forKey: .rollback)
        promote = try container.decode(GridWealth.self, forKey: .promote)
        guard candidateEvents >= 0, stableEvents >= 0, candidateExposure >= 0,
            stableExposure >= 0, (candidateExposure + stableExposure).isFinite
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .candidateEvents, in: container,
                debugDescription: "events and exposures are 0 or more")
        }
    }
}
