import Evidence
import RolloutCore

/// Trials of both arms until there are enough for one factor.
///
/// How many there are depends on counts alone, never on how they turned out: a block that closed
/// when it looked good would not be valid.
struct OpenComparison: Codable, Sendable, Hashable {
    /// Small blocks find a harm sooner, large ones cost less time; 100 loses nothing measurable.
    static let size = 100

    private var candidate = 0
    private var candidateFailures = 0
    private var stable = 0
    private var stableFailures = 0

    var total: Int { candidate + stable }

    mutating func add(
        candidate: Int, failures candidateFailures: Int, stable: Int, failures stableFailures: Int
    ) {
        self.candidate += candidate
        self.candidateFailures += candidateFailures
        self.stable += stable
        self.stableFailures += stableFailures
    }

    var closed: ComparisonBlock {
        ComparisonBlock(
            candidateTrials: candidate, candidateFailures: candidateFailures, stableTrials: stable,
            stableFailures: stableFailures)
    }
}

/// Which users were counted under a split.
///
/// A user falls by the same hash at every share, so only the first time is a draw of its own.
struct OpenSplit: Codable, Sendable, Hashable {
    /// More users than this prove nothing more about a split, and memory stays bounded.
    static let usersMax = 20_000

    private var seen: [RegionName: Set<UInt64>] = [:]

    mutating func isNew(_ unit: UInt64, in region: RegionName) -> Bool {
        guard seen[region, default: []].count < Self.usersMax else { return false }
        return seen[region, default: []].insert(unit).inserted
    }
}
