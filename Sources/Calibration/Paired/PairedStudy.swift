import Evidence

/// Shadow traffic: both versions answer the same requests.
package enum PairedStudy: Study {
    package static let name = "paired"
    package static let summary = "both versions on the same requests: false claims and delay"

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        let calm = Estimate(
            rateOf: alarms(
                discordance: 0.03, drop: 0, horizon: 200_000, seed: seed,
                repetitions: effort.repetitions(full: 1_000)
            ).map { $0 != nil }
        ).figure(
            name, "discordance 0.03, no drop", "gatewright", "false-rollback",
            promise: .atMost(0.05))
        let harm = [0.01, 0.03, 0.06].flatMap { discordance in
            [0.002, 0.005, 0.01, 0.02].filter { $0 < discordance }
                .flatMap { drop -> [StudyFigure] in
                    let least = bound(discordance: discordance, drop: drop)
                    let found = alarms(
                        discordance: discordance, drop: drop, horizon: Int(least * 12),
                        seed: seed, repetitions: effort.repetitions(full: 200))
                    let scenario = "discordance \(discordance), drop \(percent(drop))"
                    let mean = Estimate(meanOf: found.compactMap { $0.map(Double.init) })
                    return [
                        Estimate(rateOf: found.map { $0 != nil }).figure(
                            name, scenario, "gatewright", "power", promise: .atLeast(0.99)),
                        mean.figure(name, scenario, "gatewright", "mean-requests"),
                        mean.divided(by: least).figure(
                            name, scenario, "gatewright", "ratio-to-bound"),
                    ]
                }
        }
        return [calm] + harm
    }

    /// log 20 over the largest expected growth of a constant bet: the root of its derivative is
    /// drop/discordance, which 1 bounds.
    package static func bound(discordance: Double, drop: Double) -> Double {
        let bet = min(drop / discordance, 1 - 1e-9)
        let (worse, better) = ((discordance + drop) / 2, (discordance - drop) / 2)
        let growth = worse * LogDomain.log1p(bet) + better * LogDomain.log1p(-bet)
        return -LogDomain.log(0.05) / growth
    }

    /// Pairs until the alarm at 0.05, looked at every 10 pairs.
    package static func alarms(
        discordance: Double, drop: Double, horizon: Int, seed: UInt64, repetitions: Int
    ) -> [Int?] {
        let seed = Repetitions.seed(seed, "\(discordance) \(drop)")
        let tick = drop == 0 ? 100 : 10
        let worseShare = (discordance + drop) / 2 / discordance
        return Repetitions.run(repetitions, seed: seed) { random -> Int? in
            guard var process = try? PairedComparison(margin: 0) else { return 0 }
            for look in 1...max(horizon / tick, 1) {
                let discordant = random.binomial(tick, discordance)
                let worse = random.binomial(discordant, worseShare)
                guard
                    (try? process.observe(
                        better: discordant - worse, equal: tick - discordant, worse: worse)) != nil
                else { return 0 }
                if EvidenceReading.reaches(process.rollback.peak, level: 0.05) {
                    return look * tick
                }
            }
            return nil
        }
    }
}
