import Evidence

/// A candidate that may be 3 points worse than stable: is it proven good enough, or proven bad?
package enum PromotionStudy: Study {
    package static let name = "promotion"
    package static let summary = "margin of 3 points: wrong promotions, and delay of right ones"

    package static let margin = 0.03
    static let hypothesis = Hypothesis.rise(margin)

    static func ours(_ side: EvidenceSide, _ alpha: Double) -> Contestant {
        Contestant("gatewright \(side.rawValue) \(alpha)", alpha: alpha, promises: true) {
            EngineRule(hypothesis, alpha: alpha, side: side)
        }
    }

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        delays(seed, effort) + atTheMargin(seed, effort) + unproven(seed, effort)
    }

    package static func information(drop: Double) -> Double {
        guard let limit = try? ComparisonLimit.rise(points: margin) else { return .nan }
        return Information.divergence(
            candidate: 0.05 + drop, stable: 0.05, from: limit, share: 0.05)
    }

    package static func race(drop: Double, alphas: [Double]) -> Race {
        let side: EvidenceSide = drop < margin ? .promote : .rollback
        let least = -LogDomain.log(alphas.min() ?? 0.05) / information(drop: drop)
        return Race(
            "true drop \(percent(drop))", horizon: Int(least * 12),
            contestants: alphas.map { ours(side, $0) },
            draw: Traffic.blocks((5, 0.05 + drop), (95, 0.05)))
    }

    private static func delays(_ seed: UInt64, _ effort: Effort) -> [StudyFigure] {
        [-0.01, 0, 0.01, 0.05, 0.08].flatMap { drop in
            race(drop: drop, alphas: [0.05, 0.01])
                .run(seed: seed, repetitions: effort.repetitions(full: 200))
                .delays(name, information: information(drop: drop)) { $0 > 0.02 ? 1.75 : 1.5 }
        }
    }

    /// Neither side may be proven: each is a mistake here.
    private static func atTheMargin(_ seed: UInt64, _ effort: Effort) -> [StudyFigure] {
        raceAtTheMargin(alphas: [0.05, 0.01])
            .run(seed: seed, repetitions: effort.repetitions(full: 400))
            .falseAlarms(name, measure: "wrongly-proven", within: [2_000_000])
    }

    /// Rollback by each alpha, then promotion by each.
    package static func raceAtTheMargin(alphas: [Double]) -> Race {
        let sides = EvidenceSide.allCases.flatMap { side in alphas.map { ours(side, $0) } }
        return Race(
            "true drop 3.0 points", horizon: 2_000_000, contestants: sides,
            draw: Traffic.blocks((50, 0.05 + margin), (950, 0.05)))
    }

    package static let tests: [(name: String, bound: Double)] = [
        ("z p<0.05", 1.6449), ("98 % interval", 2.3263), ("Kayenta 25 % tolerance", 3.1018),
        ("point estimate", 0),
    ]

    /// "Nothing was found, so promote", with a candidate exactly 3 points worse, tested against 0
    /// harm beyond nothing; the point estimate against the margin.
    private static func unproven(_ seed: UInt64, _ effort: Effort) -> [StudyFigure] {
        [200, 500, 1_000, 2_000].flatMap { size in
            passes(size, seed: seed, repetitions: effort.repetitions(full: 4_000))
                .map { rule, rate in
                    rate.figure(
                        name, "true drop 3.0 points, \(size) candidate requests",
                        "not rejected: \(rule)", "wrongly-promoted")
                }
        }
    }

    package static func passes(
        _ size: Int, seed: UInt64, repetitions: Int
    ) -> [(String, Estimate)] {
        let found = Repetitions.run(repetitions, seed: Repetitions.seed(seed, "passes \(size)")) {
            random in
            let block = Traffic.blocks((size, 0.05 + margin), (size * 19, 0.05))(&random, 0)
            let look = Look(block: block, totals: block)
            return tests.map { test in
                let against = test.bound == 0 ? hypothesis : .rise(0)
                return !ZRule(against, bound: test.bound, burnIn: 0).alarms(at: look)
            }
        }
        return tests.indices.map { index in
            (tests[index].name, Estimate(rateOf: found.map { $0[index] }))
        }
    }
}
