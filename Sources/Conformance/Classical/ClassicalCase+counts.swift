import Evidence

extension ClassicalCase {
    /// Tests and intervals of one or two proportions. `false` for another kind of case.
    func checkCounts(_ vector: inout VectorCase) -> Bool {
        if isCall("Poisson rate ratio") {
            guard let events = one["events"]?.ints, let exposure = one["exposure"]?.doubles,
                events.count == 2, exposure.count == 2, let alternative = alternative()
            else { return false }
            let p = ContingencyTests.rateRatio(
                events: (events[0], events[1]), exposure: (exposure[0], exposure[1]),
                alternative: alternative)
            vector.expect("p", p, pValue)
            return true
        }
        if isCall("binomtest") || isCall("binom_test(") { return checkBinomial(&vector) }
        if isCall("proportion_confint") { return checkInterval(&vector) }
        if one["count"]?.int != nil { return checkOne(&vector) }
        return checkTwo(&vector)
    }

    private func checkBinomial(_ vector: inout VectorCase) -> Bool {
        guard let k = (one["k"] ?? one["count"])?.int, let n = (one["n"] ?? one["nobs"])?.int,
            let alternative = alternative(), let successes = Successes(k, of: n)
        else { return false }
        if let pValue {
            // `p` is the result; the rate stands in the call.
            let rate = call.number(after: "p=") ?? one["p0"]?.double ?? 0.5
            vector.expect(
                "p", successes.binomialTest(rate: rate, alternative: alternative), pValue)
        }
        if let interval {
            let kinds: [String: Successes.Interval] = [
                "exact": .clopperPearson, "wilson": .wilson, "wilsoncc": .wilsonCorrected,
            ]
            let named = choice("method", of: ["exact", "wilson", "wilsoncc"], default: "exact")
            guard let kind = kinds[named] else { return false }
            let found = successes.interval(
                kind, confidence: confidence(), alternative: alternative)
            vector.expect("ci", [found.lower, found.upper], interval)
        }
        return pValue != nil || interval != nil
    }

    private func checkInterval(_ vector: inout VectorCase) -> Bool {
        let kinds = Successes.Interval.allCases.filter { $0 != .wilsonCorrected }
        // The library's own default is `normal`.
        let named = choice(
            "method", of: kinds.map(\.rawValue) + ["binom_test"], default: "normal")
        guard let count = one["count"]?.int, let trials = one["nobs"]?.int,
            let successes = Successes(count, of: trials), let alternative = alternative(),
            let kind = kinds.first(where: {
                named == $0.rawValue || ($0 == .jeffreys && named.hasPrefix("jeff"))
            })
        else { return false }
        // An alternative of `larger` is bounded from above there.
        let side: Alternative =
            switch alternative {
            case .twoSided: .twoSided
            case .greater: .less
            case .less: .greater
            }
        let found = successes.interval(kind, confidence: confidence(), alternative: side)
        vector.expect("ci", [found.lower, found.upper], interval)
        return true
    }

    private func checkOne(_ vector: inout VectorCase) -> Bool {
        guard isCall("proportions_ztest"), let count = one["count"]?.int,
            let trials = one["nobs"]?.int, let successes = Successes(count, of: trials),
            let alternative = alternative(), let value = parameter("value", after: ["value="])
        else { return false }
        let test = successes.zTest(
            rate: value, alternative: alternative, assumed: one["prop_var"]?.double)
        vector.expect(test, "z", self)
        return true
    }

    private func checkTwo(_ vector: inout VectorCase) -> Bool {
        guard let counts = one["count"]?.ints, let trials = one["nobs"]?.ints, counts.count == 2,
            trials.count == 2, let first = Successes(counts[0], of: trials[0]),
            let second = Successes(counts[1], of: trials[1])
        else { return false }
        let pair = TwoProportions(first, second)
        if isCall("proportions_ztest") {
            guard let alternative = alternative() else { return false }
            let test = pair.zTest(
                alternative: alternative, value: parameter("value", after: ["value="]) ?? 0,
                assumed: one["prop_var"]?.double)
            vector.expect(test, "z", self)
            return true
        }
        if isCall("confint_proportions_2indep") {
            return checkDistanceInterval(pair, &vector)
        }
        return isCall("test_proportions_2indep") && checkDistance(pair, &vector)
    }
}
