import Evidence

/// The uniform boundaries of `confseq.boundaries` and `confseq.quantiles`.
enum BoundaryCalls {
    /// The parameters by position; empty for a function that is none of these.
    static func order(_ name: String) -> [String] {
        switch name {
        case "normal_log_mixture": ["s", "v", "v_opt", "alpha_opt", "is_one_sided"]
        case "normal_mixture_bound": ["v", "alpha", "v_opt", "alpha_opt", "is_one_sided"]
        case "gamma_exponential_log_mixture", "gamma_poisson_log_mixture":
            ["s", "v", "v_opt", "c", "alpha_opt"]
        case "gamma_exponential_mixture_bound", "gamma_poisson_mixture_bound":
            ["v", "alpha", "v_opt", "c", "alpha_opt"]
        case "beta_binomial_log_mixture":
            ["s", "v", "v_opt", "g", "h", "alpha_opt", "is_one_sided"]
        case "beta_binomial_mixture_bound":
            ["v", "alpha", "v_opt", "g", "h", "alpha_opt", "is_one_sided"]
        case "poly_stitching_bound": ["v", "alpha", "v_min", "c", "s", "eta"]
        case "empirical_process_lil_bound": ["t", "alpha", "t_min", "A"]
        case "double_stitching_bound":
            ["quantile_p", "t", "alpha", "t_opt", "delta", "s", "eta"]
        case "bernoulli_confidence_interval":
            ["num_successes", "num_trials", "alpha", "t_opt", "alpha_opt"]
        case "best_rho": ["v", "alpha"]
        default: []
        }
    }

    /// Also when parameters are lists: then element by element.
    static func check(
        _ parameters: inout CallParameters, _ one: VectorValue, _ outputs: Set<String>,
        _ found: inout VectorCase
    ) throws {
        guard outputs == ["value"] else {
            throw UnknownParameter(name: outputs.subtracting(["value"]).min() ?? "value")
        }
        let given = parameters.values
        let lengths = Set(given.values.compactMap { $0.list?.count })
        guard let length = lengths.first else {
            let tolerance = tolerance(parameters)
            let values = try value(&parameters)
            if values.count == 1, let single = values.first {
                found.expect("value", single, one["value"], within: tolerance)
            } else {
                found.expect("value", values, one["value"], within: .bisected)
            }
            return
        }
        guard lengths.count == 1 else { throw MissingParameter(name: "lists of one length") }
        var values: [Double] = []
        for index in 0..<length {
            let element = given.mapValues { $0.list.map { $0[index] } ?? $0 }
            var scalar = CallParameters(call: parameters.name, given: element, order: order)
            values += try value(&scalar)
        }
        found.expect("value", values, one["value"], within: .bisected)
    }

    /// One number, or two for an interval.
    static func value(
        _ p: inout CallParameters, type: String = ""
    ) throws -> [Double] {
        let values = try compute(&p, type: type)
        try p.finish()
        return try values.map {
            guard let value = $0 else { throw OutOfDomain() }
            return value
        }
    }

    private static func compute(_ p: inout CallParameters, type: String) throws -> [Double?] {
        switch p.name {
        case "best_rho":
            let (v, alpha) = (try p.double("v"), try p.double("alpha"))
            return [
                type.contains("OneSided")
                    ? MixtureTuning.oneSided(v: v, alpha: alpha)
                    : MixtureTuning.twoSided(v: v, alpha: alpha)
            ]
        case "poly_stitching_bound":
            return [
                StitchedBoundary.polynomial(
                    v: try p.double("v"), alpha: try p.double("alpha"),
                    minimum: try p.double("v_min"), c: try p.double("c", 0),
                    s: try p.double("s", 1.4), eta: try p.double("eta", 2))
            ]
        case "empirical_process_lil_bound":
            let band = EmpiricalProcessBand(
                alpha: try p.double("alpha"), start: try p.double("t_min"),
                scale: try p.double("A", 0.85))
            return [band?.radius(t: try p.double("t"))]
        case "double_stitching_bound":
            return [
                StitchedBoundary.double(
                    quantile: try p.double("quantile_p"), t: try p.double("t"),
                    alpha: try p.double("alpha"), tunedTo: try p.double("t_opt"),
                    delta: try p.double("delta", 0.5), s: try p.double("s", 1.4),
                    eta: try p.double("eta", 2))
            ]
        case "bernoulli_confidence_interval":
            let interval = BernoulliInterval.uniform(
                sum: try p.double("num_successes"), trials: try p.double("num_trials"),
                alpha: try p.double("alpha"), tunedTo: try p.double("t_opt"),
                tuningAlpha: try p.double("alpha_opt", 0.05))
            return [interval?.lower, interval?.upper]
        default:
            let mixture = try mixture(&p)
            let v = try p.double("v")
            return p.name.hasSuffix("_log_mixture")
                ? [mixture.logValue(s: try p.double("s"), v: v)]
                : [mixture.boundary(v: v, alpha: try p.double("alpha"))]
        }
    }

