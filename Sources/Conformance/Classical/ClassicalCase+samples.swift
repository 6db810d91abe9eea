import Evidence

extension ClassicalCase {
    /// Tests of two samples. `false` for another kind of case.
    func checkSamples(_ vector: inout VectorCase) throws -> Bool {
        guard let x = sample("x"), let y = sample("y"), let alternative = alternative() else {
            return false
        }
        if isCall("mannwhitneyu") {
            guard let method = MannWhitney.Method(rawValue: one["method"]?.string ?? "auto") else {
                return false
            }
            let test = MannWhitney.test(
                x, y, alternative: alternative, method: method,
                continuity: one["use_continuity"]?.bool ?? true)
            vector.expect("U", test?.statistic, one["U"] ?? one["statistic"])
            vector.expect("p", test?.pValue, one["p"])
        } else if isCall("ttest_ind") {
            guard isCall("equal_var=False") || one["equal_var"]?.bool == false else { return false }
            try checkWelch(x, y, alternative, &vector)
        } else if isCall("ks_2samp") {
            let named = one["method"]?.string ?? (isCall("exact") ? "exact" : "auto")
            guard let method = KolmogorovSmirnov.Method(rawValue: named) else { return false }
            let test = KolmogorovSmirnov.test(x, y, alternative: alternative, method: method)
            vector.expect("D", test?.statistic, one["D"] ?? one["statistic"])
            vector.expect("p", test?.pValue, one["p"])
        } else if isCall("brunnermunzel") {
            let named = one["distribution"]?.string ?? "t"
            guard let reference = BrunnerMunzel.Reference(rawValue: named) else { return false }
            let test = BrunnerMunzel.test(x, y, alternative: alternative, reference: reference)
            vector.expect("statistic", test?.statistic, one["stat"] ?? one["statistic"])
            vector.expect("p", test?.pValue, one["p"])
        } else if isCall("Hodges-Lehmann") {
            vector.expect("median", Shift(x, y)?.hodgesLehmann, one["hodges_lehmann"])
            if let ratio = one["mean_ratio"] {
                let means = [x, y].map { $0.reduce(0, +) / Double($0.count) }
                vector.expect("ratio", means[1] / means[0], ratio)
            }
        } else if isCall("MW shift CI") {
            let interval = Shift(x, y)?.interval(confidence: confidence(default: 0.98))
            vector.expectSame("k", interval?.k, one["k_0based"]?.int)
            vector.expect("ci", interval.map { [$0.lower, $0.upper] } ?? [], one["ci"])
        } else {
            return false
        }
        return true
    }

    private func checkWelch(
        _ x: [Double], _ y: [Double], _ alternative: Alternative, _ vector: inout VectorCase
    ) throws {
        var (first, second) = (Moments(), Moments())
        for value in x { try first.add(value) }
        for value in y { try second.add(value) }
        let welch = WelchTest(first, second, alternative: alternative, confidence: confidence())
        vector.expect("t", welch?.test.statistic, one["t"] ?? one["statistic"])
        vector.expect("p", welch?.test.pValue, one["p"])
        if let df = one["df"] { vector.expect("df", welch?.test.degreesOfFreedom, df) }
        if let ci = one["ci95"] ?? one["ci"] {
            vector.expect("ci", welch.map { [$0.lower, $0.upper] } ?? [], ci)
        }
    }
}
