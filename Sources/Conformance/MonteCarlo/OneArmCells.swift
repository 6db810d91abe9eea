import Calibration
import Evidence

/// Cells about a candidate alone, whose failure rate must not be above 0.05.
enum OneArmCells {
    private static let limit = 0.05
    private static let seed = MonteCarloVectors.seed
    /// Of rates of false rollbacks of one candidate, which are counts of 4,000.
    private static let repetitionsElsewhere = 4_000.0

    /// `0.05|grid_2_9pt(0.25pt..64pt)`: drop → [power, mean of detected, ratio, median]
    static func delayByMixture(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        let parts = name.split(separator: "|", maxSplits: 1)
        guard parts.count == 2, let alpha = Double(parts[0]), alpha > 0, alpha < 0.5,
            let contestant = mixture(String(parts[1]), alpha)
        else { return false }
        for (drop, row) in (cell.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let shift = Double(drop), shift > 0, limit + shift < 1 else { continue }
            let result = Race(
                name + drop, horizon: 400_000, contestants: [contestant],
                draw: Traffic.failures(limit + shift)
            ).run(seed: seed, repetitions: 60)
            report.check("\(name), drop \(drop)") { one in
                let power = row.list?.first
                one.expectRate("power", result.rate(of: 0), power)
                guard (power?.double ?? 0) > 0.99, let mean = row.list?[1] else { return }
                one.expectMean("mean", result.meanRequests(of: 0), mean)
                let bound =
                    -LogDomain.log(alpha) / Information.divergence(limit + shift, from: limit)
                if power?.double == 1, let ratio = row.list?[2] {
                    one.expect("ratio", (mean.double ?? .nan) / bound, ratio)
                }
            }
        }
        return true
    }

    private static func mixture(_ rule: String, _ alpha: Double) -> Contestant? {
        switch rule {
        case "beta(0.5,0.5)trunc", "beta(1,1)trunc":
            let shape = rule.hasPrefix("beta(1,") ? 1.0 : 0.5
            return Contestant(rule, alpha: alpha) {
                TruncatedBetaRule(limit: limit, shapes: (shape, shape), alpha: alpha)
            }
        case "confseq_bb_1s(t_opt=1e3)", "confseq_bb_1s(t_opt=1e4)":
            let requests = rule.hasSuffix("1e3)") ? 1e3 : 1e4
            return Contestant(rule, alpha: alpha) {
                TunedMixtureRule(limit: limit, tightestAt: requests, alpha: alpha)
            }
        default:
            return alternatives(rule).map { alternatives in
                Contestant(rule, alpha: alpha) {
                    GridRule(limit: limit, alternatives: alternatives, alpha: alpha)
                }
            }
        }
    }

    /// Rates of `grid_r2_17pt(0.25pt..64pt)`, where r2 is a step of √2, or of `SPRT@2pt`.
    private static func alternatives(_ rule: String) -> [Double]? {
        if rule.hasPrefix("SPRT@"), let points = rule.number(after: "SPRT@") {
            return [limit + points / 100]
        }
        guard rule.hasPrefix("grid_") else { return nil }
        let step = rule.hasPrefix("grid_r2") ? 2.0.squareRoot() : 2
        guard let count = rule.number(after: rule.hasPrefix("grid_r2_") ? "grid_r2_" : "grid_2_"),
            (1...64).contains(count)
        else { return nil }
        // Named without a range where it was given before.
        let first = rule.number(after: "(") ?? 0.25
        var distances = [first / 100]
        while Double(distances.count) < count { distances.append((distances.last ?? 1) * step) }
        return distances.map { limit + $0 }
    }

    /// `every-request…|q=0.05` → rates, or `looks/100req…|rule` and `W=100|rule` → by rate.
    static func competitors(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        let parts = name.split(separator: "|").map(String.init)
        guard let title = parts.first, parts.count > 1 else { return false }
        if title.hasPrefix("every-request") {
            guard let rate = parts.last?.number(after: "q="), rate > 0, rate < 1 else {
                return false
            }
            let alpha = name.number(after: "alpha=") ?? 0.05
            let rule = parts[parts.count - 2]
            guard let made = everyRequestRule(rule, alpha) else { return false }
            let result = Race(
                name, horizon: 1_000_000, contestants: [made], draw: Traffic.failures(rate)
            ).run(seed: seed, repetitions: 400)
            report.check(name) { one in
                for (member, value) in cell.object ?? [:] {
                    let looks = Double(member.split(separator: "_").last ?? "") ?? 1e6
                    one.expectRate(
                        member, result.rate(of: 0, within: Int(min(looks, 1e6))), value,
                        theirs: repetitionsElsewhere, slack: 0)
                }
            }
            return true
        }
        let window = title.number(after: "W=").flatMap { Int(exactly: $0) } ?? 100
        let isWindow = title.hasPrefix("W=")
        guard isWindow || title.hasPrefix("looks/100req"), (1...100_000).contains(window),
            let made = isWindow ? windowRule(parts[1], window) : hundredRule(parts[1])
        else { return false }
        for (key, row) in (cell.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let rate = Double(key), rate > 0, rate < 1 else { continue }
            let result = Race(
                name + key, horizon: window * (isWindow ? 1_000 : 10_000), contestants: [made],
                draw: Traffic.blocks((window, rate))
            ).run(seed: seed, repetitions: 40)
            report.check("\(name), failure rate \(key)") { one in
                if isWindow {
                    for looks in [100, 1_000] {
                        one.expectRate(
                            "rate after \(looks)", result.rate(of: 0, within: looks * window),
                            row["rate_\(looks)looks"])
                    }
                } else {
                    one.expectRate(
                        "rate", result.rate(of: 0), row["rate"], theirs: repetitionsElsewhere,
                        slack: 0)
                    if row["rate"]?.double == 1 {
                        one.expectMean("mean", result.meanRequests(of: 0), row["meanN"])
                    }
                }
            }
        }
        return true
    }

