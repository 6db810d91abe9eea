import Evidence

/// Means of skewed measurements at an unequal split: which variance is safe.
package enum HeavyTailStudy: Study {
    package static let name = "heavy-tails"
    package static let summary = "lognormal measurements, 5 % candidate: false claims about means"

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        [0.5, 1, 1.5, 2].flatMap { deviation in
            claims(
                deviation: deviation, looks: 1_000, seed: seed,
                repetitions: effort.repetitions(full: 400)
            ).map { rule, rate in
                rate.figure(name, "log-deviation \(deviation)", rule, "false-claim")
            }
        }
    }

    /// False claims that the candidate's mean is higher, or lower; 10 beside 190 at each look.
    package static func claims(
        deviation: Double, looks: Int, seed: UInt64, repetitions: Int
    ) -> [(String, Estimate)] {
        let names = [
            "gatewright: higher", "gatewright: lower", "gatewright: refuses",
            "own variances: higher", "own variances: lower",
        ]
        let seed = Repetitions.seed(seed, "deviation \(deviation)")
        let found = Repetitions.run(repetitions, seed: seed) { random -> [Bool] in
            guard var rise = try? MeanComparison(limit: .riseAtMost(0)),
                var drop = try? MeanComparison(limit: .dropAtMost(0))
            else { return names.map { _ in true } }
            var (candidate, stable) = (Moments(), Moments())
            var (higher, lower) = (false, false)
            func draw(_ count: Int) -> Moments {
                var moments = Moments()
                for _ in 0..<count {
                    try? moments.add(LogDomain.exp(deviation * random.normal()))
                }
                return moments
            }
            for _ in 0..<looks {
                let block = MeanBlock(candidate: draw(10), stable: draw(190))
                try? rise.observe(block)
                try? drop.observe(block)
                try? candidate.merge(block.candidate)
                try? stable.merge(block.stable)
                guard candidate.count >= MeanComparison.burnIn,
                    let spread = candidate.variance, let stableSpread = stable.variance
                else { continue }
                let variance =
                    (spread / Double(candidate.count) + stableSpread / Double(stable.count))
                    / (stable.mean * stable.mean)
                let difference = candidate.mean / stable.mean - 1
                higher = higher || gridLogE(difference, variance) >= claim
                lower = lower || gridLogE(-difference, variance) >= claim
            }
            let (risen, dropped) = (rise.reading(alpha: 0.05), drop.reading(alpha: 0.05))
            return [
                risen.crossed(.rollback, level: 0.05), dropped.crossed(.rollback, level: 0.05),
                risen.undecidable != nil, higher, lower,
            ]
        }
        return names.indices.map { index in
            (names[index], Estimate(rateOf: found.map { $0[index] }))
        }
    }

    private static let claim = -LogDomain.log(0.05)

    /// log E of a relative difference against the grid of alternatives.
    package static func gridLogE(_ difference: Double, _ variance: Double) -> Double {
        guard variance > 0 else { return 0 }
        return LogDomain.logMeanExp(
            EffectGrid.relative.map { ($0 * difference - $0 * $0 / 2) / variance })
    }
}
