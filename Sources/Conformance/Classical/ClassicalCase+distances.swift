import Evidence
import Foundation

/// Two proportions by difference, ratio and odds ratio, as statsmodels has them.
extension ClassicalCase {
    private static let methods = [
        "agresti-caffo", "wald", "newcomb", "newcombe", "log-adjusted", "logit-adjusted",
        "logit-smoothed", "logit", "log", "score",
    ]

    private var apart: RatesApart? {
        let named = choice("compare", of: ["odds-ratio", "ratio", "diff"], default: "diff")
        return named == "or" ? .oddsRatio : RatesApart(rawValue: named)
    }

    func checkDistance(_ pair: TwoProportions, _ vector: inout VectorCase) -> Bool {
        guard let apart else { return false }
        let standard =
            switch apart {
            case .difference: "agresti-caffo"
            case .ratio: "log-adjusted"
            case .oddsRatio: "logit-adjusted"
            }
        let method = choice("method", of: Self.methods, default: standard)
        let marks = ["p1-p2<=", "p1-p2>=", "p1-p2=", "value="]
        let value = parameter("value", after: marks) ?? apart.ofEqualRates
        // H0: p1 - p2 <= v is tested against a larger difference.
        let side: Alternative =
            call.contains("<=") ? .greater : call.contains(">=") ? .less : .twoSided
        guard let alternative = alternative(default: side) else { return false }
        if method == "score" {
            let test = pair.scoreTest(
                apart, value: value, alternative: alternative,
                correction: flag("correction", default: true), nullRates: Self.nullRates)
            vector.expect(test, "z", self)
            return true
        }
        guard let adjustment = Self.adjustment(method, apart) else { return false }
        let test = pair.waldTest(
            apart, value: value, alternative: alternative, adjustment: adjustment)
        vector.expect(test, "z", self)
        return true
    }

    func checkDistanceInterval(_ pair: TwoProportions, _ vector: inout VectorCase) -> Bool {
        guard let apart else { return false }
        let standard =
            switch apart {
            case .difference: "newcomb"
            case .ratio: "log-adjusted"
            case .oddsRatio: "logit-adjusted"
            }
        let method = choice("method", of: Self.methods, default: standard)
        var found: (lower: Double, upper: Double)?
        var tolerance = Tolerance.closedForm
        if method.hasPrefix("newcomb"), apart == .difference {
            found = pair.newcombe(confidence: confidence())
        } else if method == "score" {
            found = pair.scoreInterval(
                apart, confidence: confidence(), correction: flag("correction", default: true),
                nullRates: Self.nullRates)
            // Roots of a cubic, or of p-values, there.
            tolerance = .relative(1e-7, absolute: 1e-10)
        } else if let adjustment = Self.adjustment(method, apart) {
            found = pair.waldInterval(
                apart, confidence: confidence(), adjustment: adjustment)
        } else {
            return false
        }
        vector.expect(
            "ci", found.map { [$0.lower, $0.upper] } ?? [], interval, within: tolerance)
        return true
    }

    private static func adjustment(
        _ method: String, _ apart: RatesApart
    ) -> TwoProportions.Adjustment? {
        switch (apart, method) {
        case (.difference, "wald"), (.ratio, "log"), (.oddsRatio, "logit"): .plain
        case (.difference, _) where method.hasPrefix("agr"): .added
        case (.ratio, "log-adjusted"), (.oddsRatio, "logit-adjusted"): .added
        case (.oddsRatio, "logit-smoothed"): .smoothed
        default: nil
        }
    }

    /// The cubic of Miettinen and Nurminen (1985) as statsmodels 0.15 has it: in the coefficient of
    /// the first power it takes the second arm's successes for its size. Ours finds the likeliest
    /// rates; the rest of the test is compared with these.
    private static func nullRates(_ pair: TwoProportions, _ value: Double) -> (Double, Double) {
        let (k1, n1) = (Double(pair.first.count), Double(pair.first.trials))
        let (k2, n2) = (Double(pair.second.count), Double(pair.second.trials))
        let (n, count) = (n1 + n2, k1 + k2)
        if value == 0 { return (count / n, count / n) }
        let second = ((n1 + 2 * n2) * value - n - count) / (3 * n)
        let first = (k2 * value - n - 2 * k2) * value + count
        let none = k2 * value * (1 - value)
        let q = second * second * second - first * second / (2 * n) + none / (2 * n)
        let size = (second * second - first / (3 * n)).squareRoot()
        let p = q < 0 ? -size : q > 0 ? size : 0
        let angle = (.pi + acos(q / (p * p * p))) / 3
        let rate = 2 * p * cos(angle) - second
        return (rate + value, rate)
    }
}
