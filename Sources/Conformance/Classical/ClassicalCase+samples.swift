import Evidence

extension ClassicalCase {
    /// Tests of one or two samples. `false` for another kind of case.
    func checkSamples(_ vector: inout VectorCase) throws -> Bool {
        guard let x = sample("x"), let alternative = alternative() else { return false }
        if isCall("ttest_1samp") {
            guard let mean = parameter("popmean", after: ["popmean="]) else { return false }
            expect(
                StudentTest(
                    try Self.moments(x), mean: mean, alternative: alternative,
                    confidence: confidence()), &vector)
            return true
        }
        if isCall("wilcoxon") { return checkSignedRanks(x, alternative, &vector) }
        guard let y = sample("y") else { return false }
        if isCall("mannwhitneyu") {
            guard let method = MannWhitney.Method(rawValue: method(["asymptotic", "exact"])) else {
                return false
            }
            let test = MannWhitney.test(
                x, y, alternative: alternative, method: method,
                continuity: flag("use_continuity", default: true))
            vector.expect(test, "U", self)
        } else if isCall("ttest_ind") {
            let (first, second) = (try Self.moments(x), try Self.moments(y))
            if flag("equal_var", default: true) {
                expect(
                    StudentTest(
                        pooled: first, second, alternative: alternative, confidence: confidence()),
                    &vector)
            } else {
                let welch = WelchTest(
                    first, second, alternative: alternative, confidence: confidence())
                vector.expect(welch?.test, "t", self)
                expect(welch.map { [$0.lower, $0.upper] }, &vector)
            }
        } else if isCall("ttest_rel") {
            guard x.count == y.count else { return false }
            let differences = zip(x, y).map { $0 - $1 }
            expect(
                StudentTest(
                    try Self.moments(differences), alternative: alternative,
                    confidence: confidence()), &vector)
        } else if isCall("ks_2samp") {
            let named = method(["exact", "asymp"])
            guard let method = KolmogorovSmirnov.Method(rawValue: named) else { return false }
            let test = KolmogorovSmirnov.test(x, y, alternative: alternative, method: method)
            vector.expect(test, "D", self)
        } else if isCall("brunnermunzel") {
            let named = choice("distribution", of: ["normal"], default: "t")
            guard let reference = BrunnerMunzel.Reference(rawValue: named) else { return false }
            let test = BrunnerMunzel.test(x, y, alternative: alternative, reference: reference)
            vector.expect(test, "statistic", self)
        } else if isCall("Hodges-Lehmann") {
            vector.expect("median", Shift(x, y)?.hodgesLehmann, one["hodges_lehmann"])
            if let ratio = one["mean_ratio"] {
                let means = [x, y].map { $0.reduce(0, +) / Double($0.count) }
                vector.expect("ratio", means[1] / means[0], ratio)
            }
        } else if isCall("MW shift CI") {
            let found = Shift(x, y)?.interval(confidence: confidence(default: 0.98))
            vector.expectSame("k", found?.k, one["k_0based"]?.int)
            vector.expect("ci", found.map { [$0.lower, $0.upper] } ?? [], interval)
        } else {
            return false
        }
        return true
    }

    private func method(_ choices: [String]) -> String {
        choice("method", of: choices, default: "auto")
    }

    private func checkSignedRanks(
        _ x: [Double], _ alternative: Alternative, _ vector: inout VectorCase
    ) -> Bool {
        var differences = x
        if one["y"] != nil {
            guard let y = sample("y"), x.count == y.count else { return false }
            differences = zip(x, y).map { $0 - $1 }
        }
        let choices = ["pratt", "zsplit"]
        guard
            let method = SignedRanks.Method(
                rawValue: method(["exact", "asymptotic"]).replacing("approx", with: "asymptotic")),
            let zeros = SignedRanks.Zeros(
                rawValue: choice("zero_method", of: choices, default: "wilcox"))
        else { return false }
        let test = SignedRanks.test(
            differences, alternative: alternative, method: method, zeros: zeros,
            continuity: flag("correction", default: false))
        vector.expect(test, "statistic", self)
        return true
    }

    private func expect(_ student: StudentTest?, _ vector: inout VectorCase) {
        vector.expect(student?.test, "t", self)
        expect(student.map { [$0.lower, $0.upper] }, &vector)
    }

    private func expect(_ found: [Double]?, _ vector: inout VectorCase) {
        if let interval { vector.expect("ci", found ?? [], interval) }
    }

    private static func moments(_ sample: [Double]) throws -> Moments {
        var moments = Moments()
        for value in sample { try moments.add(value) }
        return moments
    }
}
