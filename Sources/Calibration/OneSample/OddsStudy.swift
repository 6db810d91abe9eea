import Evidence

/// How near the engine comes to the least number of requests, over limits and effects.
package enum OddsStudy: Study {
    package static let name = "odds"
    package static let summary = "delay beside the least possible, by limit and odds ratio"

    package static let limits = [0.5, 0.1, 0.05, 0.01, 0.001]
    package static let ratios = [1.1, 1.2, 1.5, 2, 4]

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        limits.flatMap { limit in
            ratios.flatMap {
                one(limit: limit, oddsRatio: $0, alphas: [0.05, 0.01, 0.001])
                    .run(seed: seed, repetitions: effort.repetitions(full: 1_000))
                    .delays(name, information: information(limit, $0)) { alpha in
                        alpha > 0.02 ? 1.8 : alpha > 0.002 ? 1.6 : 1.45
                    }
            }
        }
    }

    package static func rate(_ limit: Double, _ oddsRatio: Double) -> Double {
        LogDomain.expit(LogDomain.logit(limit) + LogDomain.log(oddsRatio))
    }

    package static func information(_ limit: Double, _ oddsRatio: Double) -> Double {
        Information.divergence(rate(limit, oddsRatio), from: limit)
    }

    package static func one(limit: Double, oddsRatio: Double, alphas: [Double]) -> Race {
        let strictest = alphas.min() ?? 0.05
        let horizon = -LogDomain.log(strictest) / information(limit, oddsRatio) * 20 + 1_000
        return Race(
            "limit \(limit), odds ratio \(oddsRatio)", horizon: Int(min(horizon, 1e12)),
            contestants: alphas.map { OneSampleStudy.ours($0, limit: limit) },
            draw: Traffic.failures(rate(limit, oddsRatio)))
    }
}
