/// Whether live traffic stays within a tolerance of the training reference: exact, apart from the
/// error of the reference, which is allowed for.
///
/// Numbers are judged by the share of rows below each frozen edge, categories by each share. The
/// rollback side averages, over events and directions, one-sample processes that the share is
/// within the tolerance; the promote side is the least of those that it is not, because there is no
/// drift only if there is none anywhere (Berger 1982). A pure function of the counts of the bins,
/// apart from the running maxima.
package struct DriftProcess: EvidenceProcess {
    package let tolerance: DriftTolerance
    /// The frozen reference.
    package let reference: FeatureReference
    package private(set) var live: FeatureHistogram
    /// The largest natural log E so far of each side, at least 0.
    package private(set) var rollbackPeak = 0.0
    package private(set) var promotePeak = 0.0
    /// `nil` where rows are independent by design.
    package private(set) var designEffect: Double?
    private let bounds: [EventBound]
    /// What the reference may be off by, at an event.
    package let referenceError: Double

    /// - Throws: `InvalidEvidence` when the reference has no rows.
    package init(
        tolerance: DriftTolerance, reference: FeatureReference
    ) throws(InvalidEvidence) {
        guard reference.total > 0 else {
            throw InvalidEvidence(
                .counts, found: "a reference without rows", expected: "at least one row")
        }
        self.tolerance = tolerance
        self.reference = reference
        live = FeatureHistogram(for: reference)
        let error = DriftTolerance.referenceError(
            rows: reference.total, level: tolerance.referenceLevel)
        // A category's share is the difference of two values of the distribution function.
        referenceError = reference.kind == .numeric ? error : 2 * error
        let total = Double(reference.total)
        let slack = referenceError
        bounds = FeatureReference.events(reference.kind, reference.allCounts).flatMap {
            let share = Double($0) / total
            return [
                EventBound(share: share, distance: tolerance.distance, error: slack),
                EventBound(share: 1 - share, distance: tolerance.distance, error: slack),
            ]
        }
    }

    /// Takes in what was counted since the last look.
    package mutating func observe(_ added: FeatureHistogram) throws(InvalidEvidence) {
        try live.merge(added)
        let (rollback, promote) = logE
        rollbackPeak = max(rollbackPeak, rollback)
        promotePeak = max(promotePeak, promote)
    }

    /// Has no restarts: the question is about all traffic since the version went live.
    package mutating func restart() {}

    package mutating func assume(designEffect: Double) {
        self.designEffect = designEffect > 1 && designEffect.isFinite ? designEffect : 1
    }

    package var rollbackLogE: Double? { logE.rollback }

    /// Adds the counts of another process with the same reference, such as another region's. Peaks
    /// begin again at the merged value.
    package mutating func merge(_ other: DriftProcess) throws(InvalidEvidence) {
        guard tolerance == other.tolerance, reference == other.reference else {
            throw .differentLimits
        }
        try live.merge(other.live)
        let (rollback, promote) = logE
        rollbackPeak = max(0, rollback)
        promotePeak = max(0, promote)
    }

    /// Natural log E of both sides now.
    package var logE: (rollback: Double, promote: Double) {
        let total = live.total
        var logs: [Double] = []
        var least = Double.infinity
        for (bound, hits) in zip(bounds, hits) {
            func logE(_ grid: BernoulliGrid) -> Double {
                let logs = grid.logWealth(trials: total, failures: hits)
                return LogDomain.logMeanExp(logs.map { $0 / (designEffect ?? 1) })
            }
            if let grid = bound.rollback { logs.append(logE(grid)) }
            if let grid = bound.promote { least = min(least, logE(grid)) }
        }
        let isProvable = tolerance.distance > referenceError && least < .infinity
        return (LogDomain.logMeanExp(logs), isProvable ? least : 0)
    }

    /// Live rows for each bound: those of the event, then those outside of it.
    private var hits: [Int] {
        let total = live.total
        return FeatureReference.events(reference.kind, live.counts).flatMap { [$0, total - $0] }
    }

    /// The farthest an event's live share is from the reference's; `nil` without rows.
    package var distance: Double? {
        let total = Double(live.total)
        guard total > 0 else { return nil }
        return zip(bounds, hits).reduce(0.0) {
            max($0, Double($1.1) / total - $1.0.share)
        }
    }

    /// The event that grows fastest, as a part of log E for each row.
    func growth(_ side: EvidenceSide) -> Double {
        let total = Double(live.total)
        guard total > 0 else { return 0 }
        let rates = zip(bounds, hits).map { bound, hits in
            let share = Double(hits) / total
            if side == .rollback {
                let limit = bound.share + tolerance.distance + referenceError
                return limit < 1 && share > limit ? Information.divergence(share, from: limit) : 0
            }
            let limit = bound.share + tolerance.distance - referenceError
            guard limit < 1 else { return Double.infinity }
            return share < limit ? Information.divergence(share, from: limit) : 0
        }
        return (side == .rollback ? rates.max() : rates.min()) ?? 0
    }
}

/// One event and direction: the share of live rows must not be above share + distance.
struct EventBound: Hashable, Sendable {
    let share: Double
    /// `nil` where no share can be too large.
    let rollback: BernoulliGrid?
    let promote: BernoulliGrid?

    init(share: Double, distance: Double, error: Double) {
        self.share = share
        let (far, near) = (share + distance + error, share + distance - error)
        rollback = far < 1 ? BernoulliGrid(limit: far, side: .rollback) : nil
        promote = near < 1 ? BernoulliGrid(limit: near, side: .promote) : nil
    }
}

extension DriftProcess {
    private enum CodingKeys: String, CodingKey {
        case tolerance, reference, live, rollbackPeak, promotePeak, designEffect
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            tolerance: container.decode(DriftTolerance.self, forKey: .tolerance),
            reference: container.decode(FeatureReference.self, forKey: .reference))
        try live.merge(container.decode(FeatureHistogram.self, forKey: .live))
        rollbackPeak = try container.decode(Double.self, forKey: .rollbackPeak)
        promotePeak = try container.decode(Double.self, forKey: .promotePeak)
        designEffect = try container.decodeIfPresent(Double.self, forKey: .designEffect)
        guard designEffect.map({ $0.isFinite && $0 >= 1 }) ?? true, rollbackPeak.isFinite,
            promotePeak.isFinite, rollbackPeak >= 0, promotePeak >= 0
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .rollbackPeak, in: container,
                debugDescription: "peaks of log E are finite and at least 0")
        }
    }
}
