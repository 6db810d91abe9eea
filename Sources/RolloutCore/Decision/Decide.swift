/// What `decide` answers: what to do, and how each guardrail was judged on the way.
package struct Decision: Codable, Sendable, Hashable {
    package let next: Next
    package let verdicts: [GuardrailVerdict]
    /// Who has agreed to the next step, where somebody must.
    package let quorum: Quorum?

    package init(next: Next, verdicts: [GuardrailVerdict], quorum: Quorum? = nil) {
        self.next = next
        self.verdicts = verdicts
        self.quorum = quorum
    }

    package enum Next: Codable, Sendable, Hashable {
        case act(Action, reason: String)
        /// Routers have yet to be told of the newest decision; nothing new is recorded.
        case apply
        /// Routers that serve nothing are given stable alone, which needs no evidence.
        case serveStable
        case wait(Wait)
    }
}

/// Says what to do next for one rollout. Pure and total.
///
/// A breach beats everything; missing evidence never advances; another version takes the running
/// candidate to zero before it starts.
package func decide(_ input: DecisionInput) -> Decision {
    guard let stable = input.state.stable else {
        return Decision(next: bootstrap(input), verdicts: [])
    }
    guard let run = input.state.run else {
        let next = routersBack(input) ?? begin(input, stable)
        return Decision(next: next, verdicts: [])
    }
    let verdicts = judgements(input, run)
    let gate = Gate(input, run)
    let next =
        lower(input, run, stable, verdicts) ?? routersBack(input) ?? blocked(input, run)
        ?? shut(gate, input, run, verdicts) ?? routersForward(input, run, verdicts)
        ?? proceed(input, run, verdicts, gate)
    return Decision(next: next, verdicts: verdicts, quorum: gate.quorum)
}

// MARK: Routers

/// Puts routers right where that gives the candidate no more than it has.
private func routersBack(_ input: DecisionInput) -> Decision.Next? {
    for case .empty in input.routers.values { return .serveStable }
    for case .owed(raises: false) in input.routers.values { return .apply }
    return correction(input, raises: false)
}

/// Gives the candidate what was recorded: at once when the newest decision is a raise that a router
/// has not heard of, and what something else took away only if every guardrail passes now.
private func routersForward(
    _ input: DecisionInput, _ run: Run, _ verdicts: [GuardrailVerdict]
) -> Decision.Next? {
    let passing = verdicts.allSatisfy { !$0.required || $0.verdict == .pass }
    for (region, condition) in input.routers.sorted(by: { $0.key < $1.key }) {
        switch condition {
        case .asRecorded, .empty: continue
        case .owed:
            if passing || input.state.raisedGeneration == input.state.generation { return .apply }
            let summary = "has less than is recorded, and not every guardrail passes now"
            return .wait(Wait(.router(region: region, summary: summary)))
        case .unreachable(let summary):
            return .wait(Wait(.router(region: region, summary: summary)))
        case .drifted(_, _, let summary):
            return passing
                ? correction(input, raises: true)
                : .wait(Wait(.router(region: region, summary: summary)))
        }
    }
    return nil
}

private func correction(_ input: DecisionInput, raises: Bool) -> Decision.Next? {
    var summaries: [String] = []
    var seen = 0
    for (_, condition) in input.routers.sorted(by: { $0.key < $1.key }) {
        guard case .drifted(let wouldRaise, let generation, let summary) = condition else {
            continue
        }
        // One region may need less and another more: less comes first, the rest stays as it is.
        if wouldRaise && !raises { continue }
        summaries.append(summary)
        seen = max(seen, generation)
    }
    guard !summaries.isEmpty else { return nil }
    let summary = summaries.joined(separator: "; ")
    let correction = Action.Correction(summary: summary, raises: raises, seenGeneration: seen)
    return .act(.correct(correction), reason: summary)
}

// MARK: Without a run

private func bootstrap(_ input: DecisionInput) -> Decision.Next {
    switch input.request {
    case .withdrawn: return .wait(Wait(.withdrawn))
    case .broken(let summary): return .wait(Wait(.broken(summary: summary)))
    case .asked(let ask):
        guard let version = ask.bootstrap else { return .wait(Wait(.noBaseline)) }
        if let wait = increasesBlocked(input) { return .wait(wait) }
        let action = Action.bootstrap(
            Action.Bootstrap(
                version: version, fallback: ask.fallback, regions: ask.plan.regions,
                stickyBy: ask.stickyBy))
        return .act(action, reason: "the spec names it as the first stable version")
    }
}

