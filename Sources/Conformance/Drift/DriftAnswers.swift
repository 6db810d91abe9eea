import Evidence
import Foundation

/// Which function of ours answers which call.
enum DriftAnswers {
    static func answer(
        _ call: DriftCall, _ samples: DriftSamples, _ one: VectorValue
    ) -> DriftAnswer? {
        if call.says("nannyml") { return nannyML(call, samples, one) }
        if call.says("evidently") { return evidently(call, samples, one) }
        if call.says("kstest", "ks_1samp"), call.says("'", "\"", "norm") || one["cdf"] != nil {
            return oneSample(call, samples)
        }
        if call.says("bins"), one["ref_counts"] != nil || one["inner_edges"] != nil {
            return binned(call, samples, one)
        }
        if call.says("chi2_contingency", "chisquare", "z-test", "z test") {
            return categorical(call, samples)
        }
        if call.says("histogram_bin_edges") { return edges(call, samples) }
        if call.says("entropy", "jensenshannon") { return shares(call, samples, one) }
        guard let (first, second) = samples.pair(call) else { return nil }
        return twoSamples(call, first, second)
    }

    private static func twoSamples(
        _ call: DriftCall, _ first: SortedSample, _ second: SortedSample
    ) -> DriftAnswer? {
        guard let distances = SampleDistances(first, second) else { return nil }
        var answer = DriftAnswer()
        if call.says("wasserstein") {
            answer.set(
                distances.wasserstein, "value", "distance", "wasserstein", "statistic", "W1")
            let n = Double(first.count)
            let deviation = first.moments.deviation
            answer.set(
                distances.wasserstein / deviation, "normalised_by_ref_std_ddof0",
                "normalized_by_ref_std_ddof0", "normalised", "normed", "normalized")
            answer.set(
                distances.wasserstein / (deviation * (n / (n - 1)).squareRoot()),
                "normalised_by_ref_std_ddof1", "normalized_by_ref_std_ddof1")
            answer.set(
                distances.wasserstein / max(deviation, 0.001), "evidently_normed")
            return answer
        }
        if call.says("energy") {
            answer.set(distances.energy, "value", "distance", "energy", "statistic")
            return answer
        }
        if call.says("cramer", "cvm", "cramér") {
            let name = call.method == "asymp" ? "asymptotic" : call.method
            guard let method = CramerVonMises.Method(rawValue: name),
                let test = CramerVonMises(first, second, method: method)
            else { return nil }
            answer.set(test.statistic, "statistic", "value", "T", "stat")
            answer.set(test.pValue, "p", "pvalue", "p_value")
            // SciPy stops its series at 1e-7 and subtracts the sum from 1.
            answer.tolerance = .relative(1e-9, absolute: 1e-12)
            return answer
        }
        if call.says("ks_2samp", "kstest", "kolmogorov", " ks") || call.text.hasPrefix("ks") {
            let name = call.method == "asymp" ? "asymptotic" : call.method
            guard let alternative = call.alternative,
                let method = SampleKolmogorovSmirnov.Method(rawValue: name)
            else { return nil }
            let test = SampleKolmogorovSmirnov(
                distances, first: first.count, second: second.count, alternative: alternative,
                method: method)
            answer.set(test.statistic, "D", "statistic", "d", "value")
            answer.set(test.pValue, "p", "pvalue", "p_value")
            answer.set(test.location, "location", "statistic_location")
            answer.set(Double(test.sign), "sign", "statistic_sign")
            return answer
        }
        return nil
    }

    private static func oneSample(_ call: DriftCall, _ samples: DriftSamples) -> DriftAnswer? {
        let methods: [String: OneSampleKolmogorovSmirnov.Method] = [
            "auto": .exact, "exact": .exact, "approx": .approx, "asymp": .asymptotic,
        ]
        guard let sample = samples.single(call), let alternative = call.alternative,
            let method = methods[call.method], let cdf = distribution(call),
            let test = OneSampleKolmogorovSmirnov(
                sample, alternative: alternative, method: method, cdf: cdf)
        else { return nil }
        var answer = DriftAnswer()
        answer.set(test.statistic, "D", "statistic", "d", "value")
        answer.set(test.pValue, "p", "pvalue", "p_value")
        answer.set(test.location, "location", "statistic_location")
        answer.set(Double(test.sign), "sign", "statistic_sign")
        return answer
    }

