package import Evidence

/// What a rule sees at a look: the newest counts, and all of them.
package struct Look: Sendable {
    package let block: ComparisonBlock
    package let totals: ComparisonBlock
}

/// Someone who looks at failures again and again, and may raise an alarm at any look.
package protocol StoppingRule: Sendable {
    /// Takes in one look; whether the alarm is raised at it.
    mutating func alarms(at look: Look) -> Bool
}

/// A contestant: makes a fresh rule for each repetition.
package struct Contestant: Sendable {
    package let name: String
    /// The probability of a false alarm that is claimed.
    package let alpha: Double
    /// Whether the claim is ours, and exact, so that breaking it is a defect.
    package let promises: Bool
    package let make: @Sendable () -> any StoppingRule

    package init(
        _ name: String, alpha: Double = 0.05, promises: Bool = false,
        make: @escaping @Sendable () -> any StoppingRule
    ) {
        self.name = name
        self.alpha = alpha
        self.promises = promises
        self.make = make
    }
}

/// What is asked of the candidate's failure rate.
package enum Hypothesis: Sendable, Hashable {
    /// At most this.
    case constant(Double)
    /// At most stable's plus this.
    case rise(Double)

    /// The harm found so far beyond the limit, and its variance; `nil` without observations.
    package func harm(_ totals: ComparisonBlock) -> (difference: Double, variance: Double)? {
        guard totals.candidateTrials > 0 else { return nil }
        let candidates = Double(totals.candidateTrials)
        let rate = Double(totals.candidateFailures) / candidates
        switch self {
        case .constant(let limit):
            return (rate - limit, limit * (1 - limit) / candidates)
        case .rise(let margin):
            guard totals.stableTrials > 0 else { return nil }
            let stables = Double(totals.stableTrials)
            let stableRate = Double(totals.stableFailures) / stables
            return (
                rate - stableRate - margin,
                rate * (1 - rate) / candidates + stableRate * (1 - stableRate) / stables
            )
        }
    }
}
