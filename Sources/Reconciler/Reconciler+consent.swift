import Git
import History
import Ledger
import Logging
package import RolloutCore
import Traffic

extension Reconciler {
    /// Approvals of one rollout that are looked at; a folder of more is not the work of people.
    private static let approvalsMax = 64

    /// What people have said of the next step. Nothing is asked while nobody has to agree.
    func consent(_ live: LiveRollout) async -> Consent {
        let name = live.recorded.name
        guard let run = live.effective.run, run.approvals != nil, let snapshot else { return .none }
        let page = pageApprovals.seen(name, run: run.id)
        let found = (live.requested?.approvals ?? []).filter { isOfInterest($0.approval, run) }
        // Without a gate ahead only a hotfix is worth a look: records are read for years.
        guard
            run.isGated || (found.map(\.approval) + page.map(\.approval)).contains(where: \.hotfix)
        else { return .none }
        let origin = await origin(of: run, live)
        let now = clock.now()
        var approvals: [SeenApproval] = []
        for found in found.prefix(Self.approvalsMax) {
            let seen = firstSeen(found.payload, name, now)
            approvals.append(
                found.seen(snapshot.signers, before: origin?.before, firstSeen: seen))
        }
        approvals += page.map { seen in
            let problem = PageApproval.objection(
                to: seen, snapshot.signers, snapshot.controllers)
            return problem.map { seen.discounted(because: $0) } ?? seen
        }
        // One person may have committed the same words twice.
        var once: [Digest: SeenApproval] = [:]
        for approval in approvals {
            once[approval.payload] = once[approval.payload] ?? approval
        }
        return Consent(
            approvals: once.values.sorted { $0.payload < $1.payload },
            authors: origin?.authors(snapshot.signers) ?? [], controllers: snapshot.controllers,
            signers: snapshot.signers.condition, runDigest: origin?.recordDigest,
            before: origin?.before?.terms)
    }

    /// Takes what somebody says on the page.
    ///
    /// - Parameter principal: whose token it came with.
    /// - Returns: what is still missing, for the person; `nil` when there is no such rollout.
    /// - Throws: `OrderRefusal` when there is nothing to agree to, or something else is.
    package func take(
        _ answer: PageAnswer, by principal: String, nonce: String, for name: RolloutName
    ) async throws -> String? {
        guard let live = rollouts[name] else { return nil }
        guard let sign = configuration.signPageAnswer else {
            throw OrderRefusal(description: "this controller takes no approvals by the page")
        }
        let state = live.effective
        guard let run = state.run, run.id == answer.run else {
            throw OrderRefusal(
                description: "\(answer.run) is not on its way; \(name) "
                    + (state.run.map { "is at \($0.id)" } ?? "has no candidate on its way"))
        }
        guard answer.digestPrefix.utf8.count >= PageAnswer.digestDigits,
            run.candidate.reference.digest.hex.hasPrefix(answer.digestPrefix)
        else {
            throw OrderRefusal(
                description: "the candidate's digest does not begin with "
                    + "\(answer.digestPrefix.prefix(64)); type at least "
                    + "\(PageAnswer.digestDigits) of its digits")
        }
        guard let terms = run.approvals, let origin = await origin(of: run, live),
            let snapshot,
            let approval = Approval(
                answer.answer, of: state, terms: terms, runDigest: origin.recordDigest,
                baseCommit: snapshot.commit.hex, hotfix: answer.hotfix, now: clock.now(),
                nonce: nonce, comment: answer.comment)
        else { throw OrderRefusal(description: "\(name) has nothing to approve now") }
        try pageApprovals.add(sign(approval, principal, clock.now()), to: name)
        due.insert(name)
        wake()
        return "\(principal) is recorded for \(approval.toStage.rawValue) of \(name) "
            + "\(approval.candidate); see what is missing under /v1/rollouts/\(name)/why"
    }

    /// Old approvals of earlier runs are history, and without a gate ahead those of earlier stages;
    /// whatever else lies there is told about.
    private func isOfInterest(_ approval: Approval, _ run: Run) -> Bool {
        if !run.isGated, approval.run == run.id {
            return approval.hotfix && approval.fromStage == run.currentStep?.stage
        }
        return approval.rollout != run.id.rollout || approval.run.rollout != run.id.rollout
            || approval.run.firstDecision >= run.id.firstDecision
    }

    private func origin(of run: Run, _ live: LiveRollout) async -> RunOrigin? {
        let name = live.recorded.name
        if let known = live.origin, known.run == run.id { return known }
        do {
            guard let origin = try await ledger.origin(of: run.id) else { return nil }
            rollouts[name]?.origin = origin
            return origin
        } catch {
            // Nobody's approval can count without it, and the next look asks again.
            log.warning(
                "it cannot be told who wrote a change",
                metadata: ["rollout": "\(name)", "error": "\(error)"])
            return nil
        }
    }

    private func firstSeen(_ payload: Digest, _ name: RolloutName, _ now: Timestamp) -> Timestamp {
        if let known = rollouts[name]?.firstSeen[payload] { return known }
        // If it cannot be kept, it is seen again after a restart: later, never earlier.
        let seen = (try? disk.firstSeen(payload, now: now)) ?? now
        rollouts[name]?.firstSeen[payload] = seen
        return seen
    }

    /// What became of the newest decision, as far as routers have said.
    func confirmation(_ live: LiveRollout) -> Confirmation? {
        guard var confirmation = live.confirmation,
            confirmation.decision == live.recorded.decisions
        else { return nil }
        let routes = live.recorded.routes
        let found = live.found.filter { routes[$0.key] != nil }
        confirmation.readBack = found
        if routes.allSatisfy({ found[$0.key] == .serving($0.value) }) {
            confirmation.appliedAt = live.appliedAt
        }
        return confirmation
    }
}
