import Evidence

/// A latency guardrail: how often each version exceeds the edges nearest to stable's quantiles.
package enum LatencyStudy: Study {
    package static let name = "latency"
    package static let summary = "latency by histogram: three quantiles together, each, and a band"

    package static let rules = [
        "gatewright, p50 p95 p99", "gatewright, p50", "gatewright, p95", "gatewright, p99",
        "Kolmogorov-Smirnov band",
    ]
    package static let quantiles = [0.5, 0.95, 0.99]
    /// Candidate requests of each look, and stable's.
    static let (candidates, stables) = (50, 950)
    static let alpha = 0.05

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        let calm = times(
            .none, horizon: 100_000, seed: seed, repetitions: effort.repetitions(full: 500))
        let harm = [0.05, 0.1, 0.2, 0.5].flatMap { rise in
            [LatencyChange.slower(rise), .slowTail(rise)].flatMap { change in
                delays(
                    change,
                    times(
                        change, horizon: 75_000, seed: seed,
                        repetitions: effort.repetitions(full: 200)))
            }
        }
        return rules.indices.map { index in
            Estimate(rateOf: calm.map { $0[index] != nil }).figure(
                name, LatencyChange.none.title, rules[index], "false-rollback",
                promise: .atMost(alpha))
        } + harm
    }

    /// The three together must not need twice as long as the best one alone, which nobody knows
    /// in advance.
    private static func delays(_ change: LatencyChange, _ times: [[Int?]]) -> [StudyFigure] {
        let means = rules.indices.map { index in
            Estimate(meanOf: times.map { Double($0[index] ?? 75_000) })
        }
        let best = means[1...3].map(\.value).min() ?? .nan
        return rules.indices.flatMap { index -> [StudyFigure] in
            let power = Estimate(rateOf: times.map { $0[index] != nil })
            return [
                power.figure(name, change.title, rules[index], "power"),
                means[index].figure(name, change.title, rules[index], "mean-candidate-requests"),
                means[index].divided(by: best).figure(
                    name, change.title, rules[index], "ratio-to-best-quantile",
                    promise: index == 0 ? .atMost(2) : nil),
            ]
        }
    }

    /// The fewest candidate requests, on average, that a test of one quantile can need.
    package static func bound(_ change: LatencyChange, quantile: Double) -> Double {
        let edge = LatencyTraffic.edge(nearest: quantile)
        let share = Double(candidates) / Double(candidates + stables)
        guard let limit = try? ComparisonLimit.rise(points: 0) else { return .nan }
        let information = Information.divergence(
            candidate: LatencyTraffic.exceedance(edge, change),
            stable: LatencyTraffic.exceedance(edge, .none), from: limit, share: share)
        return share * -LogDomain.log(alpha) / information
    }

    /// Candidate requests until each rule alarms.
    package static func times(
        _ change: LatencyChange, horizon: Int, seed: UInt64, repetitions: Int
    ) -> [[Int?]] {
        let traffic = LatencyTraffic(change)
        let seed = Repetitions.seed(seed, change.title)
        return Repetitions.run(repetitions, seed: seed) { random in
            var rule = LatencyRules()
            var alarms = [Int?](repeating: nil, count: rules.count)
            for look in 1...max(horizon / candidates, 1) where alarms.contains(nil) {
                let counts = traffic.draw(&random, candidates: candidates, stables: stables)
                for (index, alarm) in rule.alarms(counts.candidate, counts.stable).enumerated()
                where alarm { alarms[index] = alarms[index] ?? look * candidates }
            }
            return alarms
        }
    }
}

/// The rules that look at the same two histograms.
struct LatencyRules: Sendable {
    private let edges = LatencyStudy.quantiles.map(LatencyTraffic.edge(nearest:))
    private var quantiles: [ProportionComparison]
    /// Of the average over the quantiles: all are e-processes of one stream.
    private var peak = 0.0
    private var totals = (candidate: [Int](), stable: [Int]())

    init() {
        let limit = try? ComparisonLimit.rise(points: 0)
        // The past that gives the edges gives stable's exceedances, too.
        quantiles = edges.compactMap { edge in
            let past = LatencyTraffic.exceedance(edge, .none)
            return limit.flatMap { try? ProportionComparison(limit: $0, stableHistory: past) }
        }
        let buckets = LatencyTraffic.exponents.count + 1
        totals.candidate = Array(repeating: 0, count: buckets)
        totals.stable = totals.candidate
    }

    /// In the order of `LatencyStudy.rules`. What cannot be computed alarms.
    mutating func alarms(_ candidate: [Int], _ stable: [Int]) -> [Bool] {
        guard quantiles.count == edges.count else { return LatencyStudy.rules.map { _ in true } }
        for (index, edge) in edges.enumerated() {
            let block = ComparisonBlock(
                candidateTrials: candidate.reduce(0, +),
                candidateFailures: Self.above(edge, candidate),
                stableTrials: stable.reduce(0, +), stableFailures: Self.above(edge, stable))
            guard (try? quantiles[index].observe(block)) != nil else {
                return LatencyStudy.rules.map { _ in true }
            }
        }
        for index in totals.candidate.indices {
            totals.candidate[index] += candidate[index]
            totals.stable[index] += stable[index]
        }
        peak = max(peak, LogDomain.logMeanExp(quantiles.map(\.rollback.logE)))
        return ([peak] + quantiles.map(\.rollback.peak)).map {
            EvidenceReading.reaches($0, level: LatencyStudy.alpha)
        } + [bandAlarms]
    }

    private static func above(_ edge: Int, _ counts: [Int]) -> Int {
        zip(LatencyTraffic.exponents, counts.dropFirst()).reduce(0) { sum, pair in
            pair.0 >= edge ? sum + pair.1 : sum
        }
    }

    /// Whether the candidate's distribution function is somewhere below stable's by more than
    /// both uniform bands, each at alpha/2 (Lindon, Sanden and Shirikian 2022, with the radius of
    /// Howard and Ramdas 2022).
    private var bandAlarms: Bool {
        let (candidates, stables) = (totals.candidate.reduce(0, +), totals.stable.reduce(0, +))
        guard candidates > 0, stables > 0 else { return false }
        let radius = [candidates, stables].reduce(0) {
            $0 + DriftTolerance.bandRadius(rows: $1, alpha: LatencyStudy.alpha / 2)
        }
        var below = (candidate: 0.0, stable: 0.0)
        for (candidate, stable) in zip(totals.candidate, totals.stable) {
            below.candidate += Double(candidate) / Double(candidates)
            below.stable += Double(stable) / Double(stables)
            if below.stable - below.candidate > radius { return true }
        }
        return false
    }
}
