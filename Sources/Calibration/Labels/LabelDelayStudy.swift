import Evidence

/// Labels that arrive late, wrong answers' sooner than right ones'. Both arms are equally good.
package enum LabelDelayStudy: Study {
    package static let name = "label-delay"
    package static let summary =
        "labels that arrive late: false claims, by which labels are counted"

    /// All are our own process; only the first is given labels of equal age.
    package static let rules = [
        "gatewright, cohorts of equal age", "blocks of arrival", "candidate against the past",
    ]
    static let rate = 0.05
    /// Ticks of 1,000 requests.
    static let ticks = 400
    /// Labels are read at this age, and later ones are left out.
    static let maturity = 60

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        Delays.all.flatMap { delays in
            Self.ramps.flatMap { ramp -> [StudyFigure] in
                let found = claims(
                    delays: delays, ramp: ramp.shares, seed: seed,
                    repetitions: effort.repetitions(full: 600))
                return found.enumerated().flatMap { index, rates in
                    [("false-rollback", rates.rollback), ("false-promotion", rates.promotion)]
                        .map { measure, rate in
                            rate.figure(
                                name, "\(delays.title), \(ramp.title)", rules[index], measure,
                                promise: index == 0 ? .atMost(0.05) : nil)
                        }
                }
            }
        }
    }

    /// Mean delays in ticks.
    package struct Delays: Sendable {
        package let title: String
        package let failure: Double
        package let success: Double

        package static let all = [
            Delays(title: "wrong answers labelled sooner", failure: 2, success: 20),
            Delays(title: "wrong answers labelled later", failure: 20, success: 2),
        ]
    }

    /// Candidates among 1,000, for each quarter.
    static let ramps: [(title: String, shares: [Int])] = [
        ("5 % throughout", [50, 50, 50, 50]), ("ramp of 1, 5, 25, 50 %", [10, 50, 250, 500]),
    ]

    /// False claims that the candidate is worse, or better, by any amount.
    package static func claims(
        delays: Delays, ramp: [Int], seed: UInt64, repetitions: Int
    ) -> [(rollback: Estimate, promotion: Estimate)] {
        let seed = Repetitions.seed(seed, "\(delays.title) \(ramp)")
        let found = Repetitions.run(repetitions, seed: seed) { random in
            var rules = LabelRules()
            var pending = PendingLabels()
            for tick in 0..<ticks {
                let candidates = ramp[min(tick * ramp.count / ticks, ramp.count - 1)]
                for (arm, size) in [candidates, 1_000 - candidates].enumerated() {
                    for _ in 0..<size {
                        let isFailure = random.bernoulli(rate)
                        let mean = isFailure ? delays.failure : delays.success
                        let delay = -mean * LogDomain.log(1 - random.uniform())
                        pending.add(
                            arm: arm, isFailure: isFailure, of: tick,
                            delay: Int(min(delay, Double(ticks))))
                    }
                }
                rules.take(pending, at: tick)
            }
            return rules.claims
        }
        return rules.indices.map { index in
            (
                Estimate(rateOf: found.map { $0[index].rollback }),
                Estimate(rateOf: found.map { $0[index].promotion })
            )
        }
    }
}

/// Labels by when they arrive, and those of each cohort that arrive before it is read.
struct PendingLabels: Sendable {
    private var arrivals = [[Int]](
        repeating: [0, 0, 0, 0], count: LabelDelayStudy.ticks)
    private var cohorts = [[Int]](
        repeating: [0, 0, 0, 0], count: LabelDelayStudy.ticks)

    mutating func add(arm: Int, isFailure: Bool, of tick: Int, delay: Int) {
        let places = isFailure ? [2 * arm, 2 * arm + 1] : [2 * arm]
        for place in places {
            if arrivals.indices.contains(tick + delay) { arrivals[tick + delay][place] += 1 }
            if delay <= LabelDelayStudy.maturity { cohorts[tick][place] += 1 }
        }
    }

    func arrived(at tick: Int) -> ComparisonBlock { Self.block(arrivals[tick]) }

    /// The cohort that is read now.
    func matured(at tick: Int) -> ComparisonBlock? {
        let cohort = tick - LabelDelayStudy.maturity
        return cohorts.indices.contains(cohort) ? Self.block(cohorts[cohort]) : nil
    }

    private static func block(_ counts: [Int]) -> ComparisonBlock {
        ComparisonBlock(
            candidateTrials: counts[0], candidateFailures: counts[1], stableTrials: counts[2],
            stableFailures: counts[3])
    }
}

/// Three accounts of the same labels.
struct LabelRules: Sendable {
    private var cohorts: ProportionComparison?
    private var arrivals: ProportionComparison?
    private var candidate = try? ProportionProcess(limit: LabelDelayStudy.rate)

    init() {
        guard let limit = try? ComparisonLimit.rise(points: 0) else { return }
        cohorts = try? ProportionComparison(limit: limit)
        arrivals = cohorts
    }

    mutating func take(_ labels: PendingLabels, at tick: Int) {
        if let matured = labels.matured(at: tick) { try? cohorts?.observe(matured) }
        let arrived = labels.arrived(at: tick)
        try? arrivals?.observe(arrived)
        try? candidate?.observe(
            trials: arrived.candidateTrials, failures: arrived.candidateFailures)
    }

    /// In the order of `LabelDelayStudy.rules`. What could not be built claims everything.
    var claims: [(rollback: Bool, promotion: Bool)] {
        [
            cohorts.map { ($0.rollback.peak, $0.promote.peak) },
            arrivals.map { ($0.rollback.peak, $0.promote.peak) },
            candidate.map { ($0.rollback.peak, $0.promote.peak) },
        ].map { peaks in
            guard let peaks else { return (true, true) }
            return (
                EvidenceReading.reaches(peaks.0, level: 0.05),
                EvidenceReading.reaches(peaks.1, level: 0.05)
            )
        }
    }
}
