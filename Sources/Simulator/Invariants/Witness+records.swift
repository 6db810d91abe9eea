import Git
import Ledger
import RolloutCore
import Synchronization

// What must hold of each record at the moment at which the server accepts it.
extension Witness {
    func check(_ accepted: Accepted) {
        let record = accepted.record
        trace.note(
            accepted.at,
            "record \(record.rollout) \(record.number) \(record.kind) by \(accepted.controller)")
        checkChain(accepted)
        checkFreeze(accepted)
        checkPinned(accepted)
        let run = accepted.before.state.run
        switch record.action {
        case .start(let start):
            checkStart(start, accepted)
            checkGroup(accepted)
        case .advance(let step, let consent):
            guard let run else { return fail(.order, "\(record.id) advances nothing") }
            if run.step + 1 != step {
                fail(.order, "\(record.id) goes from step \(run.step) to \(step)")
            }
            checkProof(accepted, run, isHotfix: consent?.isHotfix ?? false)
            checkConsent(accepted, run, to: step, consent)
            checkCapacity(accepted, run)
            checkWayBack(accepted, run, isHotfix: consent?.isHotfix ?? false)
        case .complete:
            guard let run else { return fail(.order, "\(record.id) completes nothing") }
            if run.step != run.plan.steps.count - 1 {
                fail(.order, "\(record.id) completes at step \(run.step)")
            }
            checkProof(accepted, run, isHotfix: false)
            if isBad(run) {
                fail(.knownGood, "\(run.candidate.reference) is bad and became stable")
            }
        case .revert(let target, _): checkTarget(target, accepted)
        case .rollBack, .stepBack, .hold, .refuse, .resume, .correct, .bootstrap: break
        }
        checkJournal(accepted)
        checkAge(accepted)
        checkWindow(accepted)
        checkKnownGood(accepted)
        checkUses(accepted)
        checkRate(accepted)
    }

    private func checkChain(_ accepted: Accepted) {
        let (record, before) = (accepted.record, accepted.before)
        if record.number != before.state.decisions + 1 {
            fail(.chain, "\(record.id) follows decision \(before.state.decisions)")
        }
        if record.previous != before.head { fail(.chain, "\(record.id) follows another record") }
        if let at = before.state.decidedAt, record.at < at {
            fail(.clock, "\(record.id) is of \(record.at), before the decision before it, \(at)")
        }
        if let confirms = record.confirms, let at = before.state.decidedAt,
            confirms.acknowledgedAt < at || confirms.acknowledgedAt > record.at
                || confirms.decision != before.state.decisions
        {
            fail(.clock, "\(record.id) tells of \(confirms.acknowledgedAt), which cannot be")
        }
        // A record that was given up with its history is none; its step is recorded again.
        let twins = self.accepted(record.rollout).filter { earlier in
            earlier.record.id == record.id && precedes(earlier, accepted)
        }
        if twins.count > 1 { fail(.idempotent, "\(record.id) was recorded twice") }
        if record.action.isForward, accepted.before.state != record.input.state {
            fail(
                .single, "\(record.id) was decided on another state than the one it is recorded on")
        }
    }

    /// What was read had a stop in it, or something else was asked for.
    private func checkFreeze(_ accepted: Accepted) {
        let record = accepted.record
        guard record.action.isForward, let read = ObjectID(hex: record.inputsCommit),
            let tree = try? remote.objects.commit(read).info.tree
        else { return }
        // Who says that the candidate may go on after a breach raises nothing yet.
        if case .resume = record.action { return }
        if (try? remote.objects.entry(at: "policies/stop.yaml", inTree: tree)) != nil {
            fail(.freeze, "\(record.id) raises although the line was stopped")
        }
        let hold = "rollouts/\(record.rollout)/orders/hold.yaml"
        if (try? remote.objects.entry(at: hold, inTree: tree)) != nil {
            fail(.freeze, "\(record.id) raises although somebody holds \(record.rollout)")
        }
    }

    private func checkStart(_ start: Action.Start, _ accepted: Accepted) {
        let record = accepted.record
        let candidate = start.candidate.reference
        if let read = ObjectID(hex: record.inputsCommit),
            let tree = try? remote.objects.commit(read).info.tree,
            let entry = try? remote.objects.entry(
                at: ProjectText.specPath(record.rollout), inTree: tree),
            let bytes = try? remote.objects.blob(entry.id)
        {
            let asked = String(decoding: bytes, as: UTF8.self)
            if !asked.contains("  version: \(candidate.version)\n") {
                fail(
                    .spec, "\(record.id) starts \(candidate), which \(read.short) does not ask for")
            }
        }
        guard !state.withLock({ $0.wasHistoryLost }) else { return }
        let refusal = self.accepted(record.rollout).last { earlier in
            guard earlier.record.number < record.number,
                case .rollBack(let cause) = earlier.record.action, cause.refusesDigest,
                earlier.before.state.run?.candidate.reference.digest == candidate.digest
            else { return false }
            return precedes(earlier, accepted)
        }
        guard let refusal else { return }
        guard let released = people.release(of: candidate.digest), released >= refusal.at else {
            return fail(
                .tombstone, "\(record.id) tries \(candidate) again after \(refusal.record.id)")
        }
    }

    private func checkTarget(_ target: ServedVersion, _ accepted: Accepted) {
        let digest = target.reference.digest
        if digest == accepted.before.state.stable?.reference.digest {
            fail(.target, "\(accepted.record.id) goes back to what it leads away from")
        }
        guard !state.withLock({ $0.wasHistoryLost }) else { return }
        let wasGood = self.accepted(accepted.record.rollout).contains { earlier in
            switch earlier.record.action {
            case .bootstrap(let bootstrap): bootstrap.version.reference.digest == digest
            case .complete: earlier.before.state.run?.candidate.reference.digest == digest
            default: false
            }
        }
        if !wasGood { fail(.target, "\(accepted.record.id) goes back to \(target.reference)") }
    }

