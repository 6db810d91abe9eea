/// What is asked of the candidate's mean, as a fraction of stable's mean.
package enum MeanLimit: Codable, Sendable, Hashable {
    /// Lower by this fraction at most: throughput.
    case dropAtMost(Double)
    /// Higher by this fraction at most: cost, latency.
    case riseAtMost(Double)
    /// Higher by at least this fraction: an objective. Its rollback side proves futility.
    case gainAtLeast(Double)

    /// Harm = candidate·mean_c + stable·mean_b, positive when the limit is violated. A linear
    /// contrast, so no ratio of noisy means is ever taken.
    var harm: (candidate: Double, stable: Double) {
        switch self {
        case .dropAtMost(let fraction): (-1, 1 - fraction)
        case .riseAtMost(let fraction): (1, -(1 + fraction))
        case .gainAtLeast(let fraction): (-1, 1 + fraction)
        }
    }

    func validated() throws(InvalidEvidence) -> MeanLimit {
        switch self {
        case .dropAtMost(let fraction) where fraction >= 0 && fraction <= 1: return self
        case .riseAtMost(let fraction) where fraction >= 0 && fraction <= 1_000: return self
        case .gainAtLeast(let fraction) where fraction >= 0 && fraction <= 1_000: return self
        default:
            throw InvalidEvidence(
                .outOfRange, found: "\(self)",
                expected: "a fraction of 0 or more: at most 1 for a drop, 1000 for a rise or gain")
        }
    }
}

/// What both arms measured between two looks.
package struct MeanBlock: Codable, Sendable, Hashable {
    package var candidate: Moments
    package var stable: Moments

    package init(candidate: Moments = Moments(), stable: Moments = Moments()) {
        self.candidate = candidate
        self.stable = stable
    }

    mutating func merge(_ other: MeanBlock) throws(InvalidEvidence) {
        try candidate.merge(other.candidate)
        try stable.merge(other.stable)
    }

    /// The variance of one measurement: the larger arm's. With each arm's own variance, skewed data
    /// at an unequal split would promote far too often, because mean and variance move together.
    var variance: Double { max(0, candidate.variance ?? 0, stable.variance ?? 0) }

    func has(_ count: Int) -> Bool { candidate.count >= count && stable.count >= count }
}
