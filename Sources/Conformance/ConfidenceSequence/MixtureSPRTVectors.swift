import Evidence

/// Trajectories of mixture sequential probability ratios, as of the library `msprt`.
package enum MixtureSPRTVectors: VectorFamily {
    package static func recognises(_ document: VectorValue) -> Bool {
        if document["provenance"]?["library"]?.string?.hasPrefix("msprt") == true { return true }
        return (document.object ?? [:]).values.contains { $0["lambda_n"] != nil }
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        for (key, value) in (document.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            switch value {
            case .object where key != "provenance": trajectory(key, value, into: &report)
            case .list(let cases):
                for (index, one) in cases.enumerated() {
                    let name = one["distribution"]?.string ?? one["call"]?.string ?? key
                    trajectory("\(name) [\(index)]", one, into: &report)
                }
            default: break
            }
        }
    }

    private static let inputs: Set<String> = [
        "x", "y", "sigma", "tau", "theta", "warmup", "warmup_observations", "alpha",
        "distribution", "call", "note", "truncation",
    ]

    private static func trajectory(
        _ name: String, _ one: VectorValue, into report: inout VectorReport
    ) {
        report.check(name) { found in
            if name.contains("calculate_mixture_variance") {
                return variance(one["args"] ?? one["params"] ?? one, one, &found)
            }
            guard let x = one["x"]?.doubles, let y = one["y"]?.doubles,
                let tau = one["tau"]?.double ?? mixtureVariance(one)
            else { return found.isUnknown("no x, y or tau") }
            let warmup = one["warmup"]?.int ?? one["warmup_observations"]?.int ?? 100
            let theta = one["theta"]?.double ?? 0
            let ratios: [Double]?
            if name.contains("bernoulli") {
                ratios = MixtureSPRT.bernoulli(x, y, tau: tau, theta: theta, warmup: warmup)
            } else if name.contains("normal") {
                ratios = MixtureSPRT.normal(
                    x, y, sigma: one["sigma"]?.double ?? 1, tau: tau, theta: theta, warmup: warmup)
            } else {
                return found.isUnknown("no ratio for this distribution")
            }
            for key in (one.object ?? [:]).keys.sorted() where !inputs.contains(key) {
                switch key {
                case "lambda_n", "sequential_probability_ratio":
                    found.expect(key, ratios ?? [], one[key])
                case "n_rejection":
                    let alpha = one["alpha"]?.double ?? 0.05
                    found.expectSame(
                        key, ratios.map { MixtureSPRT.rejection($0, alpha: alpha) }, one[key]?.int)
                default: return found.isUnknown("member \(key) is not known")
                }
            }
        }
    }

    private static func variance(
        _ parameters: VectorValue, _ one: VectorValue, _ found: inout VectorCase
    ) {
        guard let value = mixtureVariance(parameters) else {
            return found.isUnknown("no alpha, sigma or truncation")
        }
        found.expect("value", value, one["value"])
    }

    /// The library rounds to two decimals, halves to even, and takes this for tau when none is
    /// given: a variance for a standard deviation.
    private static func mixtureVariance(_ parameters: VectorValue) -> Double? {
        guard let sigma = parameters["sigma"]?.double,
            let truncation = parameters["truncation"]?.double,
            let value = MixtureSPRT.mixtureVariance(
                alpha: parameters["alpha"]?.double ?? 0.05, sigma: sigma, truncation: truncation)
        else { return nil }
        return (value * 100).rounded(.toNearestOrEven) / 100
    }
}
