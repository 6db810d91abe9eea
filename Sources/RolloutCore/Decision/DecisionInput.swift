/// Everything that `decide` looks at. A decision record holds all of it.
package struct DecisionInput: Codable, Sendable, Hashable {
    package let now: Timestamp
    package let state: RolloutState
    package let request: Request
    package let orders: [Order]
    package let conditions: Conditions
    /// Steady time spent at the current step while a controller watched.
    package let atStep: TimeSpan
    /// How many times faster soaking goes than time does; 1 except in demonstrations.
    package let timeScale: Int64
    /// One entry a guardrail and slice, in the order of the policies.
    package let evidence: [GuardrailEvidence]
    package let traffic: [RegionName: RegionTraffic]
    /// What each region's router said last, compared with what it must serve.
    package let routers: [RegionName: RouterCondition]
    /// What people have said of the next step.
    package let consent: Consent
    /// The windows that the spec names, with the clocks on their walls.
    package let windows: [WindowClock]
    /// What the candidate's file says now of its servers; `nil` without a run, or a file.
    package let capacity: [RegionName: RequestRate]?
    /// What stable's file says now of its servers; `nil` without a run, or where it says nothing.
    package let stableCapacity: [RegionName: RequestRate]?
    /// Who else of the conflict group has a candidate; `nil` unless this rollout is about to start.
    package let rivals: [Rival]?
    /// The part of `atStep` in which every region had been seen to serve the step; `nil` is all of it.
    package let soaked: TimeSpan?

    package init(
        now: Timestamp, state: RolloutState, request: Request, orders: [Order],
        conditions: Conditions, atStep: TimeSpan, timeScale: Int64, evidence: [GuardrailEvidence],
        traffic: [RegionName: RegionTraffic], routers: [RegionName: RouterCondition],
        consent: Consent = .none, windows: [WindowClock] = [],
        capacity: [RegionName: RequestRate]? = nil,
        stableCapacity: [RegionName: RequestRate]? = nil, rivals: [Rival]? = nil,
        soaked: TimeSpan? = nil
    ) {
        self.now = now
        self.state = state
        self.request = request
        self.orders = orders
        self.conditions = conditions
        self.atStep = atStep
        self.timeScale = max(timeScale, 1)
        self.evidence = evidence
        self.traffic = traffic
        self.routers = routers
        self.consent = consent
        self.windows = windows
        self.capacity = capacity
        self.stableCapacity = stableCapacity
        self.rivals = rivals
        self.soaked = soaked
    }
}

/// What the repository asks of a rollout now.
package enum Request: Codable, Sendable, Hashable {
    case asked(Ask)
    /// The files cannot be read; the last good content stays in force and nothing advances.
    case broken(summary: String)
    /// The rollout's folder is gone.
    case withdrawn
}

/// A readable request: the version, and the promises it would run under.
package struct Ask: Codable, Sendable, Hashable {
    package let candidate: ServedVersion
    package let bootstrap: ServedVersion?
    package let fallback: ServedFallback?
    package let stickyBy: StickyKey
    package let onNewVersion: NewVersionRule
    package let conflictGroup: ConflictGroupName?
    package let plan: Plan
    package let guardrails: [GuardrailSet]
    /// Who must agree before gated stages; `nil` when nobody has to.
    package let approvals: ApprovalTerms?
    /// Where the candidate comes from.
    package let provenance: Provenance?
    /// What the candidate's servers are ready for; `nil` when its file says nothing of it.
    package let capacity: [RegionName: RequestRate]?
    /// How the candidate fares at the offline gates.
    package let admission: [AdmissionCheck]
    package let specDigest: Digest
    package let policyDigest: Digest

    package init(
        candidate: ServedVersion, bootstrap: ServedVersion?, fallback: ServedFallback?,
        stickyBy: StickyKey, onNewVersion: NewVersionRule,
        conflictGroup: ConflictGroupName? = nil, plan: Plan, guardrails: [GuardrailSet],
        approvals: ApprovalTerms? = nil, provenance: Provenance? = nil,
        capacity: [RegionName: RequestRate]? = nil, admission: [AdmissionCheck] = [],
        specDigest: Digest, policyDigest: Digest
    ) {
        self.candidate = candidate
        self.bootstrap = bootstrap
        self.fallback = fallback
        self.stickyBy = stickyBy
        self.onNewVersion = onNewVersion
        self.conflictGroup = conflictGroup
        self.plan = plan
        self.guardrails = guardrails
        self.approvals = approvals
        self.provenance = provenance
        self.capacity = capacity
        self.admission = admission
        self.specDigest = specDigest
        self.policyDigest = policyDigest
    }
}

