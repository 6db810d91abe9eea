import RolloutCore

/// Which metric may be held to which bound.
enum GuardrailRules {
    /// Under a weighted split these measure the split, not the version.
    private static let rates: Set<String> = [
        "rps", "qps", "requests", "requests-per-second", "request-rate", "queries-per-second",
    ]

    /// Keys that only some metrics have.
    static func checkKeys(
        _ row: Row, _ metric: Metric, _ findings: inout Findings
    ) throws(RefusedField) {
        let isDrift = if case .drift = metric { true } else { false }
        refuse(GuardrailFields.quantile, unless: metric == .latency, "latency", row, &findings)
        refuse(GuardrailFields.features, unless: isDrift, "drift", row, &findings)
        refuse(GuardrailFields.test, unless: isDrift, "drift", row, &findings)
        refuse(GuardrailFields.labels, unless: metric == .accuracy, "accuracy", row, &findings)
    }

    private static func refuse(
        _ field: some AnyField, unless applies: Bool, _ owner: String, _ row: Row,
        _ findings: inout Findings
    ) {
        guard !applies, row.has(field) else { return }
        findings.add(
            "\(field.key.quoted) only has a meaning with metric: \(owner)",
            at: row.keyMark(field), found: field.key, fix: "delete the key")
    }

    /// A guardrail in a stage where its metric cannot be seen would never be decided.
    static func checkStages(
        _ stages: [StageKind]?, _ metric: Metric, _ row: Row, _ findings: inout Findings
    ) {
        for (index, stage) in (stages ?? []).enumerated() {
            let reason: String? =
                switch metric {
                case .agreement where stage != .shadow:
                    "agreement is seen only where requests are mirrored: in shadow"
                case .sampleRatio where stage == .shadow || stage == .full:
                    "sample-ratio is seen only where traffic is split: in canary and gradual"
                default: nil
                }
            guard let reason else { continue }
            findings.add(
                "\(reason), not in \(stage.rawValue)",
                at: row.item(GuardrailFields.stages)?.at([.index(index)]).mark ?? row.mark,
                found: stage.rawValue, fix: "remove \(stage.rawValue) from stages")
        }
    }

    /// The one bound of a guardrail, in the unit that its metric has.
    static func criterion(
        _ row: Row, _ metric: Metric, _ findings: inout Findings
    ) throws(RefusedField) -> Criterion? {
        let comparison = try row(GuardrailFields.comparedTo) != nil
        if case .measurement(let name) = metric, rates.contains(name) {
            findings.add(
                "\(name) cannot be a guardrail: under a weighted split it measures the split, not "
                    + "the version", at: row.mark(GuardrailFields.metric), found: name,
                expected: "a number that each request has",
                fix: "use metric: errors, latency, or a measurement such as throughput of one "
                    + "request")
            return nil
        }
        let fields = [
            GuardrailFields.atLeast, GuardrailFields.atMost, GuardrailFields.dropAtMost,
            GuardrailFields.riseAtMost, GuardrailFields.gainAtLeast,
        ]
        let given = fields.filter { row.has($0) }
        if metric == .sampleRatio {
            for field in given { refuseBound(field, of: metric, row, "no bound", &findings) }
            refuseComparison(comparison, row, "the split is compared to what was asked", &findings)
            return given.isEmpty && !comparison ? .asAsked : nil
        }
        guard let field = given.first, given.count == 1, let bound = try row(field) else {
            findings.add(
                given.isEmpty
                    ? "the guardrail on \(metric.name) has no bound"
                    : "the guardrail on \(metric.name) has \(given.count) bounds",
                at: given.count > 1 ? row.keyMark(given[1]) : row.mark,
                found: given.isEmpty ? "no bound" : given.map(\.key).joined(separator: ", "),
                expected: "one of \(allowed(metric).joined(separator: ", "))",
                fix: given.isEmpty ? "add one" : "write one guardrail for each bound")
            return nil
        }
        guard allowed(metric).contains(field.key) else {
            let expected = "one of \(allowed(metric).joined(separator: ", "))"
            refuseBound(field, of: metric, row, expected, &findings)
            return nil
        }
        let relative = !["atLeast", "atMost"].contains(field.key)
        if relative && !comparison {
            findings.add(
                "\(field.key) is a comparison, but with what?", at: row.keyMark(field),
                found: field.key, expected: "comparedTo: stable", fix: "add comparedTo: stable")
            return nil
        }
        if !relative, comparison {
            refuseComparison(true, row, "\(field.key) is not a comparison", &findings)
            return nil
        }
        guard check(bound, unit(metric, relative: relative), field, row, &findings) else {
            return nil
        }
        return try criterion(field.key, bound.value, metric, row, &findings)
    }

