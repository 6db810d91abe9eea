/// What a person signs to let one candidate into one stage, or to forbid it.
///
/// It names everything that the person looked at: a signature over less could be carried over to
/// another version, another plan, another region or another day. Its canonical JSON is what is
/// signed, and the digest of that is what identifies it: the same words can be signed, wrapped and
/// committed in many ways, and count once.
package struct Approval: Codable, Sendable, Hashable {
    package enum Answer: String, Codable, Sendable, Hashable { case approve, reject }

    package static let schemaNow = 1

    package let schema: Int
    package let answer: Answer
    package let rollout: RolloutName
    package let run: RunID
    /// SHA-256 of the record that began the run: no other repository has the same.
    package let runDigest: Digest
    package let candidate: VersionReference
    package let baseline: VersionReference
    package let fromStage: StageKind
    package let toStage: StageKind
    package let regions: [RegionName]
    /// The largest live share that is agreed to; beyond it another approval is needed.
    package let maxShare: Share
    package let specDigest: Digest
    package let policyDigest: Digest
    /// The commit that the person looked at.
    package let baseCommit: String
    /// Whether soak, proof and windows are waived. That costs one approval more.
    package let hotfix: Bool
    package let notAfter: Timestamp
    /// 32 hexadecimal digits, so that nobody can say the same thing twice by accident.
    package let nonce: String
    package let comment: String

    package init(
        answer: Answer, rollout: RolloutName, run: RunID, runDigest: Digest,
        candidate: VersionReference, baseline: VersionReference, fromStage: StageKind,
        toStage: StageKind, regions: [RegionName], maxShare: Share, specDigest: Digest,
        policyDigest: Digest, baseCommit: String, hotfix: Bool, notAfter: Timestamp,
        nonce: String, comment: String
    ) {
        schema = Self.schemaNow
        self.answer = answer
        self.rollout = rollout
        self.run = run
        self.runDigest = runDigest
        self.candidate = candidate
        self.baseline = baseline
        self.fromStage = fromStage
        self.toStage = toStage
        self.regions = regions
        self.maxShare = maxShare
        self.specDigest = specDigest
        self.policyDigest = policyDigest
        self.baseCommit = baseCommit
        self.hotfix = hotfix
        self.notAfter = notAfter
        self.nonce = nonce
        self.comment = comment
    }
}

extension Approval {
    /// What a person would agree to, or forbid, for the next step of a run.
    ///
    /// - Parameters:
    ///   - terms: those of the run, as strict as they are now; they bound `notAfter`.
    ///   - maxShare: the largest share of the next stage by default.
    /// - Returns: `nil` when no candidate is on its way, or it is at its last step.
    package init?(
        _ answer: Answer, of state: RolloutState, terms: ApprovalTerms, runDigest: Digest,
        baseCommit: String, hotfix: Bool, maxShare: Share? = nil, now: Timestamp,
        lasting: TimeSpan? = nil, nonce: String, comment: String
    ) {
        guard let run = state.run, let current = run.currentStep,
            let next = run.plan.step(run.step + 1), let baseline = state.stable?.reference
        else { return nil }
        let stage = run.plan.steps.filter { $0.stage == next.stage }
        self.init(
            answer: answer, rollout: state.name, run: run.id, runDigest: runDigest,
            candidate: run.candidate.reference, baseline: baseline, fromStage: current.stage,
            toStage: next.stage, regions: run.plan.regions,
            maxShare: maxShare ?? stage.map(\.largestShare).max() ?? .all,
            specDigest: run.specDigest, policyDigest: run.policyDigest, baseCommit: baseCommit,
            hotfix: hotfix,
            notAfter: now + min(lasting ?? terms.expiresAfter, terms.expiresAfter), nonce: nonce,
            comment: comment)
    }
}

/// What somebody says on the page: the controller adds what it is about.
package struct PageAnswer: Sendable, Hashable {
    package let answer: Approval.Answer
    package let run: RunID
    /// The beginning of the candidate's digest, typed by hand: whoever types it has looked.
    package let digestPrefix: String
    package let hotfix: Bool
    package let comment: String

    /// Digits that have to be typed.
    package static let digestDigits = 12

    package init(
        answer: Approval.Answer, run: RunID, digestPrefix: String, hotfix: Bool, comment: String
    ) {
        self.answer = answer
        self.run = run
        self.digestPrefix = digestPrefix
        self.hotfix = hotfix
        self.comment = comment
    }
}

/// An approval as the controller found it, with what its key said when it was first seen.
package struct SeenApproval: Codable, Sendable, Hashable {
    package let approval: Approval
    /// SHA-256 of the canonical JSON of `approval`.
    package let payload: Digest
    package let channel: ApprovalPolicy.Channel
    /// Whose key it is; `nil` when it does not count for the reason in `problem`.
    package let principal: String?
    package let fingerprint: String?
    /// The armoured signature, so that a record can be checked alone.
    package let signature: String
    package let firstSeen: Timestamp
    /// What is wrong with the signature or its key.
    package let problem: String?

    package init(
        approval: Approval, payload: Digest, channel: ApprovalPolicy.Channel, principal: String?,
        fingerprint: String?, signature: String, firstSeen: Timestamp, problem: String?
    ) {
        self.approval = approval
        self.payload = payload
        self.channel = channel
        self.principal = principal
        self.fingerprint = fingerprint
        self.signature = signature
        self.firstSeen = firstSeen
        self.problem = problem
    }

    /// The same, of no worth.
    package func discounted(because problem: String) -> SeenApproval {
        SeenApproval(
            approval: approval, payload: payload, channel: channel, principal: principal,
            fingerprint: fingerprint, signature: signature, firstSeen: firstSeen, problem: problem)
    }
}
