import Evidence
import RolloutCore

extension GuardrailProcess {
    /// The e-process that a guardrail begins with, before any fact.
    init(_ guardrail: GuardrailSpec) {
        do {
            self = try Self.process(guardrail.metric, guardrail.criterion)
        } catch {
            self = .unmeasured(reason: "the limit makes no sense: \(error)")
        }
    }

    private static func process(
        _ metric: Metric, _ criterion: Criterion
    ) throws(InvalidEvidence) -> GuardrailProcess {
        switch (metric, criterion) {
        // Everything that is right or wrong is counted as failures.
        case (.accuracy, .atLeast(let bound)), (.agreement, .atLeast(let bound)):
            .proportion(try ProportionProcess(limit: 1 - bound.value))
        case (.errors, .atMost(let bound)):
            .proportion(try ProportionProcess(limit: bound.value))
        // "p99 at most 15 ms" says that at most 1 % take longer.
        case (.latency, .quantileAtMost(let quantile, _)):
            .proportion(try ProportionProcess(limit: 1 - quantile.value))
        case (.accuracy, .dropAtMost(let points)), (.errors, .riseAtMost(let points)):
            .comparison(
                try ProportionComparison(
                    limit: try ComparisonLimit(ratio: 1, margin: points.value)))
        case (.measurement, .relativeDropAtMost(let limit)):
            .mean(try MeanComparison(limit: .dropAtMost(limit.value)))
        case (.measurement, .relativeRiseAtMost(let limit)):
            .mean(try MeanComparison(limit: .riseAtMost(limit.value)))
        case (.measurement, .relativeGainAtLeast(let limit)):
            .mean(try MeanComparison(limit: .gainAtLeast(limit.value)))
        case (.sampleRatio, .asAsked):
            .split(try SplitProcess(shares: [1, 1]))
        default:
            .unmeasured(reason: "\(metric.name) is not measured by this version of Gatewright")
        }
    }
}
