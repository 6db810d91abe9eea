/// Offline gates, judged on the pull request: `policies/admission/*.yaml`.
package struct AdmissionPolicy: Codable, Sendable, Hashable {
    package let name: PolicyName
    package let requirements: [Requirement]
    package let forbiddenFeatures: [String]
    /// PEM public keys, one of which must have signed the artifact. `nil` when nobody has to:
    /// policies without it keep the digest that they had.
    package let signedBy: [String]?
    /// Guardrails that a rollout must be held to; `nil` when none is asked for.
    package let guardrails: [GuardrailName]?
    /// Hosts that versions may be served from; `nil` for any.
    package let servers: [HostPattern]?

    /// The policy of this name counts for every rollout, whether it is named there or not: who
    /// writes a rollout's files cannot leave it out.
    package static let mandatory = "mandatory"

    package init(
        name: PolicyName, requirements: [Requirement], forbiddenFeatures: [String],
        signedBy: [String] = [], guardrails: [GuardrailName] = [], servers: [HostPattern] = []
    ) {
        self.name = name
        self.requirements = requirements
        self.forbiddenFeatures = forbiddenFeatures
        self.signedBy = signedBy.isEmpty ? nil : signedBy
        self.guardrails = guardrails.isEmpty ? nil : guardrails
        self.servers = servers.isEmpty ? nil : servers
    }

    package struct Requirement: Codable, Sendable, Hashable {
        package let metric: String
        package let atLeast: FiniteDouble?
        package let atMost: FiniteDouble?
        package let below: FiniteDouble?
        package let above: FiniteDouble?
        package let because: String?

        package init(
            metric: String, atLeast: FiniteDouble?, atMost: FiniteDouble?, below: FiniteDouble?,
            above: FiniteDouble?, because: String?
        ) {
            self.metric = metric
            self.atLeast = atLeast
            self.atMost = atMost
            self.below = below
            self.above = above
            self.because = because
        }
    }
}

/// Who must agree: `policies/approvals/*.yaml`.
package struct ApprovalPolicy: Codable, Sendable, Hashable {
    package let name: PolicyName
    package let approvers: [String]
    package let minApprovals: Int
    package let required: [String]
    package let excludeAuthors: Bool
    package let changes: ChangeIdentity
    package let expiresAfter: TimeSpan
    package let channels: [Channel]

    /// How it is known who wrote a change.
    package enum ChangeIdentity: String, Codable, Sendable, Hashable, CaseIterable {
        /// By the key that signed its commits.
        case signed
        /// By what its commits say, which anybody can write.
        case claimed
    }

    package enum Channel: String, Codable, Sendable, Hashable, CaseIterable { case signed, ui }

    package init(
        name: PolicyName, approvers: [String], minApprovals: Int, required: [String],
        excludeAuthors: Bool, changes: ChangeIdentity, expiresAfter: TimeSpan,
        channels: [Channel]
    ) {
        self.name = name
        self.approvers = approvers
        self.minApprovals = minApprovals
        self.required = required
        self.excludeAuthors = excludeAuthors
        self.changes = changes
        self.expiresAfter = expiresAfter
        self.channels = channels
    }
}

/// When traffic may be raised: `policies/windows/*.yaml`.
package struct WindowPolicy: Codable, Sendable, Hashable {
    package let name: PolicyName
    package let allow: WeeklyInterval?
    package let deny: WeeklyInterval?
    /// An IANA name such as `Europe/Madrid`.
    package let timeZone: String
    package let inFlight: InFlightRule
    package let owner: String
    package let reason: String
    /// The first moment at which the window no longer applies.
    package let expires: Timestamp?

    package enum InFlightRule: String, Codable, Sendable, Hashable, CaseIterable {
        case `continue`, hold, rollback
    }

    package init(
        name: PolicyName, allow: WeeklyInterval?, deny: WeeklyInterval?, timeZone: String,
        inFlight: InFlightRule, owner: String, reason: String, expires: Timestamp?
    ) {
        self.name = name
        self.allow = allow
        self.deny = deny
        self.timeZone = timeZone
        self.inFlight = inFlight
        self.owner = owner
        self.reason = reason
        self.expires = expires
    }
}

/// Days of the week and a time of day: `Mon-Thu 09:00-16:00`.
package struct WeeklyInterval: Codable, Sendable, Hashable {
    /// 1 is Monday, 7 is Sunday; in order, without doubles.
    package let days: [Int]
    /// Minutes after local midnight, 0 to 1439.
    package let from: Int
    /// Minutes after local midnight, 1 to 1440, after `from`.
    package let to: Int

    package init(days: [Int], from: Int, to: Int) {
        self.days = days
        self.from = from
        self.to = to
    }
}

/// Stops the line for every rollout: `policies/stop.yaml`. Rollback still works.
package struct StopOrder: Codable, Sendable, Hashable {
    package let owner: String
    package let reason: String
    package let since: Timestamp?
    package let expires: Timestamp?

    package init(owner: String, reason: String, since: Timestamp?, expires: Timestamp?) {
        self.owner = owner
        self.reason = reason
        self.since = since
        self.expires = expires
    }

    package func isInForce(at now: Timestamp) -> Bool {
        (since.map { $0 <= now } ?? true) && (expires.map { now < $0 } ?? true)
    }
}
