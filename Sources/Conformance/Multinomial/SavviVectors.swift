import Evidence
import Foundation

/// savvi: sample ratios, Poisson processes and regression, each looked at again and again. Cases
/// with the same parameters and growing counts are looks of one sequence.
package enum SavviVectors: VectorFamily {
    package static func recognises(_ document: VectorValue) -> Bool {
        (document["cases"]?.list ?? []).contains { $0["call"]?.string?.contains("savvi") == true }
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        var looks: [String: SavviLooks] = [:]
        var regression: (key: String, model: AnytimeRegression, seen: Int)?
        let data = document["regression_data"]
        for (index, one) in (document["cases"]?.list ?? []).enumerated() {
            let call = one["call"]?.string ?? "no call"
            report.check("cases[\(index)] \(call)") { vector in
                if call.contains("LinearRegression") {
                    check(one, data, &regression, &vector)
                } else if call.contains("Multinomial") || call.contains("PoissonProcess") {
                    check(one, call, &looks, &vector)
                } else {
                    vector.isUnknown("no function for \(call)")
                }
            }
        }
    }

    private static let counted: Set<String> = [
        "call", "note", "theta_0", "rho", "k", "alpha", "weights", "cumulative_counts",
        "posterior_odds", "log_odds", "p_value_running_min", "conf_int_running",
        "log_ratio_conf_int_running",
    ]

    private static func check(
        _ one: VectorValue, _ call: String, _ looks: inout [String: SavviLooks],
        _ vector: inout VectorCase
    ) {
        if let stranger = (one.object ?? [:]).keys.sorted().first(where: { !counted.contains($0) })
        {
            return vector.isUnknown("what \(stranger) means is not known")
        }
        guard let shares = (one["theta_0"] ?? one["rho"])?.doubles, let k = one["k"]?.double,
            let alpha = one["alpha"]?.double, let counts = one["cumulative_counts"]?.ints,
            let fresh = MultinomialSequence(shares: shares, concentration: k, alpha: alpha),
            counts.count == shares.count
        else { return vector.isUnknown("no shares or counts") }
        let key = "\(call) \(shares) \(k) \(alpha) \(one["weights"].map { "\($0)" } ?? "")"
        var now = SavviLooks(sequence: fresh, contrasts: contrasts(one, call) ?? [])
        if let before = looks[key],
            zip(before.counts, counts).allSatisfy({ $0 <= $1 })
        {
            now = before
        }
        let odds = now.sequence.logOdds(counts)
        now.look(at: counts)
        looks[key] = now
        if let expected = one["log_odds"] {
            vector.expect("log odds", odds, expected, within: .relative(1e-9, absolute: 1e-10))
        }
        let relative = Tolerance.relative(1e-8)
        vector.expect("odds", LogDomain.exp(odds), one["posterior_odds"], within: relative)
        vector.expect(
            "p", now.sequence.pValue, one["p_value_running_min"]?.list?.last, within: relative)
        if let intervals = one["conf_int_running"]?.list {
            let found = now.sequence.intervals.map { ($0.lowerBound, $0.upperBound) }
            vector.expectWithin("interval", found, intervals)
        }
        if let intervals = one["log_ratio_conf_int_running"]?.list {
            guard contrasts(one, call) != nil else {
                return vector.isUnknown("weights that do not add up to zero")
            }
            vector.expectWithin("contrast", now.intervals, intervals)
        }
    }

    /// The rows of `weights=[[1,-1]]` in the call, or of the member.
    private static func contrasts(_ one: VectorValue, _ call: String) -> [MultinomialContrast]? {
        var rows = one["weights"]?.list?.compactMap(\.doubles)
        if rows == nil, let start = call.range(of: "weights=[[")?.upperBound,
            let end = call.range(of: "]]", range: start..<call.endIndex)?.lowerBound
        {
            rows = call[start..<end].components(separatedBy: "],").map { $0.numbers.map(\.value) }
        }
        let found = rows?.compactMap(MultinomialContrast.init)
        return found?.isEmpty == false && found?.count == rows?.count ? found : nil
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

/// The looks of one sequence that a file lists.
private struct SavviLooks {
    var sequence: MultinomialSequence
    let contrasts: [MultinomialContrast]
    private(set) var intervals: [(lower: Double, upper: Double)]
    private(set) var counts: [Int] = []

    init(sequence: MultinomialSequence, contrasts: [MultinomialContrast]) {
        self.sequence = sequence
        self.contrasts = contrasts
        intervals = contrasts.map { _ in (-.infinity, .infinity) }
    }

    mutating func look(at counts: [Int]) {
        self.counts = counts
        sequence.look(at: counts)
        for (index, contrast) in contrasts.enumerated() {
            guard let found = sequence.interval(of: contrast, at: counts) else { continue }
            intervals[index] = (
                max(intervals[index].lower, found.lower), min(intervals[index].upper, found.upper)
            )
        }
    }
}

extension VectorCase {
    /// Running intervals. They are from a convex solver that stops at about 1e-6.
    ///
    /// Theirs run over looks which a file need not list, so theirs may be narrower than ours of the
    /// listed looks, never wider; and the newest look, which both have, gives some end at least.
    fileprivate mutating func expectWithin(
        _ what: String, _ found: [(lower: Double, upper: Double)], _ expected: [VectorValue]
    ) {
        let solved = Tolerance.relative(2e-5, absolute: 2e-5)
        expectSame("\(what)s", found.count, expected.count)
        var agreed = 0
        for (ours, theirs) in zip(found, expected) {
            guard let ends = theirs.doubles, ends.count == 2, ends[0] <= ends[1] else {
                expect(what, nil, theirs, within: solved)
                continue
            }
            let (lower, upper) = (max(ours.lower, ends[0]), min(ours.upper, ends[1]))
            expect("\(what) lower", lower, ends[0], within: solved)
            expect("\(what) upper", upper, ends[1], within: solved)
            for (our, their) in [(ours.lower, ends[0]), (ours.upper, ends[1])]
            where abs(our - their) <= max(solved.absolute, solved.relative * abs(their)) {
                agreed += 1
            }
        }
        if !expected.isEmpty, agreed == 0 {
            expect("\(what): an end of the newest look", nil, expected.first, within: solved)
        }
    }
}
