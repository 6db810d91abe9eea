/// What a guardrail measures.
package enum Metric: Codable, Sendable, Hashable {
    /// The part of labelled predictions that were right.
    case accuracy
    /// The part of requests that the version failed to answer (error, time-out, bad body).
    case errors
    /// Time to answer, in milliseconds.
    case latency
    /// The part of mirrored requests on which candidate and stable gave the same answer.
    case agreement
    /// A number that callers measure for each served request, such as `throughput`.
    case measurement(String)
    /// Whether the traffic was split as asked.
    case sampleRatio
    /// Distance of live features from the version's frozen reference.
    case drift(features: [String], test: DriftTest)
    /// A query against a Prometheus that `gatewright.yaml` names.
    case prometheus(query: String)
    /// A query against an InfluxDB that `gatewright.yaml` names.
    case influx(query: String)

    package enum DriftTest: String, Codable, Sendable, Hashable, CaseIterable {
        case psi, ks, js, wasserstein
    }

    /// As it is written in a policy file.
    package var name: String {
        switch self {
        case .accuracy: "accuracy"
        case .errors: "errors"
        case .latency: "latency"
        case .agreement: "agreement"
        case .measurement(let name): name
        case .sampleRatio: "sample-ratio"
        case .drift: "drift"
        case .prometheus: "prometheus"
        case .influx: "influx"
        }
    }
}

/// What a guardrail demands of its metric. Fractions, not percent: 0.95, not 95.
package enum Criterion: Codable, Sendable, Hashable {
    case atLeast(FiniteDouble)
    case atMost(FiniteDouble)
    /// The given quantile (0 < q < 1) lies at or below a number.
    case quantileAtMost(quantile: FiniteDouble, limit: FiniteDouble)
    /// Candidate may be lower than stable by this much: a difference of proportions.
    case dropAtMost(points: FiniteDouble)
    /// Candidate may be higher than stable by this much: a difference of proportions.
    case riseAtMost(points: FiniteDouble)
    /// Candidate may be lower than stable by this fraction of stable.
    case relativeDropAtMost(FiniteDouble)
    /// Candidate may be higher than stable by this fraction of stable.
    case relativeRiseAtMost(FiniteDouble)
    /// Candidate is higher than stable by at least this fraction of stable.
    case relativeGainAtLeast(FiniteDouble)
    /// The split matches the shares that were asked for.
    case asAsked

    /// Whether stable must be served beside the candidate for this to be judged.
    package var comparesToStable: Bool {
        switch self {
        case .atLeast, .atMost, .quantileAtMost, .asAsked: false
        case .dropAtMost, .riseAtMost, .relativeDropAtMost, .relativeRiseAtMost,
            .relativeGainAtLeast:
            true
        }
    }
}

/// What happens when a guardrail is breached.
package enum Reaction: String, Codable, Sendable, Hashable, CaseIterable {
    /// A person is told; nothing else changes.
    case alert
    /// A retraining request is opened; nothing else changes.
    case retrain
    /// The candidate keeps its share until a person resumes it.
    case hold
    /// The candidate goes back one step and is held there.
    case stepBack = "step-back"
    /// The candidate goes to zero, and its digest is refused until a person asks again.
    case rollback

    /// Whether a verdict other than pass stops the candidate from advancing.
    package var gatesAdvance: Bool { self != .alert && self != .retrain }
}

package enum Severity: String, Codable, Sendable, Hashable, CaseIterable {
    case info, warning, critical
}

/// A dimension by which a guardrail is judged slice by slice as well as pooled.
package enum SliceDimension: String, Codable, Sendable, Hashable, CaseIterable {
    case region
}

/// How late labels may be before accuracy counts as unknown.
package struct LabelRule: Codable, Sendable, Hashable {
    package let maxLag: TimeSpan
    /// The age at which predictions are counted, with the labels that have come; `nil` learns the
    /// age by which 95 % of labels come.
    package let after: TimeSpan?
    /// The part of counted predictions that must have a label.
    package let minCoverage: FiniteDouble

    package init(maxLag: TimeSpan, after: TimeSpan? = nil, minCoverage: FiniteDouble) {
        self.maxLag = maxLag
        self.after = after
        self.minCoverage = minCoverage
    }
}

/// One promise about a candidate, as written in `policies/guardrails/*.yaml`.
package struct GuardrailSpec: Codable, Sendable, Hashable {
    package let name: GuardrailName
    package let metric: Metric
    package let criterion: Criterion
    package let onBreach: Reaction
    /// `nil` means every stage in which the metric can be seen.
    package let stages: [StageKind]?
    package let slices: [SliceDimension]
    package let minSamples: Int
    package let maxSilent: TimeSpan
    package let labels: LabelRule?
    package let severity: Severity
    /// Judged and shown, without effect.
    package let dryRun: Bool

    package init(
        name: GuardrailName, metric: Metric, criterion: Criterion, onBreach: Reaction,
        stages: [StageKind]?, slices: [SliceDimension], minSamples: Int, maxSilent: TimeSpan,
        labels: LabelRule?, severity: Severity, dryRun: Bool
    ) {
        self.name = name
        self.metric = metric
        self.criterion = criterion
        self.onBreach = onBreach
        self.stages = stages
        self.slices = slices
        self.minSamples = minSamples
        self.maxSilent = maxSilent
        self.labels = labels
        self.severity = severity
        self.dryRun = dryRun
    }

    /// Whether a verdict other than pass stops the candidate from advancing.
    package var isRequired: Bool { !dryRun && onBreach.gatesAdvance }
}

/// A file below `policies/guardrails/`.
package struct GuardrailSet: Codable, Sendable, Hashable {
    package let name: PolicyName
    /// The probability of rolling back a healthy candidate, over a whole rollout.
    package let falseRollbackRate: FiniteDouble
    /// The most harm, times the share it would reach, that the next step may risk: 0.02.
    package let riskBudget: FiniteDouble
    package let guardrails: [GuardrailSpec]

    package init(
        name: PolicyName, falseRollbackRate: FiniteDouble, riskBudget: FiniteDouble,
        guardrails: [GuardrailSpec]
    ) {
        self.name = name
        self.falseRollbackRate = falseRollbackRate
        self.riskBudget = riskBudget
        self.guardrails = guardrails
    }
}
