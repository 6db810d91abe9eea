/// Something that is recorded: the only thing that changes a rollout's state.
package enum Action: Codable, Sendable, Hashable {
    /// Takes the first stable version at its word.
    case bootstrap(Bootstrap)
    /// Begins a run at step 0.
    case start(Start)
    /// Goes on to a step of the plan.
    case advance(step: Int, consent: UsedConsent? = nil)
    /// The candidate becomes stable and a target of later rollbacks.
    case complete
    /// The candidate goes to zero and the run ends.
    case rollBack(Cause)
    /// The candidate goes back to an earlier step and is held there.
    case stepBack(step: Int, Cause)
    /// The candidate keeps its share until a person resumes it.
    case hold(Cause)
    /// A person lifts a hold.
    case resume(order: String, by: String)
    /// Stable goes back to an earlier good version.
    case revert(to: ServedVersion, Cause)
    /// Routers are put back to what is recorded, under a new generation.
    case correct(Correction)
    /// A version that may not start, now or later, until a person releases it.
    case refuse(VersionReference, String)

    package struct Bootstrap: Codable, Sendable, Hashable {
        package let version: ServedVersion
        package let fallback: ServedFallback?
        package let regions: [RegionName]
        package let stickyBy: StickyKey

        package init(
            version: ServedVersion, fallback: ServedFallback?, regions: [RegionName],
            stickyBy: StickyKey
        ) {
            self.version = version
            self.fallback = fallback
            self.regions = regions
            self.stickyBy = stickyBy
        }
    }

    package struct Start: Codable, Sendable, Hashable {
        package let candidate: ServedVersion
        package let fallback: ServedFallback?
        package let stickyBy: StickyKey
        package let plan: Plan
        package let guardrails: [GuardrailSet]
        package let approvals: ApprovalTerms?
        package let capacity: [RegionName: RequestRate]?
        package let conflictGroup: ConflictGroupName?
        package let specDigest: Digest
        package let policyDigest: Digest

        package init(_ ask: Ask) {
            candidate = ask.candidate
            fallback = ask.fallback
            stickyBy = ask.stickyBy
            plan = ask.plan
            guardrails = ask.guardrails
            approvals = ask.approvals
            capacity = ask.capacity
            conflictGroup = ask.conflictGroup
            specDigest = ask.specDigest
            policyDigest = ask.policyDigest
        }
    }

    /// A router that was found serving something that no decision asked for.
    package struct Correction: Codable, Sendable, Hashable {
        package let summary: String
        /// Whether putting it back gives the candidate more than it has now.
        package let raises: Bool
        /// The newest generation that any router was seen with.
        package let seenGeneration: Int
    }

    /// The word in file names and trailers.
    package var kind: String {
        switch self {
        case .bootstrap: "bootstrap"
        case .start: "start"
        case .advance: "advance"
        case .complete: "complete"
        case .rollBack(let cause): cause.kind
        case .stepBack: "step-back"
        case .hold: "hold"
        case .resume: "resume"
        case .revert: "rollback"
        case .refuse: "refuse"
        case .correct: "drift-correction"
        }
    }

    /// Whether the record must be acknowledged before any router hears of it.
    package var isForward: Bool {
        switch self {
        case .bootstrap, .start, .advance, .complete, .resume: true
        case .rollBack, .stepBack, .hold, .revert, .refuse: false
        case .correct(let correction): correction.raises
        }
    }

    /// Whether the soak of a step begins with it.
    package var beginsStep: Bool {
        switch self {
        case .start, .advance, .stepBack: true
        case .bootstrap, .complete, .rollBack, .hold, .resume, .revert, .refuse, .correct: false
        }
    }

    /// Whether routers hear of it. A resume changes no share: its generation tells the answers that
    /// were given after it from those before.
    package var changesRoutes: Bool {
        switch self {
        case .hold, .refuse: false
        case .bootstrap, .start, .advance, .complete, .rollBack, .stepBack, .resume, .revert,
            .correct:
            true
        }
    }

    /// Whether it gives the candidate more by itself.
    package var raises: Bool {
        if case .resume = self { return false }
        return changesRoutes && isForward
    }
}

/// Why a candidate went back.
package enum Cause: Codable, Sendable, Hashable {
    /// A guardrail was broken.
    case breach(guardrail: GuardrailName, summary: String)
    /// The candidate is silent in a region where stable is not.
    case silent(region: RegionName, summary: String)
    /// Another version was asked for, or another plan.
    case superseded(summary: String)
    /// The spec asks for stable again, or is gone.
    case withdrawn(summary: String)
    /// A window closed that takes candidates back.
    case windowClosed(window: PolicyName, summary: String)
    /// A person ordered it.
    case ordered(order: String, by: String, summary: String)

    package var summary: String {
        switch self {
        case .breach(_, let summary), .silent(_, let summary), .superseded(let summary),
            .withdrawn(let summary), .windowClosed(_, let summary),
            .ordered(_, _, let summary):
            summary
        }
    }

    /// The word in file names and trailers.
    package var kind: String {
        switch self {
        case .breach, .silent: "rollback"
        case .superseded: "supersede"
        case .withdrawn: "withdraw"
        case .windowClosed: "window"
        case .ordered: "abort"
        }
    }

    /// The guardrail that was broken, if that is the cause.
    package var guardrail: GuardrailName? {
        guard case .breach(let guardrail, _) = self else { return nil }
        return guardrail
    }

    /// Whether the candidate's bytes are refused from now on.
    package var refusesDigest: Bool {
        switch self {
        // A person who aborts has seen something, and a silent candidate would be silent again:
        // the spec still asks for these bytes, so without a refusal they would start at once.
        case .breach, .silent, .ordered: true
        case .superseded, .withdrawn, .windowClosed: false
        }
    }
}
