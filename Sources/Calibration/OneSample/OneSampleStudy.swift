import Evidence

/// An accuracy of at least 95 %, judged on the candidate alone.
package enum OneSampleStudy: Study {
    package static let name = "one-sample"
    package static let summary = "accuracy at least 95 %: false rollbacks and delay, by rule"

    static let limit = 0.05
    static let hypothesis = Hypothesis.constant(limit)

    static func ours(_ alpha: Double, limit: Double = limit) -> Contestant {
        Contestant("gatewright \(alpha)", alpha: alpha, promises: true) {
            EngineRule(.constant(limit), alpha: alpha)
        }
    }

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        everyRequest(seed, effort) + hundreds(seed, effort) + windows(seed, effort)
    }

    /// Looks after every request, up to a million of them.
    static func everyRequest(_ seed: UInt64, _ effort: Effort) -> [StudyFigure] {
        let rules =
            [0.05, 0.01, 0.001].map { ours($0) }
            + [("z p<0.05", 1.6449), ("z p<0.01", 2.3263), ("3 sigma", 3)].map { name, bound in
                Contestant(name) { ZRule(hypothesis, bound: bound, burnIn: 100) }
            }
        return [0.05, 0.045].flatMap { rate in
            Race(
                "every request, failure rate \(rate)", horizon: 1_000_000, contestants: rules,
                draw: Traffic.failures(rate)
            ).run(seed: seed, repetitions: effort.repetitions(full: 4_000))
                .falseAlarms(name, within: [1_000, 10_000, 100_000, 1_000_000])
        }
    }

    static let hundredRules: [Contestant] = {
        let bounds = GroupSequentialRule.bounds(alpha: 0.05)
        return [0.05, 0.01, 0.001].map { ours($0) } + [
            Contestant("z p<0.05") { ZRule(hypothesis, bound: 1.6449) },
            Contestant("z p<0.01") { ZRule(hypothesis, bound: 2.3263) },
            // 0.05 over ten thousand looks.
            Contestant("Bonferroni") { ZRule(hypothesis, bound: 4.4172) },
            Contestant("mSPRT") { MixtureRule(hypothesis, alpha: 0.05, isOneSided: false) },
            Contestant("asymptotic CS") {
                MixtureRule(hypothesis, alpha: 0.05, isOneSided: true)
            },
            Contestant("group-sequential 14 of 1e6") {
                GroupSequentialRule(hypothesis, bounds: bounds, largest: 1_000_000)
            },
            Contestant("group-sequential 14 of 4550") {
                GroupSequentialRule(hypothesis, bounds: bounds, largest: 4_550)
            },
        ]
    }()

    /// Looks at every 100 requests, up to ten thousand of them.
    static func hundreds(_ seed: UInt64, _ effort: Effort) -> [StudyFigure] {
        let calm = [0.05, 0.045].flatMap { rate in
            Race(
                "every 100, failure rate \(rate)", horizon: 1_000_000, contestants: hundredRules,
                draw: Traffic.blocks((100, rate))
            ).run(seed: seed, repetitions: effort.repetitions(full: 2_000))
                .falseAlarms(name, within: [1_000_000])
        }
        let harm = [0.055, 0.06, 0.07, 0.08, 0.1].flatMap { rate in
            Race(
                "every 100, failure rate \(rate)", horizon: 1_000_000, contestants: hundredRules,
                draw: Traffic.blocks((100, rate))
            ).run(seed: seed, repetitions: effort.repetitions(full: 2_000))
                .delays(name, information: Information.divergence(rate, from: limit)) { _ in nil }
        }
        return calm + harm
    }

    /// One measurement in each window, as Argo Rollouts and Flagger take them.
    static func windows(_ seed: UInt64, _ effort: Effort) -> [StudyFigure] {
        [100, 1_000].flatMap { window in
            let rules =
                [(0, "Argo failureLimit 0"), (3, "Argo failureLimit 3")].map { most, name in
                    Contestant(name) {
                        FailedWindows(.constant(0.95), window: window, failures: most + 1)
                    }
                } + [
                    Contestant("Flagger threshold 5") {
                        FailedWindows(.constant(0.95), window: window, failures: 5)
                    },
                    Contestant("5 in a row") {
                        FailedWindows(
                            .constant(0.95), window: window, failures: 5, mustBeConsecutive: true)
                    },
                ]
            return [0.05, 0.045, 0.04, 0.03].flatMap { rate in
                Race(
                    "windows of \(window), failure rate \(rate)", horizon: window * 1_000,
                    contestants: rules, draw: Traffic.blocks((window, rate))
                ).run(seed: seed, repetitions: effort.repetitions(full: 1_000))
                    .falseAlarms(name, within: [window * 100, window * 1_000])
            }
        }
    }
}
