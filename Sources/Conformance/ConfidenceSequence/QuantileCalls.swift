import Evidence

/// Order-statistic bounds and comparisons of quantiles.
enum QuantileCalls {
    /// The radii agree to 40 bits of a root; where a p-value's minimum is agrees to 20.
    private static let pTolerance = Tolerance.relative(1e-7, absolute: 1e-15)

    static func bound(
        _ one: VectorValue, _ document: VectorValue, into report: inout VectorReport
    ) {
        let kind = one["kind"]?.string ?? ""
        guard let n = one["n"]?.int, let p = one["p"]?.double, let alpha = one["alpha"]?.double,
            let values = sample(one["sample"]?.string ?? "A", document, first: n)
        else {
            report.skip("confidence bound \(kind)", because: "no n, p, alpha or sample")
            return
        }
        report.check("\(kind) n=\(n) p=\(p) alpha=\(alpha)") { found in
            var (lower, upper): (Double?, Double?)
            var inputs: Set = ["kind", "n", "p", "alpha", "sample", "note"]
            var expected: Set = ["lower_index_1based", "upper_index_1based", "lower", "upper"]
            if kind.hasPrefix("fixed") {
                guard let tuned = one["t_opt"]?.double,
                    let boundaries = QuantileBound.fixedBoundaries(
                        n: n, p: p, alpha: alpha, tunedTo: tuned,
                        tuningAlpha: one["alpha_opt"]?.double ?? 0.05)
                else { return found.isUnknown("no t_opt, or out of domain") }
                found.expect(
                    "lower_boundary", boundaries.lower, one["lower_boundary"], within: .bisected)
                found.expect(
                    "upper_boundary", boundaries.upper, one["upper_boundary"], within: .bisected)
                (lower, upper) = (boundaries.lower / Double(n), boundaries.upper / Double(n))
                inputs.formUnion(["t_opt", "alpha_opt"])
                expected.formUnion(["lower_boundary", "upper_boundary"])
            } else if kind.contains("double stitching") {
                func radius(_ p: Double) -> Double? {
                    StitchedBoundary.double(
                        quantile: p, t: Double(n), alpha: alpha,
                        tunedTo: one["t_min"]?.double ?? one["t_opt"]?.double ?? .nan,
                        delta: one["delta"]?.double ?? 0.5, s: one["s"]?.double ?? 1.4,
                        eta: one["eta"]?.double ?? 2
                    ).map { $0 / Double(n) }
                }
                (lower, upper) = (radius(1 - p), radius(p))
                found.expect("lower_radius", lower, one["lower_radius"], within: .bisected)
                found.expect("upper_radius", upper, one["upper_radius"], within: .bisected)
                inputs.formUnion(["t_min", "t_opt", "delta", "s", "eta"])
                expected.formUnion(["lower_radius", "upper_radius"])
            } else if kind.contains("uniform") {
                let band = EmpiricalProcessBand(
                    alpha: alpha, start: one["t_min"]?.double ?? 1, scale: one["A"]?.double ?? 0.85)
                let radius = band?.radius(t: Double(n))
                found.expect("radius", radius, one["radius"], within: .bisected)
                (lower, upper) = (radius, radius)
                inputs.formUnion(["t_min", "A"])
                expected.formUnion(["radius"])
            } else {
                return found.isUnknown("no bounds of this kind")
            }
            let unread = Set((one.object ?? [:]).keys).subtracting(inputs.union(expected))
            if let member = unread.min() { return found.isUnknown("member \(member)") }
            guard let lower, let upper,
                let bound = QuantileBound(n: n, p: p, lowerRadius: lower, upperRadius: upper)
            else { throw OutOfDomain() }
            found.expectSame("lower index", bound.lowerIndex, one["lower_index_1based"]?.int)
            found.expectSame("upper index", bound.upperIndex, one["upper_index_1based"]?.int)
            let interval = bound.interval(sorted: values.sorted())
            found.expectSame("lower", interval.lower, one["lower"]?.double ?? -.infinity)
            found.expectSame("upper", interval.upper, one["upper"]?.double ?? .infinity)
        }
    }