    // MARK: Proof

    /// Time and observations that an advance needs, from the world's own clock and counts.
    private func checkProof(_ accepted: Accepted, _ run: Run, isHotfix: Bool) {
        let record = accepted.record
        guard !isHotfix, !people.promoted(run.id, from: run.step) else { return }
        let digest = run.candidate.reference.digest
        guard let step = run.currentStep,
            let begun = self.accepted(record.rollout).last(where: {
                $0.after.state.run?.stepGeneration == run.stepGeneration
                    && $0.before.state.run?.stepGeneration != run.stepGeneration
            })
        else { return fail(.order, "\(record.id) leaves a step that nothing began") }
        let elapsed = accepted.at - begun.at
        if elapsed < step.soak.milliseconds {
            fail(
                .clock,
                "\(record.id) leaves step \(run.step) after \(elapsed / 1_000) s of \(step.soak)")
        }
        checkServed(accepted, run, for: step.soak)
        if isBad(run) {
            let verdicts = record.verdicts.map {
                "\($0.guardrail) \($0.verdict.word), \($0.spoken), n = \($0.candidateCount)"
            }
            fail(
                .unknown,
                "\(record.id) advances \(run.candidate.reference), which is bad ("
                    + verdicts.joined(separator: "; ") + ")")
        }
        let seen = samples(digest, from: run.stageGeneration, at: accepted.controller)
        if seen < ProjectText.samplesMin {
            fail(
                .evidence,
                "\(record.id) rests on \(seen) answers of \(ProjectText.samplesMin) in its stage")
        }
        if record.verdicts.contains(where: { $0.required && $0.verdict != .pass }) {
            fail(.unknown, "\(record.id) advances without a pass of each guardrail")
        }
    }

    /// Every region has served the step for as long as it has to soak.
    private func checkServed(_ accepted: Accepted, _ run: Run, for soak: TimeSpan) {
        guard !state.withLock({ $0.wasHistoryLost }) else { return }
        let changes = routers.changes.filter {
            $0.rollout == run.id.rollout && ($0.after?.generation ?? 0) >= run.stepGeneration
        }
        for region in run.plan.regions {
            let told = changes.first { $0.region == region }?.at ?? accepted.at
            if accepted.at - told < soak.milliseconds {
                fail(
                    .clock,
                    "\(accepted.record.id) leaves step \(run.step) after "
                        + "\((accepted.at - told) / 1_000) s of \(soak) in \(region)")
            }
        }
    }

    // MARK: Consent

    /// Who really said yes, from what people did.
    private func checkConsent(
        _ accepted: Accepted, _ run: Run, to step: Int, _ consent: UsedConsent?
    ) {
        let record = accepted.record
        guard let next = run.plan.step(step), let terms = run.approvals,
            next.approval, run.currentStep?.stage != next.stage
        else { return }
        let answers = people.answers(to: run.id)
        let revoked = revoked(in: record)
        let honest = Set(
            answers.filter { answer in
                guard answer.isApproval, mayApprove(answer, run) else { return false }
                guard let revoked = people.revocation(of: answer.person), revoked <= answer.at
                else { return true }
                return !isTakenBack(answer.person, by: accepted.parent)
            }.map(\.person))
        if honest.count < terms.minApprovals {
            fail(
                .approval,
                "\(record.id) needs \(terms.minApprovals) people, \(honest.count) agreed")
        }
        if honest.subtracting(revoked).count < terms.minApprovals {
            fail(.revoke, "\(record.id) rests on a key that was taken back before it was used")
        }
        let used = consent?.payloads ?? []
        let before = self.accepted(record.rollout).filter { $0.commit != accepted.commit }
        let isReused = before.contains { earlier in
            guard case .advance(_, let consent?) = earlier.record.action,
                !Set(consent.payloads).isDisjoint(with: used)
            else { return false }
            return precedes(earlier, accepted)
        }
        if isReused, !state.withLock({ $0.wasHistoryLost }) {
            fail(.once, "\(record.id) uses an approval again")
        }
    }

    // MARK: Journal

    /// A backward step was on disk before its record.
    private func checkJournal(_ accepted: Accepted) {
        let record = accepted.record
        guard !record.action.isForward, !hasDiskTrouble, !wasRecordedFirst(accepted) else { return }
        let isKnown = hosts.contains { host in
            host.everAppended.contains { $0.id == record.id && $0.at <= accepted.at }
        }
        if !isKnown { fail(.wal, "\(record.id) was never journalled") }
    }

    /// A correction that displaces another version is recorded before any router hears of it. Its
    /// generation alone says nothing: a history that was given up may have had it, or a controller
    /// that is cut off from git.
    private func wasRecordedFirst(_ accepted: Accepted) -> Bool {
        guard case .correct = accepted.record.action else { return false }
        let after = accepted.after.state
        return state.withLock { state in
            !after.routes.contains { region, route in
                state.earlier["\(after.name)/\(region)", default: []].contains(route)
            }
        }
    }

    /// Whether a journal was ever kept from being written: after one error it stays failed, and
    /// lowering goes on without it.
    var hasDiskTrouble: Bool {
        state.withLock { $0.didJournalFail }
            || plan.events.contains { if case .failSync = $0.event { true } else { false } }
    }
}
