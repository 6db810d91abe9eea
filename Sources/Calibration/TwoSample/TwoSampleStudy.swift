import Evidence

/// A candidate with a small share against stable, which is right 95 % of the time.
package enum TwoSampleStudy: Study {
    package static let name = "two-sample"
    package static let summary = "candidate against stable: false rollbacks and delay, by rule"

    static let hypothesis = Hypothesis.rise(0)

    static func ours(_ alpha: Double, history: Double? = nil) -> Contestant {
        Contestant("gatewright \(alpha)", alpha: alpha, promises: true) {
            EngineRule(hypothesis, alpha: alpha, stableHistory: history)
        }
    }

    package static let rules: [Contestant] = {
        let bounds = GroupSequentialRule.bounds(alpha: 0.05)
        return [0.05, 0.01, 0.001].map { ours($0) } + [
            Contestant("z p<0.05") { ZRule(hypothesis, bound: 1.6449) },
            Contestant("z p<0.01") { ZRule(hypothesis, bound: 2.3263) },
            Contestant("Kayenta 98 %") { MannWhitneyRule(tolerance: 0) },
            Contestant("Kayenta 98 %, either way") {
                EitherRule(
                    MannWhitneyRule(tolerance: 0), MannWhitneyRule(tolerance: 0, lower: true))
            },
            Contestant("Kayenta 25 % tolerance") { MannWhitneyRule(tolerance: 0.25) },
            Contestant("Argo failureLimit 3") {
                FailedWindows(.partOfStable(0.95), window: 50, failures: 4)
            },
            Contestant("Flagger threshold 5") {
                FailedWindows(.partOfStable(0.95), window: 50, failures: 5)
            },
            Contestant("mSPRT") { MixtureRule(hypothesis, alpha: 0.05, isOneSided: false) },
            Contestant("asymptotic CS") { MixtureRule(hypothesis, alpha: 0.05, isOneSided: true) },
            Contestant("universal inference") { UniversalInferenceRule(alpha: 0.05) },
            Contestant("group-sequential 14 of 1e7") {
                GroupSequentialRule(hypothesis, bounds: bounds, largest: 500_000)
            },
        ]
    }()

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        calm(seed, effort) + harm(seed, effort) + splits(seed, effort)
    }

    /// Both arms alike, looked at every 1000 requests; then also in arms of equal size.
    static func calm(_ seed: UInt64, _ effort: Effort) -> [StudyFigure] {
        [(50, 950), (50, 50)].flatMap { candidate, stable in
            let size = candidate + stable
            return Race(
                "no difference, \(candidate) beside \(stable) a look", horizon: size * 10_000,
                contestants: rules, draw: Traffic.blocks((candidate, 0.05), (stable, 0.05))
            ).run(seed: seed, repetitions: effort.repetitions(full: 1_000))
                .falseAlarms(name, within: [50, 100, 1_000, 10_000].map { $0 * size })
        }
    }

    package static func information(
        drop: Double, share: Double = 0.05, stable: Double = 0.05
    ) -> Double {
        guard let limit = try? ComparisonLimit.rise(points: 0) else { return .nan }
        return Information.divergence(
            candidate: stable + drop, stable: stable, from: limit, share: share)
    }

    package static func race(
        drop: Double, tick: Int, contestants: [Contestant] = rules, horizon: Int? = nil
    ) -> Race {
        let least = 3 / information(drop: drop)
        return Race(
            "drop \(percent(drop)), every \(tick) requests",
            horizon: horizon ?? Int(min(least * 60, 3e7)), contestants: contestants,
            draw: Traffic.blocks((tick / 20, 0.05 + drop), (tick - tick / 20, 0.05)))
    }

    /// How long harm takes to find, with fine and coarse looks.
    static func harm(_ seed: UInt64, _ effort: Effort) -> [StudyFigure] {
        [100, 1_000].flatMap { tick in
            // The group-sequential design looks 14 times in 10 million requests, however fine the
            // looks of others are, so it runs in the coarse race and gets all of them.
            let entered = tick > 100 ? rules : rules.filter { !$0.name.hasPrefix("group") }
            return [0.005, 0.01, 0.02, 0.03, 0.05].flatMap { drop in
                race(
                    drop: drop, tick: tick, contestants: entered,
                    horizon: tick > 100 ? 10_000_000 : nil
                )
                .run(seed: seed, repetitions: effort.repetitions(full: 400))
                .delays(name, information: information(drop: drop)) { alpha in
                    tick > 100 ? nil : alpha > 0.02 ? 1.75 : 1.5
                }
            }
        }
    }

    /// No difference at several splits, also with a wrong idea of stable, and 100,000 looks.
    static func splits(_ seed: UInt64, _ effort: Effort) -> [StudyFigure] {
        let ours = [0.05, 0.01, 0.001].map { Self.ours($0) }
        let wrong = [0.05].map { Self.ours($0, history: 0.035) }
        return [1, 5, 25, 50].flatMap { share in
            Race(
                "no difference, \(share) of 100 a look", horizon: 10_000_000,
                contestants: ours, draw: Traffic.blocks((share, 0.05), (100 - share, 0.05))
            ).run(seed: seed, repetitions: effort.repetitions(full: 400))
                .falseAlarms(name, within: [10_000_000])
        }
            + Race(
                "no difference, history of 0.035", horizon: 10_000_000, contestants: wrong,
                draw: Traffic.blocks((50, 0.05), (950, 0.05))
            ).run(seed: seed, repetitions: effort.repetitions(full: 1_000))
            .falseAlarms(name, within: [10_000_000])
    }
}

/// Alarms when one of two rules does.
package struct EitherRule<First: StoppingRule, Second: StoppingRule>: StoppingRule {
    private var first: First
    private var second: Second

    package init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }

    package mutating func alarms(at look: Look) -> Bool {
        let (one, other) = (first.alarms(at: look), second.alarms(at: look))
        return one || other
    }
}

/// `0.5 points`
func percent(_ rate: Double) -> String {
    let tenths = (rate * 1_000).rounded()
    return "\(tenths / 10) points"
}
