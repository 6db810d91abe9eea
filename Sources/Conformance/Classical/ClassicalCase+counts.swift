import Evidence
import Foundation

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
            vector.expect("p", p, one["p"])
            return true
        }
        if isCall("binomtest") {
            guard let k = one["k"]?.int, let n = one["n"]?.int, let alternative = alternative(),
                let successes = Successes(k, of: n)
            else { return false }
            // `p` is the result here; the rate stands in the call.
            let rate = call.range(of: "p=").flatMap {
                String(call[$0.upperBound...]).numbers.first?.value
            }
            guard let rate = rate ?? one["p0"]?.double else { return false }
            vector.expect(
                "p", successes.binomialTest(rate: rate, alternative: alternative), one["p"])
            return true
        }
        if isCall("proportion_confint") { return checkInterval(&vector) }
        return checkTwo(&vector)
    }

    private func checkInterval(_ vector: inout VectorCase) -> Bool {
        guard let count = one["count"]?.int, let trials = one["nobs"]?.int,
            let successes = Successes(count, of: trials),
            let kind = Successes.Interval.allCases.first(where: {
                isCall(" \($0.rawValue)") || one["method"]?.string == $0.rawValue
            })
        else { return false }
        let interval = successes.interval(kind, confidence: confidence())
        vector.expect("ci", [interval.lower, interval.upper], one["ci"])
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
                alternative: alternative, value: one["value"]?.double ?? 0)
            expect(test, &vector)
        } else if isCall("confint_proportions_2indep") {
            let interval: (lower: Double, upper: Double)
            if isCall("newcomb") {
                interval = pair.newcombe(confidence: confidence())
            } else if isCall("agresti-caffo") {
                interval = pair.wald(confidence: confidence(), adjusted: true)
            } else if isCall("wald") {
                interval = pair.wald(confidence: confidence())
            } else {
                return false
            }
            vector.expect("ci", [interval.lower, interval.upper], one["ci"])
        } else if isCall("test_proportions_2indep") {
            guard isCall("score"),
                let value = parameter("value", after: "p1-p2<=")
                    ?? parameter("value", after: "p1-p2>=") ?? parameter("value", after: "p1-p2=")
            else { return false }
            // H0: p1 - p2 <= v is tested against a larger difference.
            let standard: Alternative =
                call.contains("<=") ? .greater : call.contains(">=") ? .less : .twoSided
            guard let alternative = alternative(default: standard) else { return false }
            let test = pair.scoreTest(
                value: value, alternative: alternative,
                correction: one["correction"]?.bool ?? true)
            expect(test, &vector)
        } else {
            return false
        }
        return true
    }

    private func expect(_ test: ClassicalTest, _ vector: inout VectorCase) {
        // A difference that is as large as asked for leaves a z of rounding alone.
        let tolerance = Tolerance.relative(1e-10, absolute: 1e-12)
        vector.expect("z", test.statistic, one["z"] ?? one["statistic"], within: tolerance)
        vector.expect("p", test.pValue, one["p"], within: .relative(1e-10, absolute: 1e-300))
    }
}
