import Evidence

/// Numbers of the library `confseq`: boundaries, betting, empirical Bernstein and quantiles.
package enum ConfseqVectors: VectorFamily {
    private static let modules = [
        "boundaries.", "quantiles.", "betting.", "betting_strategies.", "predmix.",
        "conjmix_bounded.", "other_bounded.", "confseq.",
    ]

    package static func recognises(_ document: VectorValue) -> Bool {
        if document["provenance"]?["library"]?.string?.hasPrefix("confseq") == true { return true }
        return (document["cases"]?.list ?? []).contains { one in
            let call = one["call"]?.string ?? ""
            return modules.contains { call.hasPrefix($0) }
        }
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        for (key, value) in (document.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            switch key {
            case "cases":
                for one in value.list ?? [] { check(one, of: document, into: &report) }
            case "lil_closed_form_check":
                for one in value.list ?? [] { BoundaryCalls.closedForm(one, into: &report) }
            case "upstream_unit_test_constants":
                for one in (value["values"] ?? value).list ?? [] {
                    BoundaryCalls.upstream(one, into: &report)
                }
            case "confidence_bounds":
                for one in value.list ?? [] { QuantileCalls.bound(one, document, into: &report) }
            case "ab_p_values":
                for one in value.list ?? [] { QuantileCalls.pValue(one, document, into: &report) }
            case "provenance", "sequences", "note": break
            default:
                // Samples are input.
                if value.doubles == nil, value.string == nil {
                    report.skip(key, because: "a member of this name is not known")
                }
            }
        }
    }

    private static let inputs: Set<String> = [
        "call", "args", "params", "sequence", "note", "x", "data",
    ]

    private static func check(
        _ one: VectorValue, of document: VectorValue, into report: inout VectorReport
    ) {
        guard let call = one["call"]?.string else {
            report.skip("case", because: "it calls nothing")
            return
        }
        var given = one["params"]?.object ?? [:]
        given.merge(one["args"]?.object ?? [:]) { $1 }
        let sequence = one["sequence"]?.string
        let label = "\(call) \(sequence ?? "") \(describe(given))"
        let data = one["x"] ?? one["data"] ?? sequence.flatMap { document["sequences"]?[$0] }
        let outputs = Set((one.object ?? [:]).keys).subtracting(inputs)
        report.check(label) { found in
            try found.known { found in
                var parameters = CallParameters(call: call, given: given) { name in
                    let order = BoundaryCalls.order(name)
                    return order.isEmpty ? BoundedMeanCalls.order(name) : order
                }
                if parameters.name == "lambda_Kelly" {
                    try BettingCalls.kelly(&parameters, data, one, outputs, &found)
                } else if call.contains("constant bets") {
                    try BettingCalls.constantBets(call, &parameters, data, one, outputs, &found)
                } else if !BoundaryCalls.order(parameters.name).isEmpty {
                    try BoundaryCalls.check(&parameters, one, outputs, &found)
                } else {
                    let x = data?.doubles
                    let result =
                        try BettingCalls.compute(&parameters, x)
                        ?? BoundedMeanCalls.compute(&parameters, x)
                    guard let result else { throw UnknownFunction(name: parameters.name) }
                    try parameters.finish()
                    try result.compare(one, outputs, &found)
                }
            }
        }
    }

    private static func describe(_ given: [String: VectorValue]) -> String {
        given.sorted { $0.key < $1.key }.map { key, value in
            let text = value.double.map { "\($0)" } ?? value.bool.map { "\($0)" } ?? value.string
            return "\(key)=\(text ?? "…")"
        }.joined(separator: " ")
    }
}

/// What a function gave, by the names that vector files use.
enum CallResult {
    case interval(lower: [Double], upper: [Double])
    case lower([Double])
    case wealth([Double])
    case bets([Double])
    case number(Double)

    func compare(
        _ one: VectorValue, _ outputs: Set<String>, _ found: inout VectorCase,
        within tolerance: Tolerance = .relative(1e-9, absolute: 1e-10)
    ) throws {
        for name in outputs.sorted() {
            guard let values = member(name) else { throw UnknownParameter(name: name) }
            if let single = one[name]?.double, let value = values.last {
                found.expect(name, value, single, within: tolerance)
            } else {
                found.expect(name, values, one[name], within: tolerance)
            }
        }
    }

    private func member(_ name: String) -> [Double]? {
        switch (self, name) {
        case (.interval(let lower, _), "lower"), (.interval(let lower, _), "l"): lower
        case (.interval(_, let upper), "upper"), (.interval(_, let upper), "u"): upper
        case (.lower(let lower), "lower"), (.lower(let lower), "l"): lower
        case (.wealth(let wealth), "martingale"), (.wealth(let wealth), "mart"): wealth
        case (.bets(let bets), "lambdas"), (.bets(let bets), "bets"): bets
        case (.lower(let values), "value"), (.wealth(let values), "value"),
            (.bets(let values), "value"):
            values
        case (.number(let number), "value"): [number]
        default: nil
        }
    }
}
