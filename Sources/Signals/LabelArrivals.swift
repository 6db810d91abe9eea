import Evidence
import RolloutCore

/// How many of both versions' answers got a label in one region, until there are enough for a block.
///
/// They are compared only where both versions answered at about the same time: labels that fail to
/// come while one of them is silent prefer nobody. Which answers are set against each other depends
/// on when they were given alone, never on their labels.
struct LabelArrivals: Codable, Sendable, Hashable {
    /// How long what one version alone answered waits for the other one.
    private static let apartMost = TimeSpan.seconds(60)
    /// How many answers of one version alone wait, the newest of them; a cohort is not divided.
    ///
    /// With all that came before the other version was heard again, a silence would weigh the more the
    /// longer it was. Four to one lose little: a difference then varies by 5/4 of what it would with
    /// any number to one.
    private static let aloneMost = 4

    private struct Cohort: Codable, Sendable, Hashable {
        let from: Int64
        var candidate: LabelCohorts.Count
        var stable: LabelCohorts.Count

        var hasBoth: Bool { candidate.answered > 0 && stable.answered > 0 }
        var answered: Int { candidate.answered + stable.answered }
    }

    private var open = OpenComparison()
    /// Cohorts in which the same version answered alone, in order of time.
    private var waiting: [Cohort] = []

    /// - Parameter from: when the cohort began, in milliseconds.
    /// - Returns: a block, once it is full.
    mutating func add(_ tally: LabelCohorts.Tally, from: Int64) -> ComparisonBlock? {
        var cohort = Cohort(from: from, candidate: tally.candidate, stable: tally.stable)
        // A cohort of both needs nobody who was alone before it.
        if !cohort.hasBoth {
            waiting.removeAll { from - $0.from > Self.apartMost.milliseconds }
            waiting.append(cohort)
            for earlier in waiting.dropLast() {
                cohort.candidate.add(earlier.candidate)
                cohort.stable.add(earlier.stable)
            }
        }
        guard cohort.hasBoth else {
            forgetOldest()
            return nil
        }
        waiting = []
        open.add(
            candidate: cohort.candidate.answered,
            failures: cohort.candidate.answered - cohort.candidate.labelled,
            stable: cohort.stable.answered,
            failures: cohort.stable.answered - cohort.stable.labelled)
        guard open.total >= OpenComparison.size else { return nil }
        defer { open = OpenComparison() }
        return open.closed
    }

    private mutating func forgetOldest() {
        var answered = waiting.reduce(0) { $0 + $1.answered }
        while let oldest = waiting.first, answered - oldest.answered >= Self.aloneMost {
            answered -= oldest.answered
            waiting.removeFirst()
        }
    }
}
