/// Why nothing is done now: what blocks, until when, and who can change it.
package struct Wait: Codable, Sendable, Hashable {
    package let reason: Reason
    /// The earliest time at which waiting can end by itself.
    package let until: Timestamp?

    package init(_ reason: Reason, until: Timestamp? = nil) {
        self.reason = reason
        self.until = until
    }

    package enum Reason: Codable, Sendable, Hashable {
        /// The version asked for is stable.
        case upToDate(version: VersionName)
        case soaking(remaining: TimeSpan)
        /// The guardrails that are not decided, the slowest first.
        case undecided([Open])
        /// People have yet to agree.
        case approvals(Quorum)
        /// The next step would send more than the candidate's servers are ready for.
        case capacity(CapacityShortage)
        /// Another rollout of the conflict group comes first.
        case conflict(ConflictGroupName, Rival)
        /// Windows are closed.
        case window([WindowPolicy])
        /// The offline gates refuse the version.
        case notAdmitted(version: VersionName, problems: [String])
        /// A breach holds the candidate until a person resumes it.
        case heldByBreach(decision: Int, reason: String)
        case heldByOrder(order: String, by: String, reason: String)
        case stopped(owner: String, reason: String)
        /// Git cannot be trusted or reached.
        case halted(reason: String)
        case clockUnsteady
        /// The files cannot be read.
        case broken(summary: String)
        case refused(version: VersionName, decision: Int, reason: String)
        /// There is neither a stable version nor a `bootstrap`.
        case noBaseline
        case noSafeTarget
        case router(region: RegionName, summary: String)
        case withdrawn
    }

    /// One guardrail that keeps a candidate from advancing.
    package struct Open: Codable, Sendable, Hashable {
        package let guardrail: GuardrailName
        package let reason: String
        package let spoken: String
        package let bound: String
        package let needs: Int?
        package let eta: TimeSpan?
        package let outlook: GuardrailVerdict.Outlook
    }

    /// What has to happen next, for alerts and exit codes.
    package enum Consequence: String, Codable, Sendable {
        /// Nothing is wrong.
        case none
        /// It goes on by itself.
        case waiting
        /// A person must act.
        case stalled
        /// It is tried again by itself, and something is wrong meanwhile.
        case retry
    }

    package var consequence: Consequence {
        switch reason {
        case .upToDate, .withdrawn: .none
        case .soaking, .undecided, .window, .conflict: .waiting
        case .clockUnsteady, .router: .retry
        case .approvals, .capacity, .notAdmitted, .heldByBreach, .heldByOrder, .stopped, .halted,
            .broken,
            .refused,
            .noBaseline, .noSafeTarget:
            .stalled
        }
    }
}
