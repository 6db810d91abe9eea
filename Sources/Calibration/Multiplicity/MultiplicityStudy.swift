import Evidence

/// Twenty guardrails at once, some of which the candidate violates.
package enum MultiplicityStudy: Study {
    package static let name = "multiplicity"
    package static let summary = "twenty guardrails: false rollbacks and delay, by correction"

    package static let streams = 20
    package static let names = ["gatewright, alpha shared", "average of E", "uncorrected"]

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        let calm = falseRollbacks(
            horizon: 100_000, seed: seed, repetitions: effort.repetitions(full: 400)
        ).enumerated().map { index, rate in
            rate.figure(
                name, "20 guardrails at their limits", names[index], "false-rollback",
                promise: index == 0 ? .atMost(0.05) : nil)
        }
        let harm = [1, 4, 20].flatMap { bad in
            delays(bad: bad, seed: seed, repetitions: effort.repetitions(full: 400))
                .enumerated().map { index, delay in
                    delay.figure(
                        name, "\(bad) of 20 guardrails violated", names[index], "mean-requests")
                }
        }
        return calm + harm
    }

    package static func falseRollbacks(
        horizon: Int, seed: UInt64, repetitions: Int
    ) -> [Estimate] {
        let found = times(
            bad: 0, others: 0.05, tick: 100, horizon: horizon, seed: seed,
            repetitions: repetitions)
        return names.indices.map { index in Estimate(rateOf: found.map { $0[index] != nil }) }
    }

    package static func delays(bad: Int, seed: UInt64, repetitions: Int) -> [Estimate] {
        let found = times(
            bad: bad, others: 0.045, tick: 100, horizon: 50_000, seed: seed,
            repetitions: repetitions)
        return names.indices.map { index in
            Estimate(meanOf: found.compactMap { $0[index].map(Double.init) })
        }
    }

    /// Requests of each stream until each rule alarms.
    static func times(
        bad: Int, others: Double, tick: Int, horizon: Int, seed: UInt64, repetitions: Int
    ) -> [[Int?]] {
        let seed = Repetitions.seed(seed, "bad \(bad)")
        let single = -LogDomain.log(0.05)
        let shared = single + LogDomain.log(Double(streams))
        return Repetitions.run(repetitions, seed: seed) { random in
            var alarms: [Int?] = names.map { _ in nil }
            guard let fresh = try? ProportionProcess(limit: 0.05) else { return alarms }
            var processes = Array(repeating: fresh, count: streams)
            for look in 1...(horizon / tick) where alarms.contains(nil) {
                for index in processes.indices {
                    let failures = random.binomial(tick, index < bad ? 0.07 : others)
                    try? processes[index].observe(trials: tick, failures: failures)
                }
                let peak = processes.map(\.rollback.peak).max() ?? 0
                let mean = LogDomain.logMeanExp(processes.map(\.rollback.logE))
                let verdicts = [peak >= shared, mean >= single, peak >= single]
                for (index, verdict) in verdicts.enumerated() where verdict {
                    alarms[index] = alarms[index] ?? look * tick
                }
            }
            return alarms
        }
    }
}