private func begin(_ input: DecisionInput, _ stable: ServedVersion) -> Decision.Next {
    for order in input.orders {
        guard case .rollback(let from) = order.action, from == stable.reference else { continue }
        guard let target = input.state.safeTarget(otherThan: stable.reference.digest) else {
            return .wait(Wait(.noSafeTarget))
        }
        return .act(.revert(to: target, cause(of: order)), reason: order.reason)
    }
    switch input.request {
    case .withdrawn: return .wait(Wait(.withdrawn))
    case .broken(let summary): return .wait(Wait(.broken(summary: summary)))
    case .asked(let ask):
        let candidate = ask.candidate.reference
        if candidate.digest == stable.reference.digest {
            return .wait(Wait(.upToDate(version: stable.reference.version)))
        }
        if let refusal = input.state.refusal(of: candidate.digest), !released(refusal, input) {
            return .wait(
                Wait(
                    .refused(
                        version: candidate.version, decision: refusal.decision,
                        reason: refusal.reason)))
        }
        let problems = ask.admission.compactMap(\.problem)
        if !problems.isEmpty {
            return .wait(Wait(.notAdmitted(version: candidate.version, problems: problems)))
        }
        let windows = WindowsNow(input.windows, at: input.now)
        if let wait = increasesBlocked(input) ?? unheard(input) { return .wait(wait) }
        if let group = ask.conflictGroup, let rival = input.rivals?.first {
            return .wait(Wait(.conflict(group, rival)))
        }
        if !windows.closed.isEmpty {
            return .wait(Wait(.window(windows.closed), until: windows.opens))
        }
        return .act(
            .start(Action.Start(ask)), reason: "asked for in place of \(stable.reference.version)")
    }
}

/// A router that nobody hears may still serve the candidate before; the next one has to wait.
private func unheard(_ input: DecisionInput) -> Wait? {
    for (region, condition) in input.routers.sorted(by: { $0.key < $1.key }) {
        guard case .unreachable(let summary) = condition else { continue }
        return Wait(.router(region: region, summary: summary))
    }
    return nil
}

private func released(_ refusal: RolloutState.Refusal, _ input: DecisionInput) -> Bool {
    input.orders.contains { order in
        guard case .release(let version, let decision) = order.action else { return false }
        return version == refusal.reference && decision == refusal.decision
    }
}

// MARK: Backward, which nothing may block

private func lower(
    _ input: DecisionInput, _ run: Run, _ stable: ServedVersion, _ verdicts: [GuardrailVerdict]
) -> Decision.Next? {
    for order in input.orders {
        guard case .abort(let id) = order.action, id == run.id else { continue }
        return .act(.rollBack(cause(of: order)), reason: order.reason)
    }
    if let next = breach(input, run, verdicts) { return next }
    if let next = silence(input, run) ?? windowClosed(input, run) { return next }
    switch input.request {
    case .broken: return nil
    case .withdrawn:
        let summary = "the rollout was removed from the repository"
        return .act(.rollBack(.withdrawn(summary: summary)), reason: summary)
    case .asked(let ask): return superseding(ask, run, stable, input.state)
    }
}

private func breach(
    _ input: DecisionInput, _ run: Run, _ verdicts: [GuardrailVerdict]
) -> Decision.Next? {
    let breaches = verdicts.filter { $0.required && $0.verdict.word == "breach" }
    // The strongest reaction first; among equals, the order of the policies.
    for reaction in [Reaction.rollback, .stepBack, .hold] {
        guard let worst = breaches.first(where: { $0.onBreach == reaction }),
            case .breach(let reason) = worst.verdict
        else { continue }
        let cause = Cause.breach(guardrail: worst.guardrail, summary: reason)
        switch reaction {
        case .rollback: return .act(.rollBack(cause), reason: reason)
        case .stepBack where run.held == nil: return stepDown(run, cause)
        case .hold where run.held == nil: return .act(.hold(cause), reason: reason)
        case .stepBack, .hold, .alert, .retrain: continue
        }
    }
    return nil
}

