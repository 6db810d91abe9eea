/// The two questions that every guardrail is asked on the same data.
package enum EvidenceSide: String, Codable, Sendable, Hashable, CaseIterable {
    /// Evidence against "the guardrail is satisfied".
    case rollback
    /// Evidence against "the guardrail is violated".
    case promote
}

/// What a bound on error rests on.
package enum Validity: String, Codable, Sendable, Hashable, CaseIterable {
    /// Holds at every sample size and every look.
    case exact
    /// Holds in the limit of many observations.
    case asymptotic
    /// No bound is claimed; never a reason to act alone.
    case descriptive
}

/// What a process says at one moment.
package struct EvidenceReading: Codable, Sendable, Hashable {
    /// The largest natural log E so far against "satisfied"; at least 0.
    package let rollbackLogE: Double
    /// The largest natural log E so far against "violated"; at least 0.
    package let promoteLogE: Double
    /// log of the restart part now; `nil` without restarts. Above 2 the candidate looks worse
    /// lately, and a final promotion should wait.
    package let restartLogE: Double?
    /// On the guardrail's scale: a failure rate, the difference candidate - stable of failure
    /// rates, or candidate/stable - 1 for means.
    package let estimate: Double?
    /// The ends of an interval that covers the truth at all looks at once.
    package let lower: Double?
    package let upper: Double?
    package let candidateCount: Int
    package let stableCount: Int
    /// Of the two log E.
    package let validity: Validity
    /// Of the interval, which may be weaker than the decision.
    package let intervalValidity: Validity
    /// Why nothing may be concluded yet, whatever the numbers say.
    package let undecidable: String?

    /// Whether a side has ever reached 1/level, so that acting on it errs with probability
    /// `level` at most. Never while `undecidable`.
    package func crossed(_ side: EvidenceSide, level: Double) -> Bool {
        guard undecidable == nil else { return false }
        return Self.reaches(side == .rollback ? rollbackLogE : promoteLogE, level: level)
    }

    /// Whether log E is at least log(1/level).
    package static func reaches(_ logE: Double, level: Double) -> Bool {
        logE >= -LogDomain.log(Probability.level(level))
    }

    /// The anytime-valid p-value of a side, for display.
    package func pValue(_ side: EvidenceSide) -> Double {
        LogDomain.exp(-(side == .rollback ? rollbackLogE : promoteLogE))
    }
}
