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
