package import RolloutCore

extension DecisionRecord {
    /// What a person reads in `git log`, and trailers for tools. The file is what counts.
    package func message(fileDigest: Digest) -> String {
        """
        \(subject)

        \(body)

        Rollout: \(rollout)
        Decision: \(number)
        Kind: \(kind)
        Evidence: \(fileDigest)

        """
    }

    /// One line, cut where a terminal would.
    package var subject: String {
        let candidate = input.state.run?.candidate.reference
        let stable = input.state.stable?.reference
        let who = candidate.map { "\(rollout) \($0)" } ?? rollout.rawValue
        let text: String
        switch action {
        case .bootstrap(let bootstrap):
            text = "bootstrap \(rollout) at \(bootstrap.version.reference): \(reason)"
        case .start(let start):
            let step = Self.place(start.plan, 0)
            text = "start \(rollout) \(start.candidate.reference) in \(step): \(reason)"
        case .advance(let index, _):
            let step = Self.place(input.state.run?.plan, index)
            text = "advance \(who) to \(step): \(reason)"
        case .complete: text = "complete \(who): \(reason)"
        case .rollBack(let cause):
            let home = stable.map { " to \($0)" } ?? ""
            text = "\(Self.verb(cause)) \(who)\(home): \(reason)"
        case .stepBack(let index, _):
            let step = Self.place(input.state.run?.plan, index)
            text = "step \(who) back to \(step): \(reason)"
        case .hold: text = "hold \(who): \(reason)"
        case .resume(_, let by): text = "resume \(who) (\(by)): \(reason)"
        case .revert(let target, _):
            let from = stable.map { "\(rollout) \($0)" } ?? rollout.rawValue
            text = "roll back \(from) to \(target.reference): \(reason)"
        case .refuse(let version, _): text = "refuse \(rollout) \(version): \(reason)"
        case .correct: text = "correct \(who): \(reason)"
        }
        return oneLine(text, limit: 200)
    }

    private var body: String {
        let lines = verdicts.flatMap { $0.lines() }
        let late = self.late.map { ["Recorded late: \(oneLine($0, limit: 300))"] } ?? []
        return (late + (lines.isEmpty ? ["No evidence is needed for this."] : lines))
            .joined(separator: "\n")
    }

    private static func verb(_ cause: Cause) -> String {
        switch cause {
        case .breach, .silent: "roll back"
        case .superseded: "supersede"
        case .withdrawn: "withdraw"
        case .windowClosed: "take back"
        case .ordered: "abort"
        }
    }

    /// `canary 5%`, `gradual 25% in eu-west`: what this step moves.
    private static func place(_ plan: Plan?, _ index: Int) -> String {
        guard let plan, let step = plan.step(index) else { return "step \(index)" }
        switch step.stage {
        case .shadow: return "shadow \(step.mirrors.values.max() ?? .zero)"
        case .canary, .full: return "\(step.stage.rawValue) \(step.largestShare)"
        case .gradual:
            let before = plan.step(index - 1)?.shares ?? [:]
            let moved = step.shares.filter { before[$0.key] != $0.value }
            let share = moved.values.max() ?? step.largestShare
            let regions = moved.keys.sorted().map(\.rawValue).joined(separator: " ")
            return "gradual \(share)" + (regions.isEmpty ? "" : " in \(regions)")
        }
    }
}

/// Text that cannot begin a line, and so no trailer, of its own (hazard A18).
private func oneLine(_ text: String, limit: Int) -> String {
    let safe = String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: " "
                default: scalar
                }
            }))
    return safe.count <= limit ? safe : safe.prefix(limit - 1) + "…"
}
