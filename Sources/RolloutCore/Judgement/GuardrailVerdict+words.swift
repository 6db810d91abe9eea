extension GuardrailVerdict {
    /// `proven`, `breach`, or what is still needed: `needs about 1,180 more, 26 min`.
    package var outlookSpoken: String {
        if proven { return "proven" }
        if verdict.word == "breach" { return "breach" }
        switch outlook {
        case .open:
            let time = eta.map { $0 > .zero ? ", \($0.spoken)" : "" } ?? ""
            return "\(verdict.word), needs about \(grouped(needs ?? 0)) more\(time)"
        case .tooSlow: return "\(verdict.word), cannot be decided at this traffic"
        case .never: return "\(verdict.word), never proven at this estimate"
        case .decided, .unknown: return verdict.word
        }
    }

    /// `94.0 % labelled, counted after 4 s`; `nil` without labels.
    package var labelsSpoken: String? {
        guard let labelled else { return nil }
        let lag = labelLag.map { ", counted after \($0.spoken)" } ?? ""
        return "\(percent(labelled.value)) labelled\(lag)"
    }

    /// One line a guardrail, and one a slice, for a commit message or a terminal.
    package func lines(bound: String? = nil) -> [String] {
        let needed = bound.map { " needs \($0)" } ?? ""
        let labels = labelsSpoken.map { ", \($0)" } ?? ""
        let head =
            "\(guardrail): \(spoken)\(needed), n = \(grouped(candidateCount))\(labels): "
            + outlookSpoken
        return [head]
            + slices.map { "  \($0.region): \($0.spoken), n = \(grouped($0.candidateCount))" }
    }
}
