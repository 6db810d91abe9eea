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
    func sentence(_ seen: (reading: EvidenceReading, region: RegionName?)) -> String {
        let place = seen.region.map { ", \($0)" } ?? ""
        let count = grouped(seen.reading.candidateCount)
        return "\(name) \(numbers(seen.reading)) \(violation) (n = \(count)\(place))"
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
