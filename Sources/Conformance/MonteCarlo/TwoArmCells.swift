import Calibration
import Evidence

/// Cells about a candidate with 5 % of the traffic, against stable.
enum TwoArmCells {
    private static let seed = MonteCarloVectors.seed

    /// `null…` → rule → rates by looks, and `drop=0.01…` → rule → power, mean, ratio.
    static func competitors(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        let alpha = name.number(after: "alpha=") ?? 0.05
        let tick = name.contains("looks/100req") ? 100 : 1_000
        if name.hasPrefix("wrong-history") { return wrongHistory(name, cell, &report) }
        guard alpha > 0, alpha < 0.5, name.hasPrefix("null") || name.hasPrefix("drop=") else {
            return false
        }
        let drop = name.number(after: "drop=") ?? 0
        guard drop >= 0, drop < 0.9 else { return false }
        for (member, row) in (cell.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            let label = "\(name): \(member)"
            if member.hasPrefix("bound_") {
                let bound = 1 / TwoSampleStudy.information(drop: drop) * -LogDomain.log(alpha)
                report.check(label) { one in
                    one.expect(
                        "bound", member.contains("candidate") ? bound / 20 : bound, row,
                        within: .bisected)
                }
                continue
            }
            guard let made = rule(member, alpha) else {
                report.skip(label, because: "no rule of this name")
                continue
            }
            if drop == 0 {
                let result = Race(
                    label, horizon: tick * 10_000, contestants: [made],
                    draw: Traffic.blocks((tick / 20, 0.05), (tick - tick / 20, 0.05))
                ).run(seed: seed, repetitions: 60)
                report.check(label) { one in
                    for (key, value) in row.object ?? [:] {
                        guard let looks = key.number(after: "looks<="), looks <= 10_000 else {
                            continue
                        }
                        one.expectRate(
                            key, result.rate(of: 0, within: Int(looks) * tick), value)
                    }
                }
                continue
            }
            let result = TwoSampleStudy.race(
                drop: drop, tick: tick, contestants: [made],
                horizon: member.hasPrefix("GST") ? 10_000_000 : nil
            )
            .run(seed: seed, repetitions: tick > 100 ? 150 : 40)
            report.check(label) { one in
                one.expectRate("power", result.rate(of: 0), row["power"])
                one.expectMean("mean", result.meanRequests(of: 0), row["mean_requests"])
                let bound = -LogDomain.log(alpha) / TwoSampleStudy.information(drop: drop)
                one.expect(
                    "ratio", (row["mean_requests"]?.double ?? .nan) / bound, row["ratio"],
                    within: .relative(1e-6))
            }
        }
        return true
    }

    /// `wrong-history .965 vs .95|drop=0.01`: only our rule knows a history.
    private static func wrongHistory(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard let accuracy = name.number(after: "wrong-history "), accuracy > 0, accuracy < 1,
            name.contains(" vs .95|"), let drop = name.number(after: "drop="), drop >= 0,
            drop < 0.9, let row = cell["e-RIPr grid (running plug-in)"]
        else { return false }
        let made = Contestant("history") {
            EngineRule(.rise(0), alpha: 0.05, stableHistory: 1 - accuracy)
        }
        let information = TwoSampleStudy.information(drop: drop)
        let race =
            drop == 0
            ? Race(
                name, horizon: 10_000_000, contestants: [made],
                draw: Traffic.blocks((50, 0.05), (950, 0.05)))
            : TwoSampleStudy.race(drop: drop, tick: 100, contestants: [made])
        let result = race.run(seed: seed, repetitions: 60)
        report.check(name) { one in
            one.expectRate("rate", result.rate(of: 0), row["rate"])
            guard drop > 0 else { return }
            let bound = -LogDomain.log(0.05) / information
            one.expectMean("ratio", result.meanRequests(of: 0).divided(by: bound), row["ratio"])
        }
        return true
    }

    /// `MW interval accuracies 50/950` → direction and z → rates by looks.
    static func mannWhitney(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard name.hasPrefix("MW interval accuracies "),
            let candidates = name.number(after: "accuracies "),
            let stables = name.number(after: "/"),
            let candidate = Int(exactly: candidates), let stable = Int(exactly: stables),
            (1...10_000).contains(candidate), (1...10_000).contains(stable)
        else { return false }
        for (member, row) in (cell.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            let tolerance = member.contains("3.10") ? 0.25 : 0
            guard let made = direction(member, tolerance: tolerance) else {
                report.skip("\(name): \(member)", because: "no direction of this name")
                continue
            }
            let size = candidate + stable
            let result = Race(
                name + member, horizon: 1_440 * size,
                contestants: [made],
                draw: Traffic.blocks((candidate, 0.05), (stable, 0.05))
            ).run(seed: seed, repetitions: 60)
            report.check("\(name): \(member)") { one in
                for (key, value) in row.object ?? [:] {
                    guard let looks = key.number(after: "<= "), looks <= 1_440 else { continue }
                    one.expectRate(key, result.rate(of: 0, within: Int(looks) * size), value)
                }
            }
        }
        return true
    }

