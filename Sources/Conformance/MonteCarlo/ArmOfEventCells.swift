import Calibration
import Evidence

/// Cells about failures that are given to one arm or the other, like coins.
enum ArmOfEventCells {
    private static let share = 0.05
    private static let alpha = 0.05

    /// `arm-of-event null q=0.05 seasonal amp=0.6 realised_share=True`, `arm-of-event q=0.05 x1.5`
    static func check(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard name.hasPrefix("arm-of-event "), let rate = name.number(after: "q="), rate > 0,
            rate < 0.3
        else { return false }
        if name.hasPrefix("arm-of-event null ") {
            guard let season = name.number(after: "amp="), season >= 0, season < 1 else {
                return false
            }
            let isRealised = name.hasSuffix("realised_share=True")
            let times = times(
                name, rate: rate, ratio: 1, season: season, isRealised: isRealised, tick: 1_000,
                horizon: 10_000_000, repetitions: 100)
            report.check(name) { one in
                one.expectRate(
                    "rate", Estimate(rateOf: times.map { $0 != nil }), cell, theirs: 1_000)
            }
            return true
        }
        guard let ratio = name.number(after: " x"), ratio > 1, ratio * rate < 1,
            let noRise = try? ComparisonLimit.rise(points: 0)
        else { return false }
        let information = Information.divergence(
            candidate: rate * ratio, stable: rate, from: noRise, share: share)
        let bound = -LogDomain.log(alpha) / information
        let times = times(
            name, rate: rate, ratio: ratio, season: 0, isRealised: true, tick: 100,
            horizon: Int(min(bound * 12, 1e7)), repetitions: 60)
        report.check(name) { one in
            one.expectRate("power", Estimate(rateOf: times.map { $0 != nil }), cell["power"])
            one.expectMean(
                "mean", Estimate(meanOf: times.compactMap { $0.map(Double.init) }),
                cell["mean_requests"])
            one.expect(
                "ratio", (cell["mean_requests"]?.double ?? .nan) / bound,
                cell["ratio_to_full_bound"], within: .relative(1e-6))
            // Of each failure, that it is the candidate's; against all that a request says.
            let failures = share * rate * ratio + (1 - share) * rate
            let kept =
                failures
                * Information.divergence(share * rate * ratio / failures, from: share)
            one.expect(
                "loss", 1 - kept / information, cell["info_loss"], within: .absolute(1e-6))
        }
        return true
    }

    private static func times(
        _ name: String, rate: Double, ratio: Double, season: Double, isRealised: Bool, tick: Int,
        horizon: Int, repetitions: Int
    ) -> [Int?] {
        let seed = Repetitions.seed(MonteCarloVectors.seed, name)
        let candidates = Int((Double(tick) * share).rounded())
        return Repetitions.run(repetitions, seed: seed) { random -> Int? in
            // Shares of all ticks are the same when they are as asked for.
            guard var process = try? ProportionProcess(limit: share) else { return nil }
            for look in 1...max(horizon / tick, 1) {
                // A day of 1,440 looks.
                let wave = season > 0 ? RampStudy.wave(Double(look % 1_440) / 1_440) : 0
                let now = rate * (1 + season * wave)
                // Where the share is only meant, what a tick really gets is random.
                let count = isRealised ? candidates : random.binomial(tick, share)
                let failed = random.binomial(count, min(now * ratio, 1))
                let total = failed + random.binomial(tick - count, min(now, 1))
                guard (try? process.observe(trials: total, failures: failed)) != nil else {
                    return nil
                }
                if EvidenceReading.reaches(process.rollback.logE, level: alpha) {
                    return look * tick
                }
            }
            return nil
        }
    }
}