/// Another rollout of a conflict group, and why it keeps this one from starting.
package struct Rival: Codable, Sendable, Hashable {
    package let rollout: RolloutName
    /// `has 2.4.0 on its way`
    package let why: String

    package init(rollout: RolloutName, why: String) {
        self.rollout = rollout
        self.why = why
    }

    package static func onItsWay(_ rollout: RolloutName, _ run: Run) -> Rival {
        Rival(rollout: rollout, why: "has \(run.candidate.reference.version) on its way")
    }

    /// What it has on its way cannot be told.
    package static func unreadable(_ rollout: RolloutName, _ problem: String) -> Rival {
        Rival(rollout: rollout, why: "has a state that cannot be read (\(problem))")
    }

    /// It has ended, and a router may still serve its candidate.
    package static func unseen(_ rollout: RolloutName, in region: RegionName) -> Rival {
        Rival(
            rollout: rollout, why: "was not seen to serve stable alone in \(region) since it ended")
    }
}

/// Where a version's bytes are, and what they were made of: its declaration, in short.
package struct Provenance: Codable, Sendable, Hashable {
    package let uri: String
    /// Bytes.
    package let size: Int64
    package let dataset: String?
    package let code: String?
    package let trainedAt: Timestamp?

    package init(_ version: ModelVersion) {
        uri = version.artifact.uri
        size = version.artifact.size
        dataset = version.training?.dataset
        code = version.training?.code
        trainedAt = version.training?.trainedAt
    }
}

/// What holds for every rollout at once.
package struct Conditions: Codable, Sendable, Hashable {
    /// Why git cannot be trusted now: its history was rewritten, or it is out of reach.
    package var halted: String?
    package var stop: StopOrder?
    /// Whether wall clock and steady clock agree.
    package var clockSteady: Bool

    package init(halted: String? = nil, stop: StopOrder? = nil, clockSteady: Bool = true) {
        self.halted = halted
        self.stop = stop
        self.clockSteady = clockSteady
    }
}

/// What a router serves, compared with what it must serve.
package enum RouterCondition: Codable, Sendable, Hashable {
    case asRecorded
    /// The router serves nothing of this rollout, not even stable.
    case empty
    /// The router has not heard of the newest decision yet.
    case owed(raises: Bool)
    /// Something that no decision asked for.
    case drifted(raises: Bool, generation: Int, summary: String)
    case unreachable(reason: String)

    /// Compares what a router says with what it must serve.
    ///
    /// `raises` says whether putting it right gives the candidate more than it has now.
    package init(expected: Route, found: RouteReadBack) {
        switch found {
        case .unknown(let reason): self = .unreachable(reason: reason)
        case .nothing: self = .empty
        case .serving(let actual):
            let raises = expected.raises(over: actual)
            if actual == expected {
                self = .asRecorded
            } else if actual.generation < expected.generation {
                self = .owed(raises: raises)
            } else {
                self = .drifted(
                    raises: raises, generation: actual.generation,
                    summary: "\(expected.region) serves \(actual.spoken), "
                        + "recorded is \(expected.spoken)")
            }
        }
    }
}

extension Route {
    /// Whether the candidate gets more than under another route. Another candidate is more.
    ///
    /// Live traffic decides: a step back from canary to shadow mirrors more, and nothing may hold
    /// it up.
    package func exposes(moreThan other: Route) -> Bool {
        guard let candidate, share > .zero || mirror > .zero else { return false }
        guard candidate == other.candidate else { return true }
        return share == other.share ? mirror > other.mirror : share > other.share
    }

    /// Whether putting this in place of another route is a raise, which git has to know of first.
    ///
    /// A stranger who answers users makes it a lowering: no evidence is asked for, although another
    /// version comes in only once git has that (`displaces`). One who only gets copies can wait for
    /// evidence too, because it may be what a newer record asks for.
    package func raises(over other: Route) -> Bool {
        exposes(moreThan: other) && !(other.share > .zero && other.exposes(moreThan: self))
    }

    /// Whether putting this in place of another route answers somebody by another version than that,
    /// be it a candidate or stable, and so does more than take from a candidate.
    package func displaces(_ other: Route) -> Bool {
        if stable != other.stable { return true }
        guard let candidate, let present = other.candidate else { return false }
        return candidate != present
    }

    /// Whether a router that serves this has to refuse a route which is to raise nobody. One that
    /// serves nothing serves nobody the candidate yet.
    package func isRaised(from current: Route?) -> Bool {
        candidate != nil && (current.map(raises(over:)) ?? true)
    }

    /// `2.4.0 at 5%, mirrored 0% (generation 12)`
    package var spoken: String {
        guard let candidate else { return "\(stable.reference) alone (generation \(generation))" }
        return "\(candidate.reference) at \(share), mirrored \(mirror) (generation \(generation))"
    }
}
