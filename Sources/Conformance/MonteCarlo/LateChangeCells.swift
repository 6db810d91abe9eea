import Calibration
import Evidence

/// Cells about harm that begins late, with the evidence of the whole past and with restarts.
enum LateChangeCells {
    private static let tick = 100
    private static let horizon = 1_000_000
    private static let restarts = 200
    private static let rules = [
        "cumulative only", "half cumulative + half restart-mixture", "restart mixture only",
        "e-SR (ARL control)",
    ]

    /// `change at 10000 requests .04->0.08` and `null q=0.045`
    static func check(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        if let rate = name.number(after: "null q="), rate > 0, rate <= 0.05 {
            let times = times(name, change: 0, (rate, rate), horizon: horizon, repetitions: 150)
            report.check(name) { one in
                for (index, rule) in rules.enumerated() {
                    one.expectRate(
                        rule, Estimate(rateOf: times.map { $0[index] != nil }), cell[rule],
                        theirs: 3_000)
                }
            }
            return true
        }
        guard let change = name.number(after: "change at ").flatMap({ Int(exactly: $0) }),
            (0...2_000_000).contains(change), let before = name.number(after: "requests "),
            let after = name.number(after: "->"), before > 0, before <= 0.05, after > 0.05,
            after < 1
        else { return false }
        let times = times(
            name, change: change, (before, after), horizon: change + 3 * horizon, repetitions: 40)
        let bound = -LogDomain.log(0.05) / Information.divergence(after, from: 0.05)
        report.check(name) { one in
            for (index, rule) in rules.enumerated() {
                let row = cell[rule]
                let found = times.map { $0[index] }
                one.expectRate(
                    "\(rule), false before",
                    Estimate(rateOf: found.map { $0.map { $0 <= change } ?? false }),
                    row?["false_before"])
                let delays = found.compactMap { time in
                    time.flatMap { $0 > change ? Double($0 - change) : nil }
                }
                one.expectMean(
                    "\(rule), delay", Estimate(meanOf: delays), row?["mean_delay_requests"])
                one.expect(
                    "\(rule), ratio", (row?["mean_delay_requests"]?.double ?? .nan) / bound,
                    row?["ratio_to_log20_over_KL"])
            }
            one.expect("bound", bound, cell["bound"])
        }
        return true
    }

    /// Requests until each rule's alarm at 1/0.05.
    private static func times(
        _ name: String, change: Int, _ rates: (before: Double, after: Double), horizon: Int,
        repetitions: Int
    ) -> [[Int?]] {
        let seed = Repetitions.seed(MonteCarloVectors.seed, name)
        return Repetitions.run(repetitions, seed: seed) { random -> [Int?] in
            var alarms = [Int?](repeating: nil, count: rules.count)
            guard var process = try? ProportionProcess(limit: 0.05, restarts: restarts),
                var early = try? ProportionProcess(limit: 0.05, restarts: restarts)
            else { return alarms }
            early.restart()
            for look in 1...(horizon / tick) {
                let seen = (look - 1) * tick
                if seen > 0, seen % (LateChangeCells.horizon / restarts) == 0 {
                    process.restart()
                    early.restart()
                }
                let failures = random.binomial(tick, seen < change ? rates.before : rates.after)
                guard (try? process.observe(trials: tick, failures: failures)) != nil,
                    (try? early.observe(trials: tick, failures: failures)) != nil
                else { return alarms }
                let wealth = process.rollback
                let logs = [
                    LogDomain.logMeanExp(wealth.logs), wealth.logE, wealth.restarts?.logE,
                    early.rollback.restarts?.logE,
                ]
                for (index, logE) in logs.enumerated() where alarms[index] == nil {
                    if EvidenceReading.reaches(logE ?? 0, level: 0.05) {
                        alarms[index] = look * tick
                    }
                }
                if alarms.allSatisfy({ $0 != nil }) { break }
            }
            return alarms
        }
    }
}