    private static func everyRequestRule(_ rule: String, _ alpha: Double) -> Contestant? {
        if let alternatives = alternatives(rule) {
            return Contestant(rule, alpha: alpha) {
                GridRule(limit: limit, alternatives: alternatives, alpha: alpha)
            }
        }
        if rule == "exact binomial p<.05" {
            return Contestant(rule) { ExactBinomialRule(limit: limit, alpha: 0.05) }
        }
        guard rule.hasPrefix("z") else { return nil }
        let bound = rule.hasPrefix("z>") ? rule.number(after: "z>") : 1.6449
        guard let bound, !rule.contains("p<") || rule.contains("p<.05") else { return nil }
        return Contestant(rule) { ZRule(.constant(limit), bound: bound, burnIn: 50) }
    }

    private static func hundredRule(_ rule: String) -> Contestant? {
        let hypothesis = Hypothesis.constant(limit)
        func z(_ bound: Double) -> Contestant {
            Contestant(rule) { ZRule(hypothesis, bound: bound) }
        }
        switch rule {
        case "z one-sided p<.05 each look": return z(1.6449)
        case "z p<.01 each look": return z(2.3263)
        case "exact binom p<.05 each look":
            return Contestant(rule) { ExactBinomialRule(limit: limit, alpha: 0.05) }
        case "Bonferroni over 1e4 looks": return z(4.4172)
        case "mSPRT 2s tau=1pt", "mSPRT 1s tau=1pt":
            return Contestant(rule) {
                MixtureRule(hypothesis, alpha: 0.05, isOneSided: rule.contains("1s"))
            }
        case "GST OBF 14 looks (Nmax=1e6)":
            let bounds = GroupSequentialRule.bounds(alpha: 0.05)
            return Contestant(rule) {
                GroupSequentialRule(hypothesis, bounds: bounds, largest: 1_000_000)
            }
        case "e-grid9 a=.05", "e-grid17 a=.05":
            let grid = alternatives(rule.contains("17") ? "grid_r2_17pt" : "grid_2_9pt") ?? []
            return Contestant(rule) {
                GridRule(limit: limit, alternatives: grid, alpha: 0.05)
            }
        default: return nil
        }
    }

    private static func windowRule(_ rule: String, _ window: Int) -> Contestant? {
        let count = (rule.number(after: "=") ?? rule.number(after: "")).flatMap {
            Int(exactly: $0)
        }
        guard let count, count >= 0 else { return nil }
        let consecutive = rule.contains("consecutive")
        guard consecutive || rule.hasPrefix("Argo") || rule.hasPrefix("Flagger") else { return nil }
        return Contestant(rule) {
            FailedWindows(
                .constant(1 - limit), window: window,
                failures: rule.hasPrefix("Argo") ? count + 1 : count,
                mustBeConsecutive: consecutive)
        }
    }

    /// `alpha=0.05 q0=0.01`: odds ratio → [ratio, power, bound]
    static func oddsRatios(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard let alpha = name.number(after: "alpha="), alpha > 0, alpha < 0.5,
            let limit = name.number(after: "q0="), limit > 0, limit < 1
        else { return false }
        for (key, row) in (cell.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let odds = Double(key), odds > 1, let expected = row.doubles, expected.count > 2
            else { continue }
            let bound = -LogDomain.log(alpha) / OddsStudy.information(limit, odds)
            let result = OddsStudy.one(limit: limit, oddsRatio: odds, alphas: [alpha])
                .run(seed: seed, repetitions: 100)
            report.check("\(name), odds ratio \(key)") { one in
                one.expectMean(
                    "ratio", result.meanRequests(of: 0).divided(by: bound), row.list?[0])
                one.expectRate("power", result.rate(of: 0), row.list?[1])
                // Printed without decimals.
                one.expect("bound", bound, row.list?[2], within: .absolute(0.51))
            }
        }
        return true
    }
}
