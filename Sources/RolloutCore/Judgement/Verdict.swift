/// What the evidence says of one guardrail. There is no fourth case, and no data is not a pass.
package enum Verdict: Codable, Sendable, Hashable {
    case pass
    case breach(reason: String)
    case undecided(reason: String)

    package var word: String {
        switch self {
        case .pass: "pass"
        case .breach: "breach"
        case .undecided: "undecided"
        }
    }
}

/// One guardrail in one slice at one look, with the numbers behind the verdict.
package struct GuardrailVerdict: Codable, Sendable, Hashable {
    package let guardrail: GuardrailName
    package let region: RegionName?
    package let verdict: Verdict
    /// Whether it was shown to be good enough, not only not yet bad.
    package let proven: Bool
    package let required: Bool
    package let onBreach: Reaction
    package let estimate: FiniteDouble?
    package let lower: FiniteDouble?
    package let upper: FiniteDouble?
    package let candidateCount: Int
    package let stableCount: Int
    /// About how many more candidate observations until it is decided.
    package let needs: Int?
    /// `exact`, `asymptotic` or `descriptive`.
    package let validity: String
    /// `97.2 % [95.6, 98.3], needs ≥ 95 %, n = 1,880`
    package let spoken: String
}
