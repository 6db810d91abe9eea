import History
import RolloutCore

/// How many of the candidate's answers that are old enough for a label have one.
///
/// Counts in cohorts of request time, so memory does not grow with traffic.
struct LabelLedger: Codable, Sendable, Hashable {
    /// Cohorts kept apart; older ones are due whatever happens and are added up.
    private static let cohortsMax = 64

    private struct Cohort: Codable, Sendable, Hashable {
        var answered = 0
        var labelled = 0
    }

    private let maxLag: TimeSpan?
    private let width: Int64
    private var cohorts: [Int64: Cohort] = [:]
    private var settled = Cohort()
    private var settledBefore = Int64.min

    init(maxLag: TimeSpan?) {
        self.maxLag = maxLag
        width = max((maxLag?.milliseconds ?? 0) / 16, 1_000)
    }

    mutating func fold(_ fact: Fact) {
        guard maxLag != nil, fact.answer.arm == .candidate || fact.answer.arm == .mirror else {
            return
        }
        switch fact.event {
        case .answered: add(fact.answer.at, Cohort(answered: 1, labelled: 0))
        case .labelled(_, previously: nil): add(fact.answer.at, Cohort(answered: 0, labelled: 1))
        case .labelled, .measured, .paired: break
        }
    }

    private mutating func add(_ at: Timestamp, _ one: Cohort) {
        let key = at.milliseconds / width
        guard key >= settledBefore else {
            settled.answered += one.answered
            settled.labelled += one.labelled
            return
        }
        cohorts[key, default: Cohort()].answered += one.answered
        cohorts[key, default: Cohort()].labelled += one.labelled
        guard cohorts.count > Self.cohortsMax, let oldest = cohorts.keys.min() else { return }
        if let cohort = cohorts.removeValue(forKey: oldest) {
            settled.answered += cohort.answered
            settled.labelled += cohort.labelled
        }
        settledBefore = oldest + 1
    }

    /// Counts whole cohorts only, so that a label in time is never missed.
    func coverage(now: Timestamp) -> LabelCoverage {
        guard let maxLag else { return LabelCoverage(due: 0, arrived: 0) }
        let dueBefore = (now - maxLag).milliseconds / width
        var (due, arrived) = (settled.answered, settled.labelled)
        for (key, cohort) in cohorts where key < dueBefore {
            due += cohort.answered
            arrived += cohort.labelled
        }
        return LabelCoverage(due: due, arrived: arrived)
    }
}
