import Evidence

/// Traffic that is not split as asked for, and a wrong idea of stable: why evidence is taken block
/// by block, and not from cumulative counters and the split in the configuration.
package enum WrongSplitStudy: Study {
    package static let name = "wrong-split"
    package static let summary = "split and history not as believed: false rollbacks, by accounting"

    package static let rules = ["gatewright", "cumulative counters"]

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        [0.05, 0.045, 0.055, 0.07].flatMap { share in
            [0.05, 0.035, 0.07].flatMap { history in
                race(share: share, history: history)
                    .run(seed: seed, repetitions: effort.repetitions(full: 400))
                    .falseAlarms(name, within: [10_000_000])
            }
        }
    }

    /// Both arms fail at a rate of 0.05; 5 % of traffic were asked for.
    package static func race(share: Double, history: Double) -> Race {
        let candidates = Int((share * 1_000).rounded())
        return Race(
            "5 % asked for, \(Double(candidates) / 10) % sent, history of \(history)",
            horizon: 10_000_000,
            contestants: [
                Contestant(rules[0], promises: true) {
                    EngineRule(.rise(0), alpha: 0.05, stableHistory: history)
                },
                Contestant(rules[1]) {
                    PooledCountersRule(share: 0.05, stableRate: history, alpha: 0.05)
                },
            ],
            draw: Traffic.blocks((candidates, 0.05), (1_000 - candidates, 0.05)))
    }
}