    static func pValue(
        _ one: VectorValue, _ document: VectorValue, into report: inout VectorReport
    ) {
        let call = one["call"]?.string ?? ""
        let n = one["n_each"]?.int
        let arms: ([Double], [Double])?
        if let a = values(one["a"]), let b = values(one["b"]) {
            arms = (a, b)
        } else if let a = sample("A", document, first: n),
            let b = sample("B", document, first: n)
        {
            // The order in a sample plays no role: against itself it is the same sample.
            arms = call.contains("A vs A") ? (a, a) : (a, b)
        } else {
            arms = nil
        }
        guard let arms, let p = one["quantile_p"]?.double, let tuned = one["t_opt"]?.double else {
            report.skip(call, because: "no samples, quantile_p or t_opt")
            return
        }
        report.check("\(call) n=\(arms.0.count) p=\(p)") { found in
            let known: Set = [
                "call", "n_each", "a", "b", "quantile_p", "t_opt", "alpha_opt", "p_value", "note",
            ]
            if let member = Set((one.object ?? [:]).keys).subtracting(known).min() {
                return found.isUnknown("member \(member)")
            }
            let value = QuantileComparison.pValue(
                arms.0, arms.1, quantile: p, tunedTo: tuned,
                tuningAlpha: one["alpha_opt"]?.double ?? 0.05)
            found.expect("p_value", value, one["p_value"], within: pTolerance)
        }
    }

    /// A comparison of two ranges of whole numbers, as in "(0.5, 1..1000 vs 71..1070, t_opt=100)".
    struct Described {
        let pValue: Double?
    }

    static func described(_ text: String) -> Described? {
        guard text.hasPrefix("quantile AB p"), let open = text.firstIndex(of: "(") else {
            return nil
        }
        let parts = text[text.index(after: open)...].split { $0 == "," || $0 == ")" }
            .map { String($0.drop { $0 == " " }) }
        guard let p = parts.first.flatMap(Double.init) else { return nil }
        var tuned = 100.0
        var arms = (span(1, 1_000), [Double]())
        for part in parts.dropFirst() {
            let words = part.split { $0 == " " || $0 == "=" }.map(String.init)
            if words.count == 2, words[0] == "offset", let offset = Int(words[1]) {
                arms.1 = span(1 + offset, 1_000 + offset)
            } else if words.count == 2, words[0] == "t_opt", let number = Double(words[1]) {
                tuned = number
            } else if words.count == 3, words[1] == "vs", let a = span(words[0]),
                let b = span(words[2])
            {
                arms = (a, b)
            } else {
                return nil
            }
        }
        return Described(
            pValue: QuantileComparison.pValue(arms.0, arms.1, quantile: p, tunedTo: tuned))
    }

    private static func values(_ value: VectorValue?) -> [Double]? {
        value?.doubles ?? value?.string.flatMap(span)
    }

    private static func span(_ text: String) -> [Double]? {
        let ends = text.split(separator: ".").compactMap { Int($0) }
        guard ends.count == 2, ends[0] <= ends[1], ends[1] - ends[0] < 1_000_000 else { return nil }
        return span(ends[0], ends[1])
    }

    private static func span(_ low: Int, _ high: Int) -> [Double] {
        low <= high ? (low...high).map(Double.init) : []
    }

    /// The first n of the member whose name ends with the sample's.
    private static func sample(
        _ name: String, _ document: VectorValue, first n: Int?
    ) -> [Double]? {
        let member = document[name] ?? document["latencies_\(name)"] ?? document["sample_\(name)"]
        guard let all = member?.doubles, (n ?? 0) <= all.count, (n ?? 1) > 0 else { return nil }
        return n.map { Array(all.prefix($0)) } ?? all
    }
}
