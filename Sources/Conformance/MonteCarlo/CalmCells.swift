import Calibration
import Evidence

/// Cells about candidates at their limits: how often they are rolled back all the same.
enum CalmCells {
    private static let seed = MonteCarloVectors.seed

    /// `SRM wtrue=0.045 nominal=.05 hist=0.93 null FRR (1e7 requests)`
    static func wrongSplit(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard name.hasPrefix("SRM wtrue="), name.contains("nominal=.05 "),
            name.hasSuffix("null FRR (1e7 requests)"),
            let share = name.number(after: "wtrue="), share >= 0.001, share < 1,
            let accuracy = name.number(after: "hist="), accuracy > 0, accuracy < 1
        else { return false }
        let result = WrongSplitStudy.race(share: share, history: 1 - accuracy)
            .run(seed: seed, repetitions: 40)
        report.check(name) { one in
            for (index, member) in ["block_conditional", "counters_only"].enumerated() {
                one.expectRate(member, result.rate(of: index), cell[member])
            }
        }
        return true
    }

    /// `paired null disc=.03`, and pairs that only ever differ for the worse.
    static func paired(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard let discordance = name.number(after: "disc="), discordance > 0, discordance < 1
        else { return false }
        if name.hasPrefix("paired null") {
            let times = PairedStudy.alarms(
                discordance: discordance, drop: 0, horizon: 200_000, seed: seed,
                repetitions: 200)
            report.check(name) { one in
                one.expectRate("rate", Estimate(rateOf: times.map { $0 != nil }), cell)
            }
            return true
        }
        guard name.hasPrefix("paired disc="), name.number(after: "drop=") == discordance else {
            return false
        }
        let bound = PairedStudy.bound(discordance: discordance, drop: discordance)
        let times = PairedStudy.alarms(
            discordance: discordance, drop: discordance, horizon: Int(min(bound * 12, 1e7)),
            seed: seed, repetitions: 100)
        report.check(name) { one in
            one.expectRate("power", Estimate(rateOf: times.map { $0 != nil }), cell["power"])
            one.expectMean(
                "mean", Estimate(meanOf: times.compactMap { $0.map(Double.init) }),
                cell["mean_pairs"])
            one.expect("bound", bound, cell["bound_pairs"], within: .relative(1e-6))
        }
        return true
    }

    /// `two-sample null FRR 1e5 looks q=0.01`, and twenty guardrails at their limits.
    static func manyLooks(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        if name.hasPrefix("multiplicity 20 streams, 0 bad"), name.hasSuffix("others boundary") {
            let found = MultiplicityStudy.falseRollbacks(
                horizon: 300_000, seed: seed, repetitions: 40)
            report.check(name) { one in
                let members = ["Bonferroni e>=M/alpha", "e-average", "uncorrected"]
                for (member, rate) in zip(members, found) {
                    one.expectRate(member, rate, cell[member]?["rate"])
                }
            }
            return true
        }
        guard name.hasPrefix("two-sample null FRR 1e5 looks"),
            let rate = name.number(after: "q="), rate > 0, rate < 1
        else { return false }
        let result = calm(name, rate: rate, tick: 100, looks: 100_000, repetitions: 25)
        report.check(name) { one in one.expectRate("rate", result.rate(of: 0), cell) }
        return true
    }

    /// `rare-event null p=0.999` → rule → rate
    static func rareEvents(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard name.hasPrefix("rare-event null"), let accuracy = name.number(after: "p="),
            accuracy > 0, accuracy < 1
        else { return false }
        for (member, row) in (cell.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            let label = "\(name): \(member)"
            guard let made = TwoArmCells.rule(member, 0.05, rate: 1 - accuracy) else {
                report.skip(label, because: "no rule of this name")
                continue
            }
            let result = calm(
                label, rate: 1 - accuracy, tick: 1_000, looks: 10_000, contestant: made,
                repetitions: 40)
            report.check(label) { one in one.expectRate("rate", result.rate(of: 0), row) }
        }
        return true
    }

    /// Both arms at the same rate, 5 % of requests for the candidate.
    private static func calm(
        _ name: String, rate: Double, tick: Int, looks: Int,
        contestant: Contestant = Contestant("ours") { EngineRule(.rise(0), alpha: 0.05) },
        repetitions: Int
    ) -> RaceResult {
        Race(
            name, horizon: tick * looks, contestants: [contestant],
            draw: Traffic.blocks((tick / 20, rate), (tick - tick / 20, rate))
        ).run(seed: seed, repetitions: repetitions)
    }
}