    static func promotion(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        if name.hasPrefix("not-rejected") { return notRejected(name, cell, &report) }
        if name.hasPrefix("paired disc="), let discordance = name.number(after: "disc="),
            let drop = name.number(after: "drop="), drop > 0, discordance > drop, discordance < 1
        {
            let bound = PairedStudy.bound(discordance: discordance, drop: drop)
            let times = PairedStudy.alarms(
                discordance: discordance, drop: drop, horizon: Int(min(bound * 12, 1e7)),
                seed: seed, repetitions: 60)
            report.check(name) { one in
                one.expectRate("power", Estimate(rateOf: times.map { $0 != nil }), cell["power"])
                one.expectMean(
                    "mean", Estimate(meanOf: times.compactMap { $0.map(Double.init) }),
                    cell["mean_pairs"])
                one.expect("bound", bound, cell["bound_pairs"], within: .relative(1e-6))
                one.expect(
                    "bet", drop / discordance, cell["lambda_star"], within: .relative(1e-6))
                let unpaired = -LogDomain.log(0.05) / TwoSampleStudy.information(drop: drop)
                one.expect(
                    "unpaired", unpaired, cell["unpaired_5_95_bound_total"],
                    within: .relative(1e-6))
            }
            return true
        }
        guard let alpha = name.number(after: "alpha="), name.hasPrefix("margin3pt"),
            let drop = name.number(after: "true drop="), alpha > 0, alpha < 0.5, drop > -0.04,
            drop < 0.9
        else { return false }
        if drop == PromotionStudy.margin {
            let result = PromotionStudy.raceAtTheMargin(alphas: [alpha])
                .run(seed: seed, repetitions: 60)
            report.check(name) { one in
                one.expectRate("rollback", result.rate(of: 0), cell["rollback"])
                one.expectRate("promote", result.rate(of: 1), cell["promote"])
            }
            return true
        }
        guard abs(drop - PromotionStudy.margin) > 0.004 else { return false }
        let result = PromotionStudy.race(drop: drop, alphas: [alpha])
            .run(seed: seed, repetitions: 30)
        report.check(name) { one in
            one.expectRate(
                "decided", result.rate(of: 0), cell[drop < 0.03 ? "promote" : "rollback"])
            one.expectMean("mean", result.meanRequests(of: 0), cell["mean_requests"])
            let bound = -LogDomain.log(alpha) / PromotionStudy.information(drop: drop)
            one.expect(
                "ratio", (cell["mean_requests"]?.double ?? .nan) / bound, cell["ratio"],
                within: .relative(1e-6))
        }
        return true
    }

    private static func notRejected(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard name.hasSuffix("true drop 3pt") else { return false }
        for (key, row) in (cell.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let size = Int(key), (1...100_000).contains(size) else { continue }
            let found = PromotionStudy.passes(size, seed: seed, repetitions: 1_000)
            report.check("\(name), \(key)") { one in
                let names = ["z p<.05", "z>2.326", "z>3.10", "threshold"]
                for (prefix, rate) in zip(names, found.map(\.1)) {
                    let value = row.object?.first { $0.key.hasPrefix(prefix) }?.value
                    one.expectRate(prefix, rate, value)
                }
            }
        }
        return true
    }

    /// `multiplicity 20 streams, 1 bad (.07)…`, odds ratios of two arms, planned designs.
    static func oddsRatios(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        if name.hasPrefix("two-sample 5/95 logodds grid") { return twoArms(name, cell, &report) }
        if name.hasPrefix("GST OBF14 planned") { return planned(name, cell, &report) }
        guard name.hasPrefix("multiplicity 20 streams, "),
            let bad = name.number(after: "streams, ").flatMap({ Int(exactly: $0) }),
            (1...20).contains(bad), name.contains("others .045")
        else { return false }
        let found = MultiplicityStudy.delays(bad: bad, seed: seed, repetitions: 40)
        report.check(name) { one in
            let members = ["Bonferroni e>=M/alpha", "e-average", "uncorrected"]
            for (member, mean) in zip(members, found) {
                one.expectMean(member, mean, cell[member]?["mean_per_stream_requests"])
            }
        }
        return true
    }

