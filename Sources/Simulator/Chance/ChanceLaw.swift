import RolloutCore

/// What is true of a version: how each of its requests turns out is chance.
struct ChanceLaw: Sendable, Hashable {
    /// Of all requests, those without a usable answer.
    var errors = 0.01
    /// Of usable answers, those that the truth contradicts.
    var wrong = 0.04
    /// Of usable answers, those that take longer than the limit.
    var slow = 0.01
    /// The mean of what callers measure, beside a deviation of a fifth of stable's.
    var throughput = 100.0

    /// A failed answer is never right.
    var accuracy: Double { (1 - errors) * (1 - wrong) }
    /// A failed answer is never quick.
    var late: Double { 1 - (1 - errors) * (1 - slow) }

    static let throughputDeviation = 20.0
    static let latencyLimit = 50

    /// Of requests that both answer, those that they answer alike.
    func agreement(with other: ChanceLaw) -> Double {
        (1 - wrong) * (1 - other.wrong) + wrong * other.wrong
    }
}

/// In what way a candidate is worse than stable.
package struct ChanceRegression: Sendable, Hashable, Codable {
    package enum Metric: String, Sendable, Hashable, Codable, CaseIterable {
        case errors, accuracy, latency, throughput
    }

    package let metric: Metric
    /// A part of all requests, or of stable's throughput: 0.01.
    package let size: Double

    /// `nil` unless 0 < size ≤ 0.5.
    package init?(_ metric: Metric, size: Double) {
        guard size > 0, size <= 0.5 else { return nil }
        self.metric = metric
        self.size = size
    }

    func law(beside stable: ChanceLaw) -> ChanceLaw {
        var law = stable
        switch metric {
        case .errors: law.errors += size
        case .accuracy: law.wrong = 1 - (stable.accuracy - size) / (1 - stable.errors)
        case .latency: law.slow = 1 - (1 - stable.late - size) / (1 - stable.errors)
        case .throughput: law.throughput *= 1 - size
        }
        return law
    }
}

/// What guardrails allow, in hundredths of a percent.
package enum ChanceLimits: String, Sendable, Hashable, Codable, CaseIterable {
    /// As a person writes them who knows stable: with room for a healthy candidate.
    case roomy
    /// Stable itself lies on each of them: the hardest case for the promise. Nothing can be proven.
    case exact

    /// Over a whole rollout, whatever the candidate, as long as it keeps all limits.
    package static let falseRollbackRate = 0.05

    private var errorsMax: Int { self == .roomy ? 500 : 100 }
    private var errorRise: Int { self == .roomy ? 100 : 0 }
    private var accuracyMin: Int { self == .roomy ? 9_000 : 9_504 }
    private var accuracyDrop: Int { self == .roomy ? 200 : 0 }
    private var lateMax: Int { self == .roomy ? 500 : 199 }
    private var throughputDrop: Int { self == .roomy ? 300 : 0 }
    private var agreementMin: Int { self == .roomy ? 8_500 : 9_232 }

    /// Whether a candidate keeps every limit, so that taking it back is an error.
    func areKept(by candidate: ChanceLaw, beside stable: ChanceLaw) -> Bool {
        func part(_ points: Int) -> Double { Double(points) / 10_000 + 1e-9 }
        return candidate.errors <= part(errorsMax)
            && candidate.errors - stable.errors <= part(errorRise)
            && candidate.accuracy >= part(accuracyMin) - 2e-9
            && stable.accuracy - candidate.accuracy <= part(accuracyDrop)
            && candidate.late <= part(lateMax)
            && 1 - candidate.throughput / stable.throughput <= part(throughputDrop)
            && candidate.agreement(with: stable) >= part(agreementMin) - 2e-9
    }

    /// What stands under `spec` of the file.
    var spec: String {
        func percent(_ points: Int) -> String { "\(Double(points) / 100)" }
        let labels = "labels: {maxLag: 10m, minCoverage: 50%}"
        let rows = [
            "metric: errors, atMost: \(percent(errorsMax))%",
            "metric: errors, comparedTo: stable, riseAtMost: \(percent(errorRise))pp",
            "metric: accuracy, atLeast: \(percent(accuracyMin))%, \(labels)",
            "metric: accuracy, comparedTo: stable, dropAtMost: \(percent(accuracyDrop))pp, \(labels)",
            "metric: latency, quantile: \(percent(10_000 - lateMax))%, "
                + "atMost: \(ChanceLaw.latencyLimit)ms",
            "metric: throughput, comparedTo: stable, dropAtMost: \(percent(throughputDrop))%",
            "metric: agreement, atLeast: \(percent(agreementMin))%",
            "metric: sample-ratio",
        ]
        let names = [
            "errors", "error-rise", "accuracy", "accuracy-drop", "latency", "throughput",
            "agreement", "split",
        ]
        let guardrails = zip(names, rows).map { "{name: \($0), \($1), onBreach: rollback}" }
        return "{falseRollbackRate: \(Self.falseRollbackRate * 100)%, guardrails: ["
            + guardrails.joined(separator: ", ") + "]}"
    }
}