/// A candidate that is silent where its control is not goes down one step.
private func silence(_ input: DecisionInput, _ run: Run) -> Decision.Next? {
    let allowed = run.guardrails.flatMap(\.guardrails).filter(\.isRequired).map(\.maxSilent).min()
    guard let allowed, input.atStep > allowed, let step = run.currentStep else { return nil }
    for region in run.plan.regions {
        let share = max(step.shares[region] ?? .zero, step.mirrors[region] ?? .zero)
        guard share > .zero, let traffic = input.traffic[region],
            let stableLast = traffic.stableLast, input.now - stableLast <= allowed,
            traffic.isCandidateSilent(for: allowed, share: share)
        else { continue }
        let quiet = traffic.candidateLast.map { input.now - $0 } ?? input.atStep
        guard quiet > allowed else { continue }
        let summary =
            "no observations from the candidate in \(region) for \(quiet.spoken) "
            + "while stable is served"
        return stepDown(run, .silent(region: region, summary: summary))
    }
    return nil
}

/// Takes back a candidate that is on its way when a window closes that wants that.
private func windowClosed(_ input: DecisionInput, _ run: Run) -> Decision.Next? {
    let windows = WindowsNow(input.windows, at: input.now)
    guard run.hotfixGeneration == nil,
        let window = windows.closed.first(where: { $0.inFlight == .rollback })
    else { return nil }
    let summary = "window \(window.name) closed: \(window.reason)"
    return .act(.rollBack(.windowClosed(window: window.name, summary: summary)), reason: summary)
}

private func stepDown(_ run: Run, _ cause: Cause) -> Decision.Next {
    run.step == 0
        ? .act(.rollBack(cause), reason: cause.summary)
        : .act(.stepBack(step: run.step - 1, cause), reason: cause.summary)
}

private func superseding(
    _ ask: Ask, _ run: Run, _ stable: ServedVersion, _ state: RolloutState
) -> Decision.Next? {
    let asked = ask.candidate.reference
    if asked.digest == stable.reference.digest {
        let summary = "\(asked.version) is asked for again"
        return .act(.rollBack(.withdrawn(summary: summary)), reason: summary)
    }
    if asked.digest == run.candidate.reference.digest {
        guard ask.specDigest != run.specDigest else { return nil }
        let summary = "the plan of \(asked.version) was edited; it starts again"
        return .act(.rollBack(.superseded(summary: summary)), reason: summary)
    }
    switch ask.onNewVersion {
    case .queue: return nil
    case .replace:
        let summary = "\(asked.version) is asked for now"
        return .act(.rollBack(.superseded(summary: summary)), reason: summary)
    case .reject:
        guard state.refusal(of: asked.digest) == nil else { return nil }
        let summary = "asked for while \(run.candidate.reference.version) was on its way"
        return .act(.refuse(asked, summary), reason: summary)
    }
}

// MARK: Forward, which everything may block

private func blocked(_ input: DecisionInput, _ run: Run) -> Decision.Next? {
    if let held = run.held {
        for order in input.orders {
            guard case .resume(let decision) = order.action, decision == held.decision else {
                continue
            }
            return .act(.resume(order: order.name, by: order.by), reason: order.reason)
        }
        return .wait(Wait(.heldByBreach(decision: held.decision, reason: held.reason)))
    }
    if case .broken(let summary) = input.request { return .wait(Wait(.broken(summary: summary))) }
    return increasesBlocked(input).map { .wait($0) }
}

/// Waits for a window, unless people have waived it. Routers still learn of a step that was waived.
private func shut(
    _ gate: Gate, _ input: DecisionInput, _ run: Run, _ verdicts: [GuardrailVerdict]
) -> Decision.Next? {
    guard let window = gate.window, !(gate.hotfix?.isReached ?? false) else { return nil }
    let owed = gate.isNewestWaived ? routersForward(input, run, verdicts) : nil
    return owed ?? .wait(window)
}

