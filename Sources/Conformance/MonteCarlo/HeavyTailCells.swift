import Calibration
import Evidence

/// Cells about means of skewed measurements by a mixture of normal alternatives.
enum HeavyTailCells {
    private static let level = 0.05
    /// Of the candidate's measurements at each look.
    private static let tick = 10
    private static let candidatesMax = 50_000

    private struct Setting {
        var deviation: Double
        var stables: Int
        var burnIn: Int
        /// Whether the candidate's variance is taken for at least stable's.
        var isCautious: Bool
        /// Larger measurements count as this.
        var largest = Double.infinity
        /// Of the candidate's measurements.
        var scale = 1.0
    }

    static func check(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard let deviation = name.number(after: "sigma="), deviation > 0, deviation < 4,
            let expected = cell.doubles
        else { return false }
        let isCautious = name.contains("candidate variance = max(cand, baseline)")
        let isFix = isCautious || name.contains("welch plug-in")
        let isHeavy = name.hasPrefix("heavy lognormal ") && name.contains(" split 10/")
        let isClipped = name.hasPrefix("heavy ") && name.hasSuffix(" winsorised at 10x mean")
        guard isFix || isHeavy || isClipped else { return false }
        let stables = isHeavy ? name.number(after: "split 10/").flatMap { Int(exactly: $0) } : 190
        let burnIn = isFix ? 200 : name.number(after: "burn=").flatMap { Int(exactly: $0) }
        guard let stables, let burnIn, (1...1_000).contains(stables), (1...10_000).contains(burnIn)
        else { return false }
        var setting = Setting(
            deviation: deviation, stables: stables, burnIn: burnIn, isCautious: isCautious)
        if isClipped { setting.largest = 10 * LogDomain.exp(deviation * deviation / 2) }
        if name.contains(" null FRR ") || isClipped, expected.count == 2 {
            let times = times(name, setting, candidates: 20_000, repetitions: 80)
            report.check(name) { one in
                for (index, side) in ["higher", "lower"].enumerated() {
                    one.expectRate(
                        side, Estimate(rateOf: times.map { $0[index] != nil }), cell.list?[index])
                }
            }
            return true
        }
        guard name.contains(" power -10%/+10% within 50k cand"), expected.count == 4 else {
            return false
        }
        report.check(name) { one in
            for (index, scale) in [0.9, 1.1].enumerated() {
                setting.scale = scale
                let found = times(
                    "\(name) \(scale)", setting, candidates: candidatesMax, repetitions: 40
                ).map { $0[1 - index] }
                one.expectRate(
                    "power at \(scale)", Estimate(rateOf: found.map { $0 != nil }),
                    cell.list?[2 * index])
                // Those that were never found count with all that they had.
                one.expectMean(
                    "mean at \(scale)",
                    Estimate(meanOf: found.map { Double($0 ?? candidatesMax) }),
                    cell.list?[2 * index + 1])
            }
        }
        return true
    }

    /// The candidate's measurements until its mean is claimed to be higher, and lower.
    private static func times(
        _ name: String, _ setting: Setting, candidates: Int, repetitions: Int
    ) -> [[Int?]] {
        let claim = -LogDomain.log(level)
        let seed = Repetitions.seed(MonteCarloVectors.seed, name)
        return Repetitions.run(repetitions, seed: seed) { random -> [Int?] in
            func draw(_ random: inout SeededRandom) -> Double {
                min(LogDomain.exp(setting.deviation * random.normal()), setting.largest)
            }
            var alarms: [Int?] = [nil, nil]
            var (candidate, stable) = (Moments(), Moments())
            for look in 1...(candidates / tick) {
                for _ in 0..<tick {
                    try? candidate.add(setting.scale * draw(&random))
                }
                for _ in 0..<setting.stables {
                    try? stable.add(draw(&random))
                }
                guard look * tick >= setting.burnIn, let own = candidate.variance,
                    let other = stable.variance
                else { continue }
                let spread = setting.isCautious ? max(own, other) : own
                let variance =
                    (spread / Double(candidate.count) + other / Double(stable.count))
                    / (stable.mean * stable.mean)
                let difference = candidate.mean / stable.mean - 1
                for (index, sign) in [1.0, -1].enumerated() where alarms[index] == nil {
                    if HeavyTailStudy.gridLogE(sign * difference, variance) >= claim {
                        alarms[index] = look * tick
                    }
                }
                let isOver =
                    setting.scale == 1
                    ? alarms.allSatisfy { $0 != nil } : alarms[setting.scale > 1 ? 0 : 1] != nil
                if isOver { break }
            }
            return alarms
        }
    }
}
