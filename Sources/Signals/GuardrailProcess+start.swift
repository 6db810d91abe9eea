import Evidence
import RolloutCore

extension GuardrailProcess {
    /// Periods that a plan is divided into at most, for restarts of the rollback side: hourly for
    /// 30 days.
    static let restartsMax = 720

    /// The e-process that a guardrail begins with, before any fact.
    init(_ guardrail: GuardrailSpec, isPaired: Bool, restarts: Int) {
        do {
            self = try Self.process(
                guardrail.metric, guardrail.criterion, isPaired: isPaired, restarts: restarts)
        } catch {
            self = .unmeasured(reason: "the limit makes no sense: \(error)")
        }
    }

    private static func process(
        _ metric: Metric, _ criterion: Criterion, isPaired: Bool, restarts: Int
    ) throws(InvalidEvidence) -> GuardrailProcess {
        switch (metric, criterion) {
        // Everything that is right or wrong is counted as failures.
        case (.accuracy, .atLeast(let bound)), (.agreement, .atLeast(let bound)):
            .proportion(try ProportionProcess(limit: 1 - bound.value, restarts: restarts))
        case (.errors, .atMost(let bound)):
            .proportion(try ProportionProcess(limit: bound.value, restarts: restarts))
        // "p99 at most 15 ms" says that at most 1 % take longer.
        case (.latency, .quantileAtMost(let quantile, _)):
            .proportion(try ProportionProcess(limit: 1 - quantile.value, restarts: restarts))
        case (.accuracy, .dropAtMost(let points)) where isPaired:
            .paired(try PairedComparison(margin: points.value, restarts: restarts))
        case (.accuracy, .dropAtMost(let points)), (.errors, .riseAtMost(let points)):
            .comparison(
                try ProportionComparison(
                    limit: try ComparisonLimit(ratio: 1, margin: points.value), restarts: restarts)
            )
        case (.measurement, .relativeDropAtMost(let limit)):
            .mean(try MeanComparison(limit: .dropAtMost(limit.value), restarts: restarts))
        case (.measurement, .relativeRiseAtMost(let limit)):
            .mean(try MeanComparison(limit: .riseAtMost(limit.value), restarts: restarts))
        case (.measurement, .relativeGainAtLeast(let limit)):
            .mean(try MeanComparison(limit: .gainAtLeast(limit.value), restarts: restarts))
        case (.sampleRatio, .asAsked):
            .split(try SplitProcess(shares: [1, 1]))
        default:
            .unmeasured(reason: "\(metric.name) is not measured by this version of Gatewright")
        }
    }

    /// Changes the e-process, whatever its kind.
    mutating func update(_ change: (inout any EvidenceProcess) -> Void) {
        guard var process = evidence else { return }
        change(&process)
        switch process {
        case let process as ProportionProcess: self = .proportion(process)
        case let process as ProportionComparison: self = .comparison(process)
        case let process as PairedComparison: self = .paired(process)
        case let process as MeanComparison: self = .mean(process)
        case let process as SplitProcess: self = .split(process)
        default: return
        }
    }
}
