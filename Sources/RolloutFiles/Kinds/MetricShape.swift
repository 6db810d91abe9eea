import RolloutCore

/// `metric` of a guardrail.
enum MetricShape {
    /// What `$…` may stand for in a query; nothing else is put into it.
    static let variables = ["version", "rollout", "region", "window"]

    static let shape = Shape<Metric>.scalar(
        "a metric such as accuracy", example: "accuracy",
        schema: ["type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"]
    ) { scalar throws(Refusal) in
        if let known = known[scalar.text] { return known }
        guard GuardrailName.accepts(scalar.text) else {
            throw Refusal("1 to 63 of a-z 0-9 . _ -")
        }
        // A misspelt metric would be a measurement that nobody reports.
        if let meant = scalar.text.nearest(of: known.keys.sorted()) {
            throw Refusal("did you mean \(meant)?")
        }
        return .measurement(scalar.text)
    }.orMapping(query)

    private static let known: [String: Metric] = [
        "accuracy": .accuracy, "errors": .errors, "latency": .latency, "agreement": .agreement,
        "sample-ratio": .sampleRatio, "drift": .drift(features: [], test: .psi),
    ]

    /// `all` is the empty list: every feature of the frozen reference.
    static let features = Shape<[String]>.scalar(
        "all", example: "all", schema: ["const": "all"]
    ) { scalar throws(Refusal) in
        guard scalar.text == "all" else { throw Refusal("or a list of features") }
        return []
    }.orList(.list(.freeKey, count: 1...256))

    static let prometheus = Field<String?>.optional(
        "prometheus", .text(limit: 4_096), "PromQL that gives one number; may name $version.")
    static let influx = Field<String?>.optional(
        "influx", .text(limit: 4_096), "InfluxQL that gives one number; may name $version.")

    private static let query = Shape<Metric>.object("a query", [prometheus, influx]) {
        row, findings throws(RefusedField) in
        let (prom, flux) = (try row(prometheus), try row(influx))
        guard (prom == nil) != (flux == nil) else {
            findings.add(
                "a query is either for prometheus or for influx", at: row.mark,
                expected: "one key", fix: "write {prometheus: 'query'} or {influx: 'query'}")
            return nil
        }
        let text = prom ?? flux ?? ""
        let mark = prom == nil ? row.mark(influx) : row.mark(prometheus)
        let names = variables(of: text)
        for name in names where !variables.contains(name) {
            findings.add(
                "the query names $\(name), which nothing fills in", at: mark, found: "$\(name)",
                expected: variables.map { "$\($0)" }.joined(separator: ", "),
                fix: "write one of them")
        }
        if !names.contains("version") {
            findings.add(
                "the query does not name $version, so stable and candidate give the same number",
                at: mark, expected: "$version", fix: "add a condition such as version=\"$version\"",
                severity: .warning)
        }
        return prom == nil ? .influx(query: text) : .prometheus(query: text)
    }

    /// The names after `$`. A `$` before anything else, as at the end of a pattern, is text.
    private static func variables(of query: String) -> [String] {
        query.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
            .dropFirst()
            .map { part in
                String(
                    part.prefix {
                        (97...122).contains($0) || (65...90).contains($0) || $0 == 95
                    }) ?? ""
            }
            .filter { !$0.isEmpty }
    }
}
