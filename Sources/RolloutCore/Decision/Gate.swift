/// What stands between a running candidate and its next step besides evidence: windows, and people.
struct Gate {
    /// Why no increase is sent now; `nil` while windows are open, or let candidates on their way go
    /// on.
    let window: Wait?
    /// Who has agreed, where the next step needs it.
    let quorum: Quorum?
    /// Who has agreed to do without soak, proof and windows; `nil` when nobody has.
    let hotfix: Quorum?
    /// Whether people have waived the windows for the step that was recorded last.
    let isNewestWaived: Bool

    init(_ input: DecisionInput, _ run: Run) {
        let windows = WindowsNow(input.windows, at: input.now)
        let next = run.plan.step(run.step + 1)
        var ask: Ask?
        if case .asked(let found) = input.request { ask = found }
        let terms = run.approvals?.tightened(by: ask?.approvals)
            .tightened(by: input.consent.before)
        var quorum: Quorum?
        var hotfix: Quorum?
        if terms == nil, let next, next.approval { quorum = Quorum(unnamed: next.stage) }
        if let terms, let next {
            if run.needsApproval(of: next) {
                quorum = Quorum(terms, of: next, run, input, hotfix: false)
            }
            if input.consent.approvals.contains(where: \.approval.hotfix) {
                hotfix = Quorum(terms, of: next, run, input, hotfix: true)
            }
        }
        self.quorum = quorum
        self.hotfix = hotfix
        isNewestWaived =
            run.hotfixGeneration == input.state.generation
            && input.state.raisedGeneration == input.state.generation
        // The last step becomes stable; that raises nothing.
        let blocks = next != nil && windows.inFlight.map { $0 != .continue } ?? false
        window = blocks ? Wait(.window(windows.closed), until: windows.opens) : nil
    }
}

extension Run {
    /// Whether people must agree before the next step.
    package var isGated: Bool { plan.step(step + 1).map(needsApproval) ?? false }

    /// Whether people must agree before a step: its stage asks for it, or they agreed to less.
    package func needsApproval(of next: Step) -> Bool {
        next.approval || (approvedShare.map { $0 < next.largestShare } ?? false)
    }
}

extension Quorum {
    /// `waits for approval of gradual: 1 of 2 (sre) given (sam@…); …`
    func words(_ name: RolloutName) -> String {
        if let veto = vetoes.first {
            return "was rejected for \(stage.rawValue) by \(veto.who): \"\(veto.comment)\"; it "
                + "stays where it is until a new version is asked for, or the rejection is removed"
        }
        if let obstacle {
            return "waits for approval of \(stage.rawValue), and none can count: \(obstacle)"
        }
        var text = "waits for approval of \(stage.rawValue): \(given.count) of \(needed) "
        text += "(\(from.joined(separator: ", "))) given"
        if !given.isEmpty { text += " by \(given.joined(separator: ", "))" }
        if !missing.isEmpty { text += "; one must be of \(missing.joined(separator: ", "))" }
        if !excluded.isEmpty {
            text += "; \(excluded.joined(separator: ", ")) may not (wrote the change)"
        }
        for one in discounted.prefix(3) {
            text += "; that of \(one.who) does not count: \(one.why)"
        }
        if let until { text += "; the first expires at \(until)" }
        return text + ". Approve with gatewright approve \(name)"
    }
}
