import Evidence

extension GuardrailSpec {
    /// How far beyond the limit the candidate might be, on the guardrail's own scale.
    ///
    /// No interval yet counts as the worst there is.
    func harm(_ reading: EvidenceReading) -> Double {
        switch criterion {
        // Proportions are read as failures: the upper end is the harmful one.
        case .atLeast(let bound) where metric.isProportion:
            return max(0, (reading.upper ?? 1) - (1 - bound.value))
        case .atMost(let bound) where metric.isProportion:
            return max(0, (reading.upper ?? 1) - bound.value)
        case .quantileAtMost(let quantile, _):
            return max(0, (reading.upper ?? 1) - (1 - quantile.value))
        case .dropAtMost(let points), .riseAtMost(let points):
            return max(0, (reading.upper ?? 1) - points.value)
        case .relativeDropAtMost(let limit): return max(0, -limit.value - (reading.lower ?? -1))
        case .relativeRiseAtMost(let limit): return max(0, (reading.upper ?? 1) - limit.value)
        // An objective that is missed harms nobody.
        case .relativeGainAtLeast, .asAsked: return 0
        case .atLeast, .atMost: return 1
        }
    }

    /// One line with the numbers: `accuracy 93.1 % [92.4, 93.8] < 95 % (n = 18,204, eu-west)`.
    func sentence(_ reading: EvidenceReading, _ region: RegionName?) -> String {
        let place = region.map { ", \($0)" } ?? ""
        return
            "\(name) \(numbers(reading)) \(violation) (n = \(grouped(reading.candidateCount))\(place))"
    }

    /// `97.2 % [95.6, 98.3]`, on the scale of the policy file.
    func numbers(_ reading: EvidenceReading) -> String {
        guard let estimate = reading.estimate else { return "–" }
        func shown(_ value: Double) -> String { decimal(scaled(value), digits) }
        var text = signed ? signedDecimal(scaled(estimate), digits) : shown(estimate)
        text += unit
        guard let lower = reading.lower, let upper = reading.upper else { return text }
        let ends = [scaled(lower), scaled(upper)].sorted()
        let format = signed ? signedDecimal : decimal
        return text + " [\(format(ends[0], digits)), \(format(ends[1], digits))]"
    }

    /// What was asked: `≥ 95 %`, `≥ −5 %`, `p99 ≤ 15 ms`.
    package var bound: String {
        switch criterion {
        case .atLeast(let limit): "≥ \(percent(limit.value))"
        case .atMost(let limit): "≤ \(percent(limit.value))"
        case .quantileAtMost(let quantile, let limit):
            "p\(decimal(quantile.value * 100, 1)) ≤ \(decimal(limit.value, 1)) ms"
        case .dropAtMost(let points): "≥ −\(decimal(points.value * 100, 1)) pp"
        case .riseAtMost(let points): "≤ +\(decimal(points.value * 100, 1)) pp"
        case .relativeDropAtMost(let limit): "≥ −\(percent(limit.value))"
        case .relativeRiseAtMost(let limit): "≤ +\(percent(limit.value))"
        case .relativeGainAtLeast(let limit): "≥ +\(percent(limit.value))"
        case .asAsked: "as asked"
        }
    }

    /// The bound turned round, for a sentence about a breach.
    private var violation: String {
        if criterion == .asAsked { return "is not the split that was asked for" }
        if bound.hasPrefix("≥") { return "<" + bound.dropFirst() }
        if bound.hasPrefix("≤") { return ">" + bound.dropFirst() }
        return "breaks \(bound)"
    }

    private var signed: Bool { criterion.comparesToStable }

    private var unit: String {
        switch criterion {
        case .dropAtMost, .riseAtMost: " pp"
        default: " %"
        }
    }

    private var digits: Int { 1 }

    /// From the engine's scale (failure rates, relative differences) to the one people wrote.
    private func scaled(_ value: Double) -> Double {
        switch criterion {
        case .atLeast where metric.isProportion: (1 - value) * 100
        // The engine counts failures: a rise in failures is a drop for the reader.
        case .dropAtMost: -value * 100
        default: value * 100
        }
    }
}

extension Metric {
    /// Whether each request is right or wrong, and nothing between.
    package var isProportion: Bool {
        switch self {
        case .accuracy, .errors, .agreement: true
        case .latency, .measurement, .sampleRatio, .drift, .prometheus, .influx: false
        }
    }
}

extension GuardrailVerdict {
    /// Puts the numbers of a look into words.
    init(
        _ guardrail: GuardrailSpec, _ evidence: GuardrailEvidence, _ reading: EvidenceReading,
        _ verdict: Verdict, proven: Bool, needs: Int?
    ) {
        self.init(
            guardrail: guardrail.name, region: evidence.region, verdict: verdict, proven: proven,
            required: guardrail.isRequired, onBreach: guardrail.onBreach,
            estimate: reading.estimate.flatMap(FiniteDouble.init),
            lower: reading.lower.flatMap(FiniteDouble.init),
            upper: reading.upper.flatMap(FiniteDouble.init),
            candidateCount: reading.candidateCount, stableCount: reading.stableCount,
            needs: needs, validity: reading.validity.rawValue, spoken: guardrail.numbers(reading))
    }

    /// A guardrail without any evidence: it was written, so it counts, and it cannot pass.
    static func missing(
        _ guardrail: GuardrailSpec, region: RegionName? = nil, reason: String = "no data yet"
    ) -> GuardrailVerdict {
        GuardrailVerdict(
            guardrail: guardrail.name, region: region, verdict: .undecided(reason: reason),
            proven: false, required: guardrail.isRequired, onBreach: guardrail.onBreach,
            estimate: nil, lower: nil, upper: nil, candidateCount: 0, stableCount: 0, needs: nil,
            validity: "none", spoken: "–")
    }

    /// A metric that this version of Gatewright cannot see: it was written, so it cannot pass.
    static func unmeasured(
        _ guardrail: GuardrailSpec, _ evidence: GuardrailEvidence
    ) -> GuardrailVerdict {
        guard case .unmeasured(let reason) = evidence.process else { return .missing(guardrail) }
        return .missing(guardrail, region: evidence.region, reason: reason)
    }
}
