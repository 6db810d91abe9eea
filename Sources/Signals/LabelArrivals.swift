import Evidence
import RolloutCore

/// How many of both versions' answers got a label in one region, until there are enough for a block.
///
/// They are compared only where both versions answered at about the same time: labels that fail to
/// come while one of them is silent prefer nobody.
struct LabelArrivals: Codable, Sendable, Hashable {
    /// How long what one version alone answered waits for the other one.
    private static let apartMost = TimeSpan.seconds(60)

    private struct Waiting: Codable, Sendable, Hashable {
        let from: Int64
        let candidate: LabelCohorts.Count
        let stable: LabelCohorts.Count
    }

    private var open = OpenComparison()
    private var waiting: Waiting?

    /// - Parameter from: when the cohort began, in milliseconds.
    /// - Returns: a block, once it is full.
    mutating func add(_ tally: LabelCohorts.Tally, from: Int64) -> ComparisonBlock? {
        var (candidate, stable, begin) = (tally.candidate, tally.stable, from)
        if let waiting, from - waiting.from <= Self.apartMost.milliseconds {
            candidate.add(waiting.candidate)
            stable.add(waiting.stable)
            begin = waiting.from
        }
        guard candidate.answered > 0, stable.answered > 0 else {
            waiting = Waiting(from: begin, candidate: candidate, stable: stable)
            return nil
        }
        waiting = nil
        open.add(
            candidate: candidate.answered, failures: candidate.answered - candidate.labelled,
            stable: stable.answered, failures: stable.answered - stable.labelled)
        guard open.total >= OpenComparison.size else { return nil }
        defer { open = OpenComparison() }
        return open.closed
    }
}
