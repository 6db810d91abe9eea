import Evidence

/// A ramp through 1, 5, 25 and 50 % while the failure rate of both arms moves over the day. Pooled
/// rates then differ without any difference between the arms (Simpson 1951).
package enum RampStudy: Study {
    package static let name = "ramp"
    package static let summary = "a ramp while failures of both arms rise and fall over the day"

    static let day = 400_000
    static let hypothesis = Hypothesis.rise(0)

    package static let rules = [
        TwoSampleStudy.ours(0.05),
        Contestant("z p<0.05") { ZRule(hypothesis, bound: 1.6449) },
        Contestant("z once at the end") { LastLookRule(hypothesis, requests: day * 2) },
        Contestant("mSPRT") { MixtureRule(hypothesis, alpha: 0.05, isOneSided: false) },
        Contestant("asymptotic CS") { MixtureRule(hypothesis, alpha: 0.05, isOneSided: true) },
    ]

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        [0, 0.02, 0.03].flatMap { swing in
            race(swing: swing).run(seed: seed, repetitions: effort.repetitions(full: 1_000))
                .falseAlarms(name, within: [day * 2])
        }
    }

    package static func race(swing: Double) -> Race {
        Race(
            "failure rate 5.0 points, daily swing \(percent(swing))", horizon: day * 2,
            contestants: rules
        ) { random, seen in
            // A quarter of a day for each stage, and then half of all requests for a day.
            let candidates = [10, 50, 250, 500][min(3, seen / (day / 4))]
            let rate = 0.05 + swing * wave(Double(seen % day) / Double(day))
            return Traffic.blocks((candidates, rate), (1_000 - candidates, rate))(&random, seen)
        }
    }

    /// Low in the first half of the day: a parabola for each half of the day, within 0.06 of a sine.
    package static func wave(_ part: Double) -> Double {
        let half = part < 0.5 ? part * 2 : (part - 0.5) * 2
        return (part < 0.5 ? -1.0 : 1.0) * 4 * half * (1 - half)
    }
}

/// A z-test that is looked at once, as planned.
struct LastLookRule: StoppingRule {
    let hypothesis: Hypothesis
    let requests: Int

    init(_ hypothesis: Hypothesis, requests: Int) {
        self.hypothesis = hypothesis
        self.requests = requests
    }

    func alarms(at look: Look) -> Bool {
        guard look.totals.candidateTrials + look.totals.stableTrials >= requests else {
            return false
        }
        return ZRule(hypothesis, bound: 1.6449).alarms(at: look)
    }
}
