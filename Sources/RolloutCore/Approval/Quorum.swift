/// Whether enough people have agreed to one step, and why others do not count.
///
/// Part of a decision, so that a record shows the separation of duties as it was found.
package struct Quorum: Codable, Sendable, Hashable {
    /// Somebody's approval that does not count.
    package struct Discounted: Codable, Sendable, Hashable {
        package let who: String
        package let why: String
        package let payload: Digest
    }

    package let stage: StageKind
    package let isHotfix: Bool
    package let needed: Int
    package let policy: PolicyName?
    /// The groups that the policy names.
    package let from: [String]
    /// Who has agreed, each once.
    package let given: [String]
    /// Groups of which nobody has agreed yet.
    package let missing: [String]
    /// Who is not asked because they had a part in the change.
    package let excluded: [String]
    package let discounted: [Discounted]
    package let vetoes: [Veto]
    /// Why nobody's approval can count now.
    package let obstacle: String?
    /// When the first of the approvals ends to count.
    package let until: Timestamp?
    package let used: UsedConsent?

    package struct Veto: Codable, Sendable, Hashable {
        package let who: String
        package let comment: String
    }

    /// What an advance would use up; `nil` while the quorum is not reached.
    package var isReached: Bool { used != nil }
}

extension Quorum {
    /// A gate without a policy that says whose approval opens it: nobody's does.
    init(unnamed stage: StageKind) {
        self.stage = stage
        isHotfix = false
        needed = 1
        policy = nil
        from = []
        given = []
        missing = []
        excluded = []
        discounted = []
        vetoes = []
        obstacle = "the run began without a policy that says whose approval is needed"
        until = nil
        used = nil
    }

    /// Counts for the step that follows.
    ///
    /// - Parameter hotfix: counts only approvals that waive soak, proof and windows, and asks for
    ///   one more.
    init(
        _ terms: ApprovalTerms, of next: Step, _ run: Run, _ input: DecisionInput, hotfix: Bool
    ) {
        let count = ApprovalCount(
            terms: terms, next: next, run: run, input: input, hotfix: hotfix)
        var given: [String: SeenApproval] = [:]
        var discounted: [Discounted] = []
        var vetoes: [String: String] = [:]
        for seen in input.consent.approvals {
            let who = seen.principal ?? seen.fingerprint ?? "somebody"
            if let why = count.objection(to: seen) {
                discounted.append(Discounted(who: who, why: why, payload: seen.payload))
            } else if seen.approval.answer == .reject {
                vetoes[who] = seen.approval.comment
            } else if hotfix == seen.approval.hotfix || !hotfix {
                // One person with two keys is one person.
                given[who] = given[who] ?? seen
            }
        }
        let missing = terms.required.filter { group in
            !group.people.contains { given[$0] != nil }
        }
        let obstacle = count.obstacle
        let needed = terms.minApprovals + (hotfix ? 1 : 0)
        let isReached =
            obstacle == nil && vetoes.isEmpty && given.count >= needed && missing.isEmpty
        stage = next.stage
        isHotfix = hotfix
        self.needed = needed
        policy = terms.policy
        from = terms.names
        self.given = given.keys.sorted()
        self.missing = missing.map(\.name)
        excluded = count.excluded.intersection(terms.people).sorted()
        self.discounted = discounted
        self.vetoes = vetoes.sorted { $0.key < $1.key }.map { Veto(who: $0.key, comment: $0.value) }
        self.obstacle = obstacle
        until = given.values.map { count.end(of: $0) }.min()
        used =
            isReached
            ? UsedConsent(
                payloads: given.values.map(\.payload).sorted(),
                maxShare: given.values.map(\.approval.maxShare).min() ?? .zero,
                signerSequence: count.sequence, isHotfix: hotfix) : nil
    }
}

/// The rules by which one approval counts for one step.
private struct ApprovalCount {
    let terms: ApprovalTerms
    let next: Step
    let run: Run
    let input: DecisionInput
    let hotfix: Bool

    var sequence: Int {
        if case .known(let sequence) = input.consent.signers { return sequence }
        return 0
    }

    /// Whoever wrote the change, by key or by what its commits claim, and the controller.
    var excluded: Set<String> {
        var people = Set(input.consent.controllers)
        guard terms.excludeAuthors else { return people }
        for author in input.consent.authors {
            people.formUnion(author.claimed)
            if let principal = author.principal { people.insert(principal) }
        }
        return people
    }