/// What blocks every increase, whatever the evidence says.
private func increasesBlocked(_ input: DecisionInput) -> Wait? {
    if let halted = input.conditions.halted { return Wait(.halted(reason: halted)) }
    if let stop = input.conditions.stop, stop.isInForce(at: input.now) {
        return Wait(.stopped(owner: stop.owner, reason: stop.reason), until: stop.expires)
    }
    for order in input.orders {
        guard case .hold(let expires) = order.action else { continue }
        if let expires, input.now >= expires { continue }
        let reason = Wait.Reason.heldByOrder(
            order: order.name, by: order.by, reason: order.reason)
        return Wait(reason, until: expires)
    }
    return input.conditions.clockSteady ? nil : Wait(.clockUnsteady)
}

private func proceed(
    _ input: DecisionInput, _ run: Run, _ verdicts: [GuardrailVerdict], _ gate: Gate
) -> Decision.Next {
    guard let step = run.currentStep else {
        return .wait(Wait(.broken(summary: "the recorded plan has no step \(run.step)")))
    }
    if let hotfix = gate.hotfix, let used = hotfix.used {
        let people = hotfix.given.joined(separator: ", ")
        return forward(input, run, reason: "hotfix, agreed to by \(people)", used)
    }
    let promotion = input.orders.first { order in
        guard case .promote(let id, let step) = order.action else { return false }
        return id == run.id && step == run.step
    }
    // Where people must agree, one person's order is not enough.
    if let promotion, run.approvals == nil {
        return forward(input, run, reason: "\(promotion.by): \(promotion.reason)")
    }
    let soak = TimeSpan(milliseconds: step.soak.milliseconds / max(input.timeScale, 1))
    let soaked = input.soaked ?? input.atStep
    if soaked < soak {
        let remaining = soak - soaked
        return .wait(Wait(.soaking(remaining: remaining), until: input.now + remaining))
    }
    let open = openGuardrails(run, verdicts)
    if !open.isEmpty { return .wait(Wait(.undecided(open))) }
    let reason = passed(step, verdicts)
    guard let quorum = gate.quorum else { return forward(input, run, reason: reason) }
    guard let used = quorum.used else { return .wait(Wait(.approvals(quorum))) }
    return forward(
        input, run, reason: "\(reason); approved by \(quorum.given.joined(separator: ", "))", used)
}

/// The one way up. Whoever agreed to it: servers that are not there answer nobody.
private func forward(
    _ input: DecisionInput, _ run: Run, reason: String, _ used: UsedConsent? = nil
) -> Decision.Next {
    guard let next = run.plan.step(run.step + 1) else { return .act(.complete, reason: reason) }
    if let shortage = CapacityShortage(of: next, input, run) {
        return .wait(Wait(.capacity(shortage)))
    }
    // Whoever hurries away from stable may do without the way back; nobody else.
    if used?.isHotfix != true, let shortage = CapacityShortage(ofWayBackFrom: next, input, run) {
        return .wait(Wait(.capacity(shortage)))
    }
    return .act(.advance(step: run.step + 1, consent: used), reason: reason)
}

private func openGuardrails(_ run: Run, _ verdicts: [GuardrailVerdict]) -> [Wait.Open] {
    let specs = run.guardrails.flatMap(\.guardrails)
    return verdicts.compactMap { verdict -> Wait.Open? in
        guard verdict.required, case .undecided(let reason) = verdict.verdict else { return nil }
        let bound = specs.first { $0.name == verdict.guardrail }?.bound ?? ""
        return Wait.Open(
            guardrail: verdict.guardrail, reason: reason, spoken: verdict.spoken, bound: bound,
            needs: verdict.needs, eta: verdict.eta, outlook: verdict.outlook)
    }
    .sorted { ($0.needs ?? .max, $1.guardrail) > ($1.needs ?? .max, $0.guardrail) }
}

private func passed(_ step: Step, _ verdicts: [GuardrailVerdict]) -> String {
    let required = verdicts.filter(\.required)
    let samples = required.map(\.candidateCount).max() ?? 0
    let proven = required.count(where: \.proven)
    return "\(step.stage.rawValue) passed (\(required.count) guardrails, \(proven) proven, "
        + "n = \(grouped(samples)))"
}

private func cause(of order: Order) -> Cause {
    .ordered(order: order.name, by: order.by, summary: "\(order.by): \(order.reason)")
}
