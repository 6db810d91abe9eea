package import Evidence

/// The evidence of one guardrail, as far as it goes. Replay of a judgement needs nothing else.
package struct GuardrailEvidence: Codable, Sendable, Hashable {
    package let guardrail: GuardrailName
    /// Of all regions together.
    package let process: GuardrailProcess
    /// Of each region, when the guardrail is judged by region as well.
    package let slices: [SliceEvidence]
    /// The rollback evidence of all slices together; `nil` without slices.
    package let mixture: SliceMixture?
    /// When the newest thing that counted was served.
    package let freshest: Timestamp?
    /// Since when observations of the present step came, and how many there were before.
    package let pace: EvidencePace?
    /// The candidate's observations in the present stage; `nil` when that is not counted.
    package let inStage: Int?
    /// Predictions old enough to need a label, and how many of them have one.
    package let labels: LabelCoverage?

    package init(
        guardrail: GuardrailName, process: GuardrailProcess, slices: [SliceEvidence] = [],
        mixture: SliceMixture? = nil, freshest: Timestamp?, pace: EvidencePace? = nil,
        inStage: Int? = nil, labels: LabelCoverage?
    ) {
        self.guardrail = guardrail
        self.process = process
        self.slices = slices
        self.mixture = mixture
        self.freshest = freshest
        self.pace = pace
        self.inStage = inStage
        self.labels = labels
    }
}

package struct SliceEvidence: Codable, Sendable, Hashable {
    package let region: RegionName
    package let process: GuardrailProcess

    package init(region: RegionName, process: GuardrailProcess) {
        self.region = region
        self.process = process
    }
}

/// What a forecast of the time that is still needed rests on.
package struct EvidencePace: Codable, Sendable, Hashable {
    package let since: Timestamp
    /// The candidate's observations at that time.
    package let before: Int

    package init(since: Timestamp, before: Int) {
        self.since = since
        self.before = before
    }
}

/// How complete labels are, for the candidate's answers that have reached the age at which they
/// are counted.
package struct LabelCoverage: Codable, Sendable, Hashable {
    package let due: Int
    package let arrived: Int
    /// Labels that came after their cohort had been counted; they are in `arrived` only.
    package let late: Int
    /// The age at which answers are counted: by then 95 % of labels have come.
    package let lag: TimeSpan?
    /// log E against "both arms get labels alike", in either direction.
    package let unevenLogE: Double

    package init(
        due: Int, arrived: Int, late: Int = 0, lag: TimeSpan? = nil, unevenLogE: Double = 0
    ) {
        self.due = due
        self.arrived = arrived
        self.late = late
        self.lag = lag
        self.unevenLogE = unevenLogE
    }

    package var fraction: Double { due == 0 ? 1 : Double(arrived) / Double(due) }
}

/// The sufficient statistics of one guardrail.
package enum GuardrailProcess: Codable, Sendable, Hashable {
    /// Failures against a constant limit.
    case proportion(ProportionProcess)
    /// Failures of the candidate against those of stable.
    case comparison(ProportionComparison)
    /// Both on the same requests, as in shadow.
    case paired(PairedComparison)
    /// A measured mean against that of stable.
    case mean(MeanComparison)
    /// Shares that were served against shares that were asked for.
    case split(SplitProcess)
    /// This version of Gatewright does not measure it.
    case unmeasured(reason: String)

    /// The e-process, whatever its kind; `nil` when there is none.
    package var evidence: (any EvidenceProcess)? {
        switch self {
        case .proportion(let process): process
        case .comparison(let process): process
        case .paired(let process): process
        case .mean(let process): process
        case .split(let process): process
        case .unmeasured: nil
        }
    }

    package var isPaired: Bool {
        if case .paired = self { return true }
        return false
    }
}

/// What the candidate and stable did in one region during the current step.
package struct RegionTraffic: Codable, Sendable, Hashable {
    package let candidate: Int
    package let stable: Int
    package let candidateLast: Timestamp?
    package let stableLast: Timestamp?
    /// `nil` when nothing of stable was heard after the candidate's last.
    package let alone: Alone?
    /// Requests of callers in the region's busiest minute of the last day, in all steps; `nil` when
    /// none was heard of.
    package let busiest: Int?

    /// Stable, heard of without the candidate.
    package struct Alone: Codable, Sendable, Hashable {
        package let since: Timestamp
        /// Different ones that it has served since then, `aloneMax` at the most.
        package let users: Int

        package init(since: Timestamp, users: Int) {
            self.since = since
            self.users = users
        }
    }

    package static let aloneMax = 1_024

    package init(
        candidate: Int, stable: Int, candidateLast: Timestamp?, stableLast: Timestamp?,
        alone: Alone? = nil, busiest: Int? = nil
    ) {
        self.candidate = candidate
        self.stable = stable
        self.candidateLast = candidateLast
        self.stableLast = stableLast
        self.alone = alone
        self.busiest = busiest
    }

    /// Whether stable has been served for longer than `allowed` to so many that the candidate,
    /// which gets `share` of them, would have been heard of but for one time in a thousand.
    ///
    /// Time without any traffic is nobody's silence: the first caller of the morning is answered by
    /// stable a moment before the copy.
    func isCandidateSilent(for allowed: TimeSpan, share: Share) -> Bool {
        guard let alone, let stableLast, stableLast - alone.since > allowed else { return false }
        // (1 - share)^users <= 1/1000, by -log(1 - share) >= share.
        let enough = min(6.9 / max(share.fraction, 1e-4), Double(Self.aloneMax))
        return Double(alone.users) >= enough
    }
}
