import RolloutCore

/// `policies/guardrails/NAME.yaml`
enum GuardrailsFile {
    private struct Spec: Sendable {
        let rate: FiniteDouble
        let riskBudget: FiniteDouble
        let guardrails: [GuardrailSpec]
    }

    static let falseRollbackRate = Field.defaulted(
        "falseRollbackRate", .percent(0.0001...0.2, example: "1%"), FiniteDouble(known: 0.01),
        written: "1%",
        "The probability of rolling back a healthy candidate, over a whole rollout; 0.01% to 20%.")
    static let riskBudget = Field.defaulted(
        "riskBudget", .percent(0.0001...0.5, example: "2%"), FiniteDouble(known: 0.02),
        written: "2%",
        "The most harm that the next share may risk: how far beyond its limit a guardrail could "
            + "still be, times that share.")
    static let guardrails = Field.required(
        "guardrails", .list(GuardrailFields.shape, count: 1...FileLimits.guardrails, unique: false),
        "What a candidate must keep to.")

    static let shape = Shape<GuardrailSet>.policy(.guardrails, spec: spec) { name, spec in
        GuardrailSet(
            name: name, falseRollbackRate: spec.rate, riskBudget: spec.riskBudget,
            guardrails: spec.guardrails)
    }

    private static let spec = Shape<Spec>.object(
        "spec", [falseRollbackRate, riskBudget, guardrails]
    ) {
        row, findings throws(RefusedField) in
        let list = try row(guardrails)
        var seen: Set<GuardrailName> = []
        for (index, guardrail) in list.enumerated() where !seen.insert(guardrail.name).inserted {
            let place = row.item(guardrails)?.at([.index(index), "name"]).mark ?? row.mark
            findings.add(
                "two guardrails are called \(guardrail.name)", at: place,
                found: guardrail.name.rawValue, expected: "a name of its own",
                fix: "rename one of the two")
        }
        return Spec(
            rate: try row(falseRollbackRate), riskBudget: try row(riskBudget), guardrails: list)
    }
}

/// One line of `spec.guardrails`.
enum GuardrailFields {
    enum Control: String, CaseIterable, Sendable { case stable }
    enum NoData: String, CaseIterable, Sendable { case hold }

    static let name = Field.required("name", .guardrail, "What reports call it.")
    static let metric = Field.required(
        "metric", MetricShape.shape,
        "accuracy, errors, latency, agreement, sample-ratio, drift, the name of a number that "
            + "callers measure, {prometheus: query} or {influx: query}.")
    static let comparedTo = Field<Control?>.optional(
        "comparedTo", .choice(Control.self), "Judged against the stable version beside it.")
    static let atLeast = bound("atLeast", "The least that is allowed.")
    static let atMost = bound("atMost", "The most that is allowed.")
    static let dropAtMost = bound("dropAtMost", "How far below stable it may be.")
    static let riseAtMost = bound("riseAtMost", "How far above stable it may be.")
    static let gainAtLeast = bound("gainAtLeast", "How far above stable it must be.")
    static let quantile = Field<FiniteDouble?>.optional(
        "quantile", .percent(0.01...0.9999, example: "99%"), "latency: which quantile.")
    static let features = Field<[String]?>.optional(
        "features", MetricShape.features, "drift: all, or a list of features; all by default.")
    static let test = Field<Metric.DriftTest?>.optional(
        "test", .choice(Metric.DriftTest.self), "drift: which distance; psi by default.")
    static let onBreach = Field.required(
        "onBreach", .choice(Reaction.self), "What happens when it is breached.")
    static let stages = Field<[StageKind]?>.optional(
        "stages", .list(.choice(StageKind.self), count: 1...4),
        "Where it is judged; by default in every stage where the metric can be seen.")
    static let by = Field.defaulted(
        "by", .list(.choice(SliceDimension.self), count: 0...1), [], written: [],
        "Judged slice by slice as well as pooled.")
    static let minSamples = Field.defaulted(
        "minSamples", .whole(1...10_000_000), 100, written: 100,
        "The least number of samples before it can pass.")
    static let maxSilent = Field.defaulted(
        "maxSilent", .span("5m"), .seconds(300), written: "5m",
        "How long a candidate may be silent while stable is not.")
    static let onNoData = Field.defaulted(
        "onNoData", .choice(NoData.self), .hold, written: "hold",
        "Missing data is never a pass: the share is held.")
    static let labels = Field<LabelRule?>.optional(
        "labels", LabelFields.shape, "accuracy: how late the truth may come; no bound by default.")
    static let severity = Field<Severity?>.optional(
        "severity", .choice(Severity.self),
        "By default critical for rollback and step-back, warning for hold and alert, info for "
            + "retrain.")
    static let dryRun = Field.defaulted(
        "dryRun", .bool, false, written: false, "Judged and shown, without effect.")

    static let shape = Shape<GuardrailSpec>.object(
        "a guardrail",
        [
            name, metric, comparedTo, atLeast, atMost, dropAtMost, riseAtMost, gainAtLeast,
            quantile, features, test, onBreach, stages, by, minSamples, maxSilent, onNoData,
            labels, severity, dryRun,
        ]
    ) { row, findings throws(RefusedField) in
        var metric = try row(metric)
        if case .drift = metric {
            metric = .drift(features: try row(features) ?? [], test: try row(test) ?? .psi)
        }
        let reaction = try row(onBreach)
        let stages = try row(stages)
        _ = try row(onNoData)
        try GuardrailRules.checkKeys(row, metric, &findings)
        GuardrailRules.checkStages(stages, metric, row, &findings)
        guard let criterion = try GuardrailRules.criterion(row, metric, &findings) else {
            return nil
        }
        return GuardrailSpec(
            name: try row(name), metric: metric, criterion: criterion, onBreach: reaction,
            stages: stages, slices: try row(by), minSamples: try row(minSamples),
            maxSilent: try row(maxSilent), labels: try row(labels),
            severity: try row(severity) ?? defaultSeverity(reaction), dryRun: try row(dryRun))
    }

    private static func bound(_ key: String, _ doc: String) -> Field<Quantity?> {
        .optional(key, .quantity, doc)
    }

    private static func defaultSeverity(_ reaction: Reaction) -> Severity {
        switch reaction {
        case .rollback, .stepBack: .critical
        case .hold, .alert: .warning
        case .retrain: .info
        }
    }
}

/// `labels` of a guardrail on accuracy.
enum LabelFields {
    static let maxLag = Field.required("maxLag", .span("24h"), "How late a label may come.")
    static let after = Field<TimeSpan?>.optional(
        "after", .span("1h"),
        "The age at which predictions are counted, for both versions alike; by default the age by "
            + "which 95 % of labels come.")
    static let minCoverage = Field.required(
        "minCoverage", .percent(0.01...1, example: "50%"),
        "The part of counted predictions that must have a label.")

    static let shape = Shape<LabelRule>.object("labels", [maxLag, after, minCoverage]) {
        row, findings throws(RefusedField) in
        let (maxLag, after) = (try row(maxLag), try row(after))
        if let after, after > maxLag {
            findings.add(
                "predictions would be counted when their labels are too late already",
                at: row.mark(LabelFields.after), found: after.description,
                expected: "at most maxLag, \(maxLag)", fix: "write a shorter age, or raise maxLag")
            return nil
        }
        return LabelRule(maxLag: maxLag, after: after, minCoverage: try row(minCoverage))
    }
}
