import Evidence

extension DriftAnswers {
    /// Distances of shares of bins: on quantiles of the reference, on equal widths, or on edges
    /// that the case lists.
    static func binned(
        _ call: DriftCall, _ samples: DriftSamples, _ one: VectorValue
    ) -> DriftAnswer? {
        var answer = DriftAnswer()
        var reference = one["ref_counts"]?.doubles
        var current = one["cur_counts"]?.doubles
        if let (first, second) = samples.pair(call) {
            // The case's own edges decide, so that one rounded edge does not move a row.
            let listed = one["inner_edges"]?.doubles
            var computed: [Double]?
            if let bins = call.count(before: "reference-quantile") ?? call.count(before: "quantile")
            {
                computed = Binning.quantileEdges(
                    ofSorted: first.values, bins: bins, repeating: true)
            }
            guard let edges = listed ?? computed else { return nil }
            if let computed { answer.lists["inner_edges"] = computed }
            reference = Binning.counts(ofSorted: first.values, innerEdges: edges)
            current = Binning.counts(ofSorted: second.values, innerEdges: edges)
        }
        guard let reference, let current else { return nil }
        answer.lists["ref_counts"] = reference
        answer.lists["cur_counts"] = current
        var emptyBins = EmptyBins.kept
        if let floor = call.number(after: "floored at") ?? call.number("floor") {
            emptyBins = .floored(floor)
        } else if let fill = call.number(after: "filled with") {
            emptyBins = .filled(fill)
        } else if let part = call.number(after: "added") {
            emptyBins = .added(part)
        }
        guard let shares = BinShares(reference: reference, current: current, emptyBins: emptyBins)
        else { return nil }
        fill(&answer, with: shares)
        return answer
    }

    private static func fill(_ answer: inout DriftAnswer, with shares: BinShares) {
        answer.set(shares.psi, "psi")
        answer.set(shares.klCurrentGivenReference, "kl_cur_given_ref", "kl_cur_ref")
        answer.set(shares.klReferenceGivenCurrent, "kl_ref_given_cur", "kl_ref_cur", "kl")
        answer.set(shares.jsDistanceLn, "js_distance_ln", "js_distance")
        answer.set(shares.jsDistanceBits, "js_distance_base2", "js_distance_bits")
        answer.set(shares.jsDivergenceLn, "js_divergence_ln", "js_divergence")
        answer.set(shares.jsDivergenceBits, "js_divergence_base2", "js_divergence_bits")
        answer.set(shares.totalVariation, "tv", "tvd", "total_variation")
        answer.set(shares.hellinger, "hellinger")
        answer.set(shares.largestDifference, "linf", "l_infinity", "linfinity")
    }

    /// `scipy.stats.entropy(p, q)` and `scipy.spatial.distance.jensenshannon(p, q, base)`.
    static func shares(
        _ call: DriftCall, _ samples: DriftSamples, _ one: VectorValue
    ) -> DriftAnswer? {
        let first = (one["p"] ?? one["ref_counts"] ?? one["pk"])?.doubles
        let second = (one["q"] ?? one["cur_counts"] ?? one["qk"])?.doubles
        guard let first, let second, let shares = BinShares(reference: first, current: second)
        else { return nil }
        var answer = DriftAnswer()
        let base = call.number("base") ?? .nan
        let scale = base > 0 ? Elementary.log(base) : 1
        if call.says("jensenshannon") {
            answer.set(
                (shares.jsDivergenceLn / scale).squareRoot(), "value", "distance", "statistic")
        } else {
            answer.set(shares.klReferenceGivenCurrent / scale, "value", "statistic", "kl")
        }
        for name in ["p", "q", "pk", "qk", "ref_counts", "cur_counts"] {
            answer.lists[name] = one[name]?.doubles
        }
        fill(&answer, with: shares)
        return answer
    }

    static func edges(_ call: DriftCall, _ samples: DriftSamples) -> DriftAnswer? {
        let rules = Binning.WidthRule.allCases.filter {
            call.option("bins") == $0.rawValue || call.says("'\($0.rawValue)'")
        }
        guard let rule = rules.first else { return nil }
        var values: [Double]
        if call.says("+", "concat", "pooled"), let (first, second) = samples.pair(call) {
            values = first.values + second.values
        } else {
            guard let sample = samples.single(call) else { return nil }
            values = sample.values
        }
        values.sort()
        guard let edges = Binning.edges(ofSorted: values, rule: rule) else { return nil }
        var answer = DriftAnswer()
        answer.lists["edges"] = edges
        answer.lists["value"] = edges
        return answer
    }

    static func categorical(_ call: DriftCall, _ samples: DriftSamples) -> DriftAnswer? {
        guard let counts = samples.categories(call) else { return nil }
        var answer = DriftAnswer()
        if call.says("z-test", "z test") {
            guard let p = counts.proportionsTest() else { return nil }
            answer.set(p, "value", "p", "pvalue", "p_value")
            return answer
        }
        let isCorrected = (call.option("correction") ?? "true").lowercased() == "true"
        let test =
            call.says("contingency")
            ? counts.contingency(yates: isCorrected) : counts.goodnessOfFit()
        guard let test else { return nil }
        answer.set(test.statistic, "statistic", "chi2", "stat")
        answer.set(test.pValue, "p", "pvalue", "p_value", "value")
        answer.set(Double(test.degreesOfFreedom), "df", "dof")
        return answer
    }

    static func nannyML(
        _ call: DriftCall, _ samples: DriftSamples, _ one: VectorValue
    ) -> DriftAnswer? {
        let words = call.text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        guard let method = words.lazy.reversed().compactMap({ NannyMLMethod(rawValue: $0) }).first,
            !call.says("estimated")
        else { return nil }
        let column: DriftColumn
        if call.says("categorical", "_cat", " cat")
            || (!call.says("continuous") && [.chiSquared, .largestDifference].contains(method))
        {
            guard let counts = samples.categories(call) else { return nil }
            column = .categorical(counts)
        } else {
            guard let (first, second) = samples.pair(call) else { return nil }
            column = .numeric(first, second, integers: false)
        }
        guard let value = method.value(of: column) else { return nil }
        var answer = DriftAnswer()
        answer.set(value, "value", "distance", "statistic")
        return answer
    }
}
