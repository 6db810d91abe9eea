package import Evidence

/// The evidence of one guardrail in one slice, as far as it goes.
package struct GuardrailEvidence: Codable, Sendable, Hashable {
    package let guardrail: GuardrailName
    /// `nil` is all regions together.
    package let region: RegionName?
    package let process: GuardrailProcess
    /// When the newest thing that counted was served.
    package let freshest: Timestamp?
    /// Predictions old enough to need a label, and how many of them have one.
    package let labels: LabelCoverage?

    package init(
        guardrail: GuardrailName, region: RegionName?, process: GuardrailProcess,
        freshest: Timestamp?, labels: LabelCoverage?
    ) {
        self.guardrail = guardrail
        self.region = region
        self.process = process
        self.freshest = freshest
        self.labels = labels
    }
}

package struct LabelCoverage: Codable, Sendable, Hashable {
    package let due: Int
    package let arrived: Int

    package init(due: Int, arrived: Int) {
        self.due = due
        self.arrived = arrived
    }

    package var fraction: Double { due == 0 ? 1 : Double(arrived) / Double(due) }
}

/// The sufficient statistics of one guardrail; replay needs nothing else.
package enum GuardrailProcess: Codable, Sendable, Hashable {
    /// Failures against a constant limit.
    case proportion(ProportionProcess)
    /// Failures of the candidate against those of stable.
    case comparison(ProportionComparison)
    /// A measured mean against that of stable.
    case mean(MeanComparison)
    /// Shares that were served against shares that were asked for.
    case split(SplitProcess)
    /// This version of Gatewright does not measure it.
    case unmeasured(reason: String)

    /// The e-process, whatever its kind; `nil` when there is none.
    var evidence: (any EvidenceProcess)? {
        switch self {
        case .proportion(let process): process
        case .comparison(let process): process
        case .mean(let process): process
        case .split(let process): process
        case .unmeasured: nil
        }
    }
}

/// What the candidate and stable did in one region during the current step.
package struct RegionTraffic: Codable, Sendable, Hashable {
    package let candidate: Int
    package let stable: Int
    package let candidateLast: Timestamp?
    package let stableLast: Timestamp?

    package init(candidate: Int, stable: Int, candidateLast: Timestamp?, stableLast: Timestamp?) {
        self.candidate = candidate
        self.stable = stable
        self.candidateLast = candidateLast
        self.stableLast = stableLast
    }
}