    /// `… alpha=0.05 q=0.05`: odds ratio → [ratio, power, bound, candidate requests]
    private static func twoArms(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard let alpha = name.number(after: "alpha="), alpha > 0, alpha < 0.5,
            let stable = name.number(after: "q="), stable > 0, stable < 1
        else { return false }
        for (key, row) in (cell.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let odds = Double(key), odds > 1, let expected = row.doubles, expected.count == 4
            else { continue }
            let rate = OddsStudy.rate(stable, odds)
            let bound =
                -LogDomain.log(alpha)
                / TwoSampleStudy.information(drop: rate - stable, stable: stable)
            guard bound < 1e9 else { continue }
            let tick = max(1, Int(bound / 2_000)) * 20
            let made = Contestant("ours", alpha: alpha) { EngineRule(.rise(0), alpha: alpha) }
            let result = Race(
                name + key, horizon: Int(bound * 4), contestants: [made],
                draw: Traffic.blocks((tick / 20, rate), (tick - tick / 20, stable))
            ).run(seed: seed, repetitions: 40)
            report.check("\(name), odds ratio \(key)") { one in
                let mean = result.meanRequests(of: 0)
                one.expectMean("ratio", mean.divided(by: bound), row.list?[0])
                one.expectRate("power", result.rate(of: 0), row.list?[1])
                // Printed without decimals.
                one.expect("bound", bound, row.list?[2], within: .absolute(0.51))
                one.expect("candidate", bound / 20, row.list?[3], within: .absolute(0.51))
            }
        }
        return true
    }

    /// `GST OBF14 planned MDE=0.01 power .9 Nmax=4550`: failure rate → rate of detection.
    private static func planned(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        let looks = GroupSequentialRule.looks
        guard let largest = name.number(after: "Nmax=").flatMap({ Int(exactly: $0) }),
            largest >= looks, largest < 1_000_000, largest % looks == 0
        else { return false }
        let bounds = GroupSequentialRule.bounds(alpha: 0.05)
        let made = Contestant("planned") {
            GroupSequentialRule(.constant(0.05), bounds: bounds, largest: largest)
        }
        for (key, row) in (cell.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let rate = Double(key), rate > 0, rate < 1 else { continue }
            let result = Race(
                name + key, horizon: largest, contestants: [made],
                draw: Traffic.blocks((largest / looks, rate))
            ).run(seed: seed, repetitions: 400)
            report.check("\(name), failure rate \(key)") { one in
                one.expectRate("rate", result.rate(of: 0), row["rate"])
                one.expectMean(
                    "mean if detected", result.meanRequests(of: 0), row["meanN_if_detected"])
            }
        }
        return true
    }

    /// `user clustering icc=0.05 m=20 (design effect 1.95), null`
    static func users(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard name.hasPrefix("user clustering"), let correlation = name.number(after: "icc="),
            correlation > 0, correlation < 1,
            let requests = name.number(after: "m=").flatMap({ Int(exactly: $0) }),
            (1...1_000).contains(requests), let effect = name.number(after: "design effect ")
        else { return false }
        let found = ClusterStudy.falseRollbacks(
            correlation: correlation, requests: requests, seed: seed, repetitions: 60)
        report.check(name) { one in
            one.expect(
                "design effect",
                ClusterStudy.designEffect(correlation: correlation, requests: requests), effect,
                within: .absolute(0.0051))
            let members = [
                "request-level e", "tempered e^(1/DE)", "user-level mean betting (bets/DE)",
            ]
            for (member, rate) in zip(members, found.map(\.1)) {
                one.expectRate(member, rate, cell[member])
            }
        }
        return true
    }

    /// `SRM alpha=.001 true w=0.06 k=1000.0`
    static func split(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard name.hasPrefix("SRM"), let share = name.number(after: "w="), share > 0, share < 1,
            let concentration = name.number(after: "k="), concentration > 0,
            name.number(after: "alpha=") == SplitStudy.alpha
        else { return false }
        let times = SplitStudy.alarms(
            share: share, concentration: concentration, seed: seed, repetitions: 40)
        report.check(name) { one in
            one.expectRate(
                "rate", Estimate(rateOf: times.map { $0 != nil }), cell["dirichlet_rate"])
            guard let bound = cell["bound"] else { return }
            one.expect("bound", SplitStudy.bound(share: share), bound, within: .bisected)
            let mean = Estimate(meanOf: times.compactMap { $0.map(Double.init) })
            one.expectMean(
                "ratio", mean.divided(by: SplitStudy.bound(share: share)), cell["dirichlet_ratio"])
        }
        return true
    }

    /// `ramp 1/5/25/50%, daily sinus amplitude 0.02, null`
    static func ramp(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard name.hasPrefix("ramp 1/5/25/50%, "), name.hasSuffix(", null"),
            let swing = name.number(after: "amplitude "), swing >= 0, swing < 0.05
        else { return false }
        let result = RampStudy.race(swing: swing).run(seed: seed, repetitions: 60)
        report.check(name) { one in
            let members = [
                "block-conditional e (frozen baseline)", "pooled z p<.05 each look",
                "pooled z only at the end", nil, "pooled AsympCS tau=1pt",
            ]
            for (index, member) in members.enumerated() {
                if let member { one.expectRate(member, result.rate(of: index), cell[member]) }
            }
        }
        return true
    }
}