    /// The library subtracts log-gammas of the size of v/c² or v/(gh) from each other, in double
    /// precision: its value of a log mixture is no better than the rounding of those.
    private static func tolerance(_ parameters: CallParameters) -> Tolerance {
        guard parameters.name.hasSuffix("_log_mixture") else { return .bisected }
        var p = parameters
        let sum = ["v", "v_opt"].reduce(0) { $0 + (p.value($1)?.double ?? 0) }
        let s = abs(p.value("s")?.double ?? 0)
        var size = 1.0
        if let c = p.value("c")?.double { size = (sum + c * s) / (c * c) }
        if let g = p.value("g")?.double, let h = p.value("h")?.double {
            size = (sum + (g + h) * s) / (g * h)
        }
        let terms = size * (1 + abs(Elementary.log(size)))
        return .relative(1e-9, absolute: max(1e-12, terms * .ulpOfOne))
    }

    private static func mixture(
        _ p: inout CallParameters
    ) throws -> any MixtureSupermartingale {
        let (v, alpha) = (try p.double("v_opt"), try p.double("alpha_opt", 0.05))
        if p.name.hasPrefix("normal") {
            return NormalMixture(
                tunedTo: v, alpha: alpha, isOneSided: try p.bool("is_one_sided", true))
        }
        if p.name.hasPrefix("gamma_exponential") {
            return GammaExponentialMixture(tunedTo: v, alpha: alpha, c: try p.double("c"))
        }
        if p.name.hasPrefix("gamma_poisson") {
            return GammaPoissonMixture(tunedTo: v, alpha: alpha, c: try p.double("c"))
        }
        return BetaBinomialMixture(
            tunedTo: v, alpha: alpha, g: try p.double("g"), h: try p.double("h"),
            isOneSided: try p.bool("is_one_sided", true))
    }

    /// The band's radius beside the simple bound of it.
    static func closedForm(_ one: VectorValue, into report: inout VectorReport) {
        guard let t = one["t"]?.double, let alpha = one["alpha"]?.double else {
            report.skip("lil_closed_form_check", because: "no t, or no alpha")
            return
        }
        report.check("lil_closed_form_check t=\(t) alpha=\(alpha)") { found in
            for key in (one.object ?? [:]).keys.sorted() where key != "t" && key != "alpha" {
                switch key {
                case "closed_form_0_85":
                    found.expect(
                        key, EmpiricalProcessBand.closedForm(t: t, alpha: alpha), one[key])
                case "numeric":
                    let band = EmpiricalProcessBand(
                        alpha: alpha, start: one["t_min"]?.double ?? 1,
                        scale: one["A"]?.double ?? 0.85)
                    found.expect(key, band?.radius(t: t), one[key], within: .bisected)
                case "t_min", "A", "note": break
                default: found.isUnknown("member \(key) is not known")
                }
            }
        }
    }

    /// A constant of the library's own tests, described in words.
    static func upstream(_ one: VectorValue, into report: inout VectorReport) {
        guard let text = one["desc"]?.string else {
            report.skip("upstream constant", because: "no description")
            return
        }
        report.check(text) { found in
            try found.known { found in
                let tolerance = Tolerance.absolute(one["tol"]?.double ?? 1e-5)
                let values: [Double]
                if let comparison = QuantileCalls.described(text) {
                    guard let value = comparison.pValue else { throw OutOfDomain() }
                    values = [value]
                } else {
                    var parameters = CallParameters(call: text, given: [:], order: order)
                    guard !order(parameters.name).isEmpty else {
                        throw UnknownFunction(name: parameters.name)
                    }
                    values = try value(&parameters, type: text)
                }
                if let expected = one["expected"]?.double {
                    found.expect("value", values.first, expected, within: tolerance)
                } else {
                    found.expect("value", values, one["expected"], within: tolerance)
                }
            }
        }
    }
}