    var obstacle: String? {
        switch input.consent.signers {
        case .unusable(let reason): return reason
        case .known(let sequence) where sequence < input.state.signerSequence:
            return
                "policies/revoked-signers has sequence \(sequence), and \(input.state.signerSequence)"
                + " was seen before: an older copy was put back"
        case .known: break
        }
        if terms.channels.isEmpty { return "no channel is allowed by both old and new policy" }
        guard terms.excludeAuthors, terms.signedChanges else { return nil }
        if input.consent.authors.isEmpty { return "it is not known who wrote the change" }
        guard let unknown = input.consent.authors.first(where: { $0.principal == nil }) else {
            return nil
        }
        return "who wrote \(unknown.commit.prefix(7)) is not known "
            + "(\(unknown.problem ?? "no key says so")): sign it with a key of policies/signers"
    }

    /// When an approval ends to count.
    func end(of seen: SeenApproval) -> Timestamp {
        min(seen.approval.notAfter, seen.firstSeen + terms.expiresAfter)
    }

    /// Why an approval or a rejection does not count; `nil` when it does.
    func objection(to seen: SeenApproval) -> String? {
        if let problem = seen.problem { return problem }
        guard let who = seen.principal else { return "nobody's key signed it" }
        return binding(seen.approval) ?? time(seen) ?? person(who, seen)
    }

    private func binding(_ given: Approval) -> String? {
        guard given.schema == Approval.schemaNow else {
            return "it has schema \(given.schema); this Gatewright reads \(Approval.schemaNow)"
        }
        if given.rollout != input.state.name { return "it was given for \(given.rollout)" }
        if given.run != run.id { return "it was given for run \(given.run), this is \(run.id)" }
        if given.runDigest != input.consent.runDigest {
            return "it was given for a run of that name in another repository or history"
        }
        if given.candidate != run.candidate.reference {
            return "it was given for \(given.candidate) (\(given.candidate.digest.short)), the "
                + "candidate is \(run.candidate.reference) "
                + "(\(run.candidate.reference.digest.short))"
        }
        if given.baseline != input.state.stable?.reference {
            return "it was given beside stable \(given.baseline), which is not stable any more"
        }
        if given.specDigest != run.specDigest { return "it was given for another plan" }
        if given.policyDigest != run.policyDigest { return "it was given under other policies" }
        guard given.fromStage == run.currentStep?.stage, given.toStage == next.stage else {
            return "it was given for \(given.fromStage.rawValue) to \(given.toStage.rawValue), "
                + "the next step goes from \(run.currentStep?.stage.rawValue ?? "?") to "
                + next.stage.rawValue
        }
        if Set(given.regions) != Set(run.plan.regions) {
            return "it was given for other regions"
        }
        if given.answer == .approve, given.maxShare < next.largestShare {
            return "it covers shares up to \(given.maxShare), the next is \(next.largestShare)"
        }
        return nil
    }

    private func time(_ seen: SeenApproval) -> String? {
        if seen.firstSeen > input.now { return "it was first seen in the future" }
        if seen.firstSeen < run.stageBegan {
            return "it was given before \(run.currentStep?.stage.rawValue ?? "the stage") began, "
                + "so before its evidence"
        }
        let end = end(of: seen)
        if input.now >= end { return "it expired at \(end)" }
        if run.usedConsent.contains(seen.payload) { return "it was used already" }
        return nil
    }

    private func person(_ who: String, _ seen: SeenApproval) -> String? {
        guard terms.channels.contains(seen.channel) else {
            return "it came by \(seen.channel.rawValue), and "
                + "\(terms.channels.map(\.rawValue).joined(separator: ", ")) is asked for"
        }
        let isApproval = seen.approval.answer == .approve
        if input.consent.controllers.contains(who) { return "a controller cannot approve" }
        // Whoever wrote the change may still forbid it.
        if isApproval, excluded.contains(who) { return "\(who) wrote the change" }
        let required = terms.required.flatMap(\.people)
        guard terms.people.contains(who) || required.contains(who) else {
            return "\(who) is not one of \(terms.names.joined(separator: ", "))"
        }
        guard isApproval else { return nil }
        if hotfix, !seen.approval.hotfix {
            return "it does not waive soak, proof and windows; a hotfix needs that in words"
        }
        return nil
    }
}
