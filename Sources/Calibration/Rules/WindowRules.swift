import Evidence

/// One measurement for each window: fails when the candidate's success rate is below a bar, a
/// constant or a part of stable's.
///
/// Argo Rollouts ends an analysis when more measurements failed than `failureLimit` (0 unless
/// set); Flagger rolls back when as many checks failed as `threshold`. Neither forgets a failure.
package struct FailedWindows: StoppingRule {
    package enum Bar: Sendable {
        case constant(Double)
        case partOfStable(Double)
    }

    let bar: Bar
    /// Candidate requests in a window.
    let window: Int
    /// The number of failed measurements that alarms.
    let failures: Int
    /// Whether a window that is fine sets the count back.
    let mustBeConsecutive: Bool
    private var current = (trials: 0, failures: 0, stableTrials: 0, stableFailures: 0)
    private var failed = 0

    package init(_ bar: Bar, window: Int, failures: Int, mustBeConsecutive: Bool = false) {
        self.bar = bar
        self.window = window
        self.failures = failures
        self.mustBeConsecutive = mustBeConsecutive
    }

    package mutating func alarms(at look: Look) -> Bool {
        current.trials += look.block.candidateTrials
        current.failures += look.block.candidateFailures
        current.stableTrials += look.block.stableTrials
        current.stableFailures += look.block.stableFailures
        guard current.trials >= window else { return false }
        let accuracy = 1 - Double(current.failures) / Double(current.trials)
        let least =
            switch bar {
            case .constant(let least): least
            case .partOfStable(let part):
                part * (1 - Double(current.stableFailures) / Double(max(current.stableTrials, 1)))
            }
        current = (0, 0, 0, 0)
        if accuracy < least { failed += 1 } else if mustBeConsecutive { failed = 0 }
        return failed >= failures
    }
}

/// The Mann-Whitney test of Kayenta's judge on the failure rates of each interval, at every look.
///
/// Kayenta (MannWhitneyClassifier) calls a metric high when its 98 % interval lies above a
/// tolerance of 25 % of the estimated shift. In the normal approximation that is
/// z > 2.326/(1 - tolerance). Tied rates are allowed for.
package struct MannWhitneyRule: StoppingRule {
    private let bound: Double
    /// Alarms when the candidate is lower rather than higher.
    private let lower: Bool
    private var rates: [Rate] = []
    private var (candidates, stables) = (0.0, 0.0)
    /// Pairs in which the candidate is higher; ties count half.
    private var wins = 0.0
    private var ties = 0.0

    private struct Rate {
        let value: Double
        var candidates = 0.0
        var stables = 0.0
    }

    package init(tolerance: Double, lower: Bool = false) {
        bound = 2.326_347_874_040_841 / (1 - tolerance)
        self.lower = lower
    }

    package mutating func alarms(at look: Look) -> Bool {
        guard look.block.candidateTrials > 0, look.block.stableTrials > 0 else { return false }
        let block = look.block
        insert(Double(block.candidateFailures) / Double(block.candidateTrials), isCandidate: true)
        insert(Double(block.stableFailures) / Double(block.stableTrials), isCandidate: false)
        guard candidates >= 5 else { return false }
        let (m, n) = (candidates, stables)
        let all = m + n
        let variance = m * n / 12 * (all + 1 - ties / (all * (all - 1)))
        guard variance > 0 else { return false }
        let shift = (lower ? -1.0 : 1.0) * (wins - m * n / 2)
        return shift - 0.5 > bound * variance.squareRoot()
    }

    private mutating func insert(_ value: Double, isCandidate: Bool) {
        var (low, high) = (0, rates.count)
        while low < high {
            let middle = (low + high) / 2
            if rates[middle].value < value { low = middle + 1 } else { high = middle }
        }
        if low == rates.count || rates[low].value != value {
            rates.insert(Rate(value: value), at: low)
        }
        let tied = rates[low].candidates + rates[low].stables
        // (t+1)³ - (t+1) - (t³ - t)
        ties += 3 * tied * (tied + 1)
        if isCandidate {
            wins += rates[..<low].reduce(0) { $0 + $1.stables } + rates[low].stables / 2
            rates[low].candidates += 1
            candidates += 1
        } else {
            wins += rates[(low + 1)...].reduce(0) { $0 + $1.candidates }
            wins += rates[low].candidates / 2
            rates[low].stables += 1
            stables += 1
        }
    }
}