    private static func allowed(_ metric: Metric) -> [String] {
        switch metric {
        case .accuracy, .errors: ["atLeast", "atMost", "dropAtMost", "riseAtMost"]
        case .agreement: ["atLeast", "atMost"]
        case .latency, .drift: ["atMost"]
        case .measurement: ["dropAtMost", "riseAtMost", "gainAtLeast"]
        case .prometheus, .influx: ["atLeast", "atMost"]
        case .sampleRatio: []
        }
    }

    private static func unit(_ metric: Metric, relative: Bool) -> Quantity.Unit {
        switch metric {
        case .accuracy, .errors, .agreement: relative ? .points : .percent
        case .latency: .duration
        case .measurement: .percent
        case .sampleRatio, .drift, .prometheus, .influx: .number
        }
    }

    private static func check(
        _ bound: Quantity, _ unit: Quantity.Unit, _ field: some AnyField, _ row: Row,
        _ findings: inout Findings
    ) -> Bool {
        guard bound.unit == unit else {
            let hint = unit == .points ? "; % would be a part of stable's value" : ""
            let found = row.item(field)?.found ?? bound.unit.rawValue
            findings.add(
                "\(field.key): found \(found), expected \(unit.rawValue)\(hint)",
                at: row.mark(field), found: found, expected: unit.rawValue,
                fix: "write \(unit.rawValue)")
            return false
        }
        let range: ClosedRange<Double> =
            switch unit {
            case .percent, .points:
                0...(field.key == "gainAtLeast" || field.key == "riseAtMost" ? 10 : 1)
            case .duration, .size: 0...Double(Int32.max)
            case .number: -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
            }
        guard range.contains(bound.value.value) else {
            let found = row.item(field)?.found ?? "\(bound.value)"
            findings.add(
                "\(field.key): found \(found), which no version can be held to",
                at: row.mark(field), found: found, expected: unit.rawValue,
                fix: "write \(unit.rawValue)")
            return false
        }
        return true
    }

    private static func criterion(
        _ key: String, _ value: FiniteDouble, _ metric: Metric, _ row: Row,
        _ findings: inout Findings
    ) throws(RefusedField) -> Criterion? {
        let isMeasurement = if case .measurement = metric { true } else { false }
        switch (key, metric) {
        case ("atMost", .latency):
            guard let quantile = try row(GuardrailFields.quantile) else {
                findings.add(
                    "a guardrail on latency needs a quantile", at: row.mark, found: "nothing",
                    expected: "quantile: 99%", fix: "add quantile: 99%")
                return nil
            }
            return .quantileAtMost(quantile: quantile, limit: value)
        case ("atMost", .drift) where value.value < 0:
            findings.add(
                "a distance is never below 0", at: row.mark(GuardrailFields.atMost),
                found: "\(value)", expected: "0 or more", fix: "write 0.2")
            return nil
        case ("atLeast", _): return .atLeast(value)
        case ("atMost", _): return .atMost(value)
        case ("dropAtMost", _):
            return isMeasurement ? .relativeDropAtMost(value) : .dropAtMost(points: value)
        case ("riseAtMost", _):
            return isMeasurement ? .relativeRiseAtMost(value) : .riseAtMost(points: value)
        case ("gainAtLeast", _): return .relativeGainAtLeast(value)
        default: return nil
        }
    }

    private static func refuseBound(
        _ field: some AnyField, of metric: Metric, _ row: Row, _ expected: String,
        _ findings: inout Findings
    ) {
        findings.add(
            "\(field.key) does not fit metric: \(metric.name), which takes \(expected)",
            at: row.keyMark(field), found: field.key, expected: expected,
            fix: expected == "no bound" ? "delete the key" : "use \(expected)")
    }

    private static func refuseComparison(
        _ comparison: Bool, _ row: Row, _ reason: String, _ findings: inout Findings
    ) {
        guard comparison else { return }
        findings.add(
            "comparedTo does not fit here: \(reason)",
            at: row.keyMark(GuardrailFields.comparedTo), found: "comparedTo",
            fix: "delete comparedTo, or use dropAtMost or riseAtMost where the metric takes it")
    }
}
