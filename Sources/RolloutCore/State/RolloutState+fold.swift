extension RolloutState {
    /// The state after one more decision. Total: what makes no sense leaves the run as it was.
    package func after(_ action: Action, number: Int, at: Timestamp) -> RolloutState {
        var next = self
        next.decisions = number
        next.decidedAt = at
        if action.changesRoutes { next.generation = max(number, generation + 1) }
        if case .correct(let correction) = action {
            // A router never goes back to a generation that it has left behind.
            let seen = min(correction.seenGeneration, Self.generationMax)
            next.generation = max(next.generation, seen + 1)
        }
        if action.raises { next.raisedGeneration = next.generation }
        next.take(action, number: number, at: at)
        return next
    }

    private mutating func take(_ action: Action, number: Int, at: Timestamp) {
        switch action {
        case .bootstrap(let bootstrap):
            stable = bootstrap.version
            fallback = bootstrap.fallback
            regions = bootstrap.regions
            stickyBy = bootstrap.stickyBy
            // Taken at its word once: without it the first candidate had nothing to go back to.
            knownGood = [bootstrap.version]
        case .start(let start):
            regions = start.plan.regions
            stickyBy = start.stickyBy
            fallback = start.fallback
            let isReleased = refusal(of: start.candidate.reference.digest) != nil
            refused.removeAll { $0.reference.digest == start.candidate.reference.digest }
            run = Run(
                id: RunID(rollout: name, firstDecision: number), candidate: start.candidate,
                plan: start.plan, guardrails: start.guardrails, specDigest: start.specDigest,
                policyDigest: start.policyDigest, approvals: start.approvals,
                capacity: start.capacity, conflictGroup: start.conflictGroup, step: 0,
                stageBegan: at, stageGeneration: generation, stepGeneration: generation, held: nil,
                releasedIn: isReleased ? generation : nil)
        case .advance(let step, let consent):
            move(to: step, at: at)
            if let consent { use(consent) }
        case .stepBack(let step, let cause):
            move(to: step, at: at)
            run?.held = Run.Held(
                decision: number, reason: cause.summary, guardrail: cause.guardrail)
        case .hold(let cause):
            run?.held = Run.Held(
                decision: number, reason: cause.summary, guardrail: cause.guardrail)
        case .resume:
            // Wealth that has crossed its threshold would hold the run again at the next look.
            if let breached = run?.held?.guardrail { run?.renewals[breached] = generation }
            run?.held = nil
        case .complete:
            complete()
        case .rollBack(let cause):
            if let run, cause.refusesDigest {
                refused.append(
                    Refusal(
                        reference: run.candidate.reference, decision: number, reason: cause.summary)
                )
            }
            run = nil
        case .revert(let target, let cause):
            if let stable {
                refused.append(
                    Refusal(reference: stable.reference, decision: number, reason: cause.summary))
                knownGood.removeAll { $0.reference.digest == stable.reference.digest }
            }
            stable = target
            run = nil
        case .refuse(let reference, let reason):
            refused.append(Refusal(reference: reference, decision: number, reason: reason))
        case .correct:
            break
        }
    }

    private mutating func use(_ consent: UsedConsent) {
        run?.usedConsent += consent.payloads
        run?.approvedShare = consent.maxShare
        if consent.isHotfix { run?.hotfixGeneration = generation }
        signerSequence = max(signerSequence, consent.signerSequence)
    }

    private mutating func move(to step: Int, at: Timestamp) {
        guard var moved = run, let target = moved.plan.step(step) else { return }
        if target.stage != moved.currentStep?.stage {
            moved.stageGeneration = generation
            moved.stageBegan = at
        }
        moved.step = step
        moved.stepGeneration = generation
        run = moved
    }

    private mutating func complete() {
        guard let run else { return }
        stable = run.candidate
        knownGood.removeAll { $0.reference.digest == run.candidate.reference.digest }
        knownGood.insert(run.candidate, at: 0)
        knownGood = Array(knownGood.prefix(Self.knownGoodLimit))
        self.run = nil
    }
}