    /// The distribution that `kstest` names, with `args=(location, scale)` or its shape first.
    private static func distribution(_ call: DriftCall) -> ((Double) -> Double)? {
        var arguments: [Double] = []
        if let range = call.text.range(of: "args=") {
            let list = call.text[range.upperBound...].drop { "([".contains($0) }
                .prefix { !")]".contains($0) }
            for word in list.split(separator: ",") {
                guard let number = Double(word.trimmingCharacters(in: .whitespaces)) else {
                    return nil
                }
                arguments.append(number)
            }
        }
        let name = call.option("cdf")?.lowercased() ?? call.text
        func scaled(_ shapes: Int, _ cdf: @escaping (Double) -> Double) -> ((Double) -> Double)? {
            guard arguments.count <= shapes + 2, arguments.count >= shapes else { return nil }
            let location = arguments.count > shapes ? arguments[shapes] : 0
            let scale = arguments.count > shapes + 1 ? arguments[shapes + 1] : 1
            return { cdf(($0 - location) / scale) }
        }
        if name.contains("norm") { return scaled(0, NormalDistribution.cdf) }
        if name.contains("uniform") { return scaled(0) { min(max($0, 0), 1) } }
        if name.contains("expon") { return scaled(0) { $0 > 0 ? -Elementary.expm1(-$0) : 0 } }
        if name.contains("logistic") { return scaled(0) { 1 / (1 + Elementary.exp(-$0)) } }
        if name.contains("laplace") {
            return scaled(0) {
                $0 < 0 ? Elementary.exp($0) / 2 : 1 - Elementary.exp(-$0) / 2
            }
        }
        guard let shape = arguments.first else { return nil }
        if name.contains("chi2") { return scaled(1) { ChiSquared.cdf(max($0, 0), df: shape) } }
        if name.contains("'t'") || name == "t" {
            return scaled(1) { StudentT.cdf($0, df: shape) }
        }
        return nil
    }

    private static func evidently(
        _ call: DriftCall, _ samples: DriftSamples, _ one: VectorValue
    ) -> DriftAnswer? {
        // The longest name that the call says: `ks` is part of other words.
        let words = call.text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        let names = [
            "kl": EvidentlyTest.klDivergence, "js": .jensenShannon, "energy_distance": .energy,
            "cvm": .cramerVonMises, "chi2": .chiSquared,
        ]
        guard
            let test = words.lazy.reversed().compactMap({ EvidentlyTest(rawValue: $0) ?? names[$0] }
            )
            .first
        else { return nil }
        let column: DriftColumn
        if call.says("categorical", "_cat", " cat") || one["feature_type"]?.string == "cat" {
            guard let counts = samples.categories(call) else { return nil }
            column = .categorical(counts)
        } else {
            guard let (first, second) = samples.pair(call) else { return nil }
            let isInteger = call.says("int64", "integer") || call.option("dtype") == "int64"
            column = .numeric(first, second, integers: isInteger)
        }
        guard let value = test.value(of: column) else { return nil }
        var answer = DriftAnswer()
        let threshold = call.number("threshold")
        answer.set(value, "value", "score", "drift_score", "p", "pvalue", "p_value", "statistic")
        answer.set(test.defaultThreshold, "default_threshold")
        answer.set(threshold ?? test.defaultThreshold, "actual_threshold")
        for name in ["drift", "drifted", "drift_detected"] {
            answer.flags[name] = test.isDrift(value, threshold: threshold)
        }
        // Evidently's p-values are differences from 1, and its copy of the exact test of Cramér and
        // von Mises adds up in single precision.
        if test.isPValue { answer.tolerance = .relative(1e-9, absolute: 1e-12) }
        if test == .cramerVonMises { answer.tolerance = .relative(1e-6, absolute: 1e-12) }
        return answer
    }
}
