import Evidence

/// savvi: sample ratios, Poisson processes and regression, each looked at again and again. Cases
/// with the same parameters and growing counts are looks of one sequence.
package enum SavviVectors: VectorFamily {
    package static func recognises(_ document: VectorValue) -> Bool {
        (document["cases"]?.list ?? []).contains { $0["call"]?.string?.contains("savvi") == true }
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        var sequences: [String: (sequence: MultinomialSequence, counts: [Int])] = [:]
        var regression: (key: String, model: AnytimeRegression, seen: Int)?
        let data = document["regression_data"]
        for (index, one) in (document["cases"]?.list ?? []).enumerated() {
            let call = one["call"]?.string ?? "no call"
            report.check("cases[\(index)] \(call)") { vector in
                if call.contains("LinearRegression") {
                    check(one, data, &regression, &vector)
                } else if call.contains("Multinomial") || call.contains("Poisson") {
                    check(one, call, &sequences, &vector)
                } else {
                    vector.isUnknown("no function for \(call)")
                }
            }
        }
    }

    private static func check(
        _ one: VectorValue, _ call: String,
        _ sequences: inout [String: (sequence: MultinomialSequence, counts: [Int])],
        _ vector: inout VectorCase
    ) {
        guard let shares = (one["theta_0"] ?? one["rho"])?.doubles, let k = one["k"]?.double,
            let alpha = one["alpha"]?.double, let counts = one["cumulative_counts"]?.ints,
            let fresh = MultinomialSequence(shares: shares, concentration: k, alpha: alpha)
        else { return vector.isUnknown("no shares or counts") }
        let key = "\(call) \(shares) \(k) \(alpha)"
        let before = sequences[key]
        let isGrowing = before.map { zip($0.counts, counts).allSatisfy { $0 <= $1 } } ?? false
        var sequence = isGrowing ? before?.sequence ?? fresh : fresh
        let odds = sequence.logOdds(counts)
        sequence.look(at: counts)
        sequences[key] = (sequence, counts)
        if let expected = one["log_odds"] {
            vector.expect("log odds", odds, expected, within: .relative(1e-9, absolute: 1e-10))
        }
        let relative = Tolerance.relative(1e-8)
        vector.expect("odds", LogDomain.exp(odds), one["posterior_odds"], within: relative)
        vector.expect(
            "p", sequence.pValue, one["p_value_running_min"]?.list?.last, within: relative)
        // Found there by a convex solver that stops at about 1e-6.
        let solved = Tolerance.relative(2e-5, absolute: 2e-5)
        if let intervals = one["conf_int_running"]?.list {
            vector.expectSame("arms", sequence.intervals.count, intervals.count)
            for (found, expected) in zip(sequence.intervals, intervals) {
                vector.expectWithin("interval", found, expected, within: solved)
            }
        }
        if let intervals = one["log_ratio_conf_int_running"]?.list {
            guard call.contains("[[1,-1]]"), let found = sequence.logRatio, intervals.count == 1
            else { return vector.isUnknown("other contrasts than [[1,-1]]") }
            vector.expectWithin("log ratio", found, intervals.first, within: solved)
        }
    }

    private static func check(
        _ one: VectorValue, _ data: VectorValue?,
        _ regression: inout (key: String, model: AnytimeRegression, seen: Int)?,
        _ vector: inout VectorCase
    ) {
        guard let y = data?["y"]?.doubles, let x = data?["x"]?.doubles, y.count == x.count,
            let n = one["n"]?.int, (1...y.count).contains(n), let phi = one["phi"]?.double,
            let alpha = one["alpha"]?.double,
            let fresh = AnytimeRegression(
                // It solves recursively from a covariance of 1e6, and gives up a degree of freedom.
                regressors: 2, phi: phi, alpha: alpha, ridge: 1e-6, spare: 1)
        else { return vector.isUnknown("no data") }
        let key = "\(phi) \(alpha)"
        var current = (key: key, model: fresh, seen: 0)
        if let known = regression, known.key == key, known.seen <= n { current = known }
        var fit: AnytimeRegression.Fit?
        for index in current.seen..<n {
            current.model.observe(y[index], [1, x[index]])
            fit = current.model.look()
        }
        current.seen = n
        regression = current
        let relative = Tolerance.relative(1e-5, absolute: 1e-6)
        vector.expect("beta", fit?.coefficients ?? [], one["beta"], within: relative)
        vector.expect("se", fit?.standardErrors ?? [], one["se"], within: relative)
        vector.expect("p", current.model.pValues, one["p_running_min"], within: .relative(1e-4))
        for (found, expected) in zip(current.model.intervals, one["ci_running"]?.list ?? []) {
            vector.expect("ci", [found.lower, found.upper], expected, within: relative)
        }
    }
}

extension VectorCase {
    /// Intervals that run over looks which the file does not list may be narrower than those of the
    /// listed ones, never wider.
    fileprivate mutating func expectWithin(
        _ what: String, _ found: ClosedRange<Double>, _ expected: VectorValue?,
        within tolerance: Tolerance
    ) {
        guard let ends = expected?.doubles, ends.count == 2, ends[0] <= ends[1] else {
            return expect(what, nil, expected, within: tolerance)
        }
        let (lower, upper) = (max(found.lowerBound, ends[0]), min(found.upperBound, ends[1]))
        expect("\(what) lower", lower, ends[0], within: tolerance)
        expect("\(what) upper", upper, ends[1], within: tolerance)
    }
}
