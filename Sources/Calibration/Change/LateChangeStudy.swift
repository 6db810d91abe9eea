import Evidence

/// A candidate that is healthy at first: how long harm that begins late stays hidden.
package enum LateChangeStudy: Study {
    package static let name = "late-change"
    package static let summary = "harm that begins late: delay with and without restarts"

    package static let restarts = 200
    package static let horizon = 1_000_000
    package static let rules = [
        Contestant("gatewright", promises: true) {
            EngineRule(
                .constant(0.05), alpha: 0.05, restarts: (restarts, horizon / restarts))
        },
        Contestant("gatewright without restarts") { EngineRule(.constant(0.05), alpha: 0.05) },
    ]

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        [0, 10_000, 100_000, 900_000].flatMap { change -> [StudyFigure] in
            let scenario = "failure rate 0.04, then 0.08 after \(change) requests"
            let found = delays(
                change: change, seed: seed, repetitions: effort.repetitions(full: 200))
            let bound =
                (3 + LogDomain.log(2 * Double(restarts)))
                / Information.divergence(0.08, from: 0.05)
            return found.flatMap { one in
                [
                    one.early.figure(
                        name, scenario, one.rule, "false-rollback",
                        promise: change > 0 ? .atMost(0.05) : nil),
                    one.delay.figure(
                        name, scenario, one.rule, "delay",
                        promise: one.rule == "gatewright" ? .atMost(1.5 * bound) : nil),
                ]
            }
        } + calm(seed, effort)
    }

    /// At the limit for the whole time.
    private static func calm(_ seed: UInt64, _ effort: Effort) -> [StudyFigure] {
        Race(
            "failure rate 0.05", horizon: horizon, contestants: rules,
            draw: Traffic.blocks((100, 0.05))
        ).run(seed: seed, repetitions: effort.repetitions(full: 1_000))
            .falseAlarms(name, within: [horizon])
    }

    /// Requests from the change to the alarm, of those that did not alarm before.
    package static func delays(
        change: Int, rates: (before: Double, after: Double) = (0.04, 0.08), seed: UInt64,
        repetitions: Int
    ) -> [(rule: String, early: Estimate, delay: Estimate)] {
        // Evidence that a long healthy past has buried takes about half as long to dig out.
        let result = Race(
            "\(rates) after \(change)", horizon: change + horizon, contestants: rules
        ) { random, seen in
            Traffic.blocks((10, seen < change ? rates.before : rates.after))(&random, seen)
        }.run(seed: seed, repetitions: repetitions)
        return rules.indices.map { index in
            let times = result.times(of: index)
            return (
                rules[index].name,
                Estimate(rateOf: times.map { $0.map { $0 <= change } ?? false }),
                Estimate(
                    meanOf: times.compactMap { time in
                        time.flatMap { $0 > change ? Double($0 - change) : nil }
                    })
            )
        }
    }
}
