/// A version with the addresses at which it was served when it was recorded.
///
/// A rollback needs nothing but this: neither the spec nor the version file has to be readable.
package struct ServedVersion: Codable, Sendable, Hashable {
    package let reference: VersionReference
    /// `http://host:port` of each region.
    package let endpoints: [RegionName: String]

    package init(reference: VersionReference, endpoints: [RegionName: String]) {
        self.reference = reference
        self.endpoints = endpoints
    }
}

/// Who answers in place of a version that fails, with its address in each region.
package struct ServedFallback: Codable, Sendable, Hashable {
    package let served: ServedVersion
    package let minConfidence: FiniteDouble
    package let timeout: TimeSpan

    package init(served: ServedVersion, minConfidence: FiniteDouble, timeout: TimeSpan) {
        self.served = served
        self.minConfidence = minConfidence
        self.timeout = timeout
    }
}

/// What one rollout has come to: the fold of its decisions, and nothing else.
package struct RolloutState: Codable, Sendable, Hashable {
    package let name: RolloutName
    /// The number of the newest decision; 0 before the first.
    package internal(set) var decisions = 0
    /// When the newest decision was made.
    package internal(set) var decidedAt: Timestamp?
    /// Rises with each decision that changes what routers serve; routes carry it.
    ///
    /// It is the decision's number, unless a router was found ahead of the record.
    package internal(set) var generation = 0
    /// The newest generation whose own decision gave the candidate more.
    package internal(set) var raisedGeneration = 0
    package internal(set) var regions: [RegionName] = []
    package internal(set) var stickyBy = StickyKey.requestID
    package internal(set) var stable: ServedVersion?
    package internal(set) var fallback: ServedFallback?
    /// Versions that were full and baked, newest first. A rollback goes to one of these.
    package internal(set) var knownGood: [ServedVersion] = []
    /// Digests that were rolled back, and the decisions that did it.
    package internal(set) var refused: [Refusal] = []
    package internal(set) var run: Run?
    /// The newest sequence of `policies/revoked-signers` that a decision relied on: an older copy
    /// of the file never counts again.
    package internal(set) var signerSequence = 0

    package init(name: RolloutName) { self.name = name }

    /// A digest that is not tried again until a person releases it.
    package struct Refusal: Codable, Sendable, Hashable {
        package let reference: VersionReference
        package let decision: Int
        package let reason: String

        package init(reference: VersionReference, decision: Int, reason: String) {
            self.reference = reference
            self.decision = decision
            self.reason = reason
        }
    }

    /// A router that claims a newer generation is broken; following it would use up all numbers.
    package static let generationMax = 1 << 52

    /// Generations of known-good versions that are kept.
    package static let knownGoodLimit = 5

    package func refusal(of digest: Digest) -> Refusal? {
        refused.last { $0.reference.digest == digest }
    }

    /// The version that a rollback of stable goes to: the newest other one that is not refused.
    package func safeTarget(otherThan digest: Digest) -> ServedVersion? {
        knownGood.first { $0.reference.digest != digest && refusal(of: $0.reference.digest) == nil }
    }
}

/// The journey of one candidate, with everything it was promised when it began.
package struct Run: Codable, Sendable, Hashable {
    package let id: RunID
    package let candidate: ServedVersion
    package let plan: Plan
    package let guardrails: [GuardrailSet]
    /// SHA-256 of the spec and of the policies in force when the run began.
    package let specDigest: Digest
    package let policyDigest: Digest
    /// Who must agree, as it was when the run began.
    package let approvals: ApprovalTerms?
    /// What the candidate's servers were said to be ready for when the run began.
    package let capacity: [RegionName: RequestRate]?
    /// What it shares with other rollouts, none of which starts before it has ended.
    package let conflictGroup: ConflictGroupName?
    package internal(set) var step: Int
    /// When the stage of `step` began: nobody can agree to its end before.
    package internal(set) var stageBegan: Timestamp
    /// The largest share that people agreed to; `nil` while no approval was used.
    package internal(set) var approvedShare: Share?
    /// Approvals that have been used; each lets one candidate into one stage, once.
    package internal(set) var usedConsent: [Digest] = []
    /// The generation of an advance for which people waived soak, proof and windows.
    package internal(set) var hotfixGeneration: Int?
    /// The generation that began the stage of `step`.
    package internal(set) var stageGeneration: Int
    /// The generation that began `step`; its soak is counted from there.
    package internal(set) var stepGeneration: Int
    /// A hold that a breach caused; lifted by a person's `resume`.
    package internal(set) var held: Held?
    /// Guardrails whose evidence a person began anew, by going on after their breach, and the
    /// generation from which on answers count. Not a time: clocks may be a day off.
    package internal(set) var renewals: [GuardrailName: Int] = [:]
    /// The generation in which a person released these bytes after they had been refused: what was
    /// seen before it does not count. `nil` continues whatever was seen of them beside this stable
    /// version.
    package internal(set) var releasedIn: Int?

    package struct Held: Codable, Sendable, Hashable {
        package let decision: Int
        package let reason: String
        /// The guardrail that was breached; `nil` for other causes.
        package let guardrail: GuardrailName?
    }

    /// The first generation whose answers count for a guardrail; `nil` is from the beginning.
    package func evidenceBegins(_ guardrail: GuardrailName) -> Int? {
        renewals[guardrail] ?? releasedIn
    }

    package var currentStep: Step? { plan.step(step) }
}
