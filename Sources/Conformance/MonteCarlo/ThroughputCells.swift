import Calibration
import Evidence

/// Cells about gauges of both arms that remember their past.
enum ThroughputCells {
    private static let members = [
        "Welch p<.05 each look", "normal-grid iid variance unpaired",
        "normal-grid paired diff iid variance", "normal-grid block means (b)",
        "normal-grid block means (4b)",
    ]

    /// `null phi=0.8 common=0.1 season=0.0 block=20` and `throughput -0.05 phi=0.8`
    static func check(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard let memory = name.number(after: "phi="), memory >= 0, memory < 1 else {
            return false
        }
        if name.hasPrefix("null ") {
            guard let common = name.number(after: "common="),
                let season = name.number(after: "season="), (0..<1).contains(season),
                let block = name.number(after: "block=").flatMap({ Int(exactly: $0) }),
                (1...1_000).contains(block)
            else { return false }
            var setting = ThroughputStudy.Setting(memory: memory, common: common, block: block)
            setting.season = season
            let times = times(setting, repetitions: 100)
            report.check(name) { one in
                for (index, member) in members.enumerated() {
                    one.expectRate(
                        member, Estimate(rateOf: times.map { $0[index] != nil }), cell[member],
                        theirs: 1_000)
                }
            }
            return true
        }
        guard name.hasPrefix("throughput "), let effect = name.number(after: "throughput "),
            effect < 0, effect > -0.9
        else { return false }
        var setting = ThroughputStudy.Setting(memory: memory, common: 0.1, block: 20)
        setting.effect = effect
        let times = times(setting, repetitions: 100)
        // The long-run variance of a pair's difference, 2 · 0.1² (1 + φ)/(1 - φ).
        let spread = 0.02 * (1 + memory) / (1 - memory)
        let bound = -LogDomain.log(0.05) * 2 * spread / (effect * effect)
        report.check(name) { one in
            for (index, member) in members.enumerated() {
                let found = times.map { $0[index] }
                let row = cell[member]
                one.expectRate(
                    "\(member), power", Estimate(rateOf: found.map { $0 != nil }), row?["power"])
                one.expectMean(
                    "\(member), mean", Estimate(meanOf: found.map { Double($0 ?? 10_000) }),
                    row?["mean_intervals"])
                one.expect(
                    "\(member), ratio", (row?["mean_intervals"]?.double ?? .nan) / bound,
                    row?["ratio"], within: .relative(1e-6))
            }
            one.expect("bound", bound, cell["bound_intervals"], within: .relative(1e-6))
        }
        return true
    }

    private static func times(
        _ setting: ThroughputStudy.Setting, repetitions: Int
    ) -> [[Int?]] {
        ThroughputStudy.times(
            setting, seed: MonteCarloVectors.seed, repetitions: repetitions)
    }
}
