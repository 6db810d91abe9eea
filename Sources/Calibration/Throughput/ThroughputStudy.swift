import Evidence

/// Gauges of throughput, one of each arm at each interval, that remember their past.
package enum ThroughputStudy: Study {
    package static let name = "throughput"
    package static let summary = "gauges that remember their past: false claims by block length"

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        [0, 0.5, 0.8, 0.95].flatMap { memory in
            falseClaims(
                memory: memory, common: 0.1, block: blockLength(memory), seed: seed,
                repetitions: effort.repetitions(full: 400)
            ).map { rule, rate in
                rate.figure(name, "autocorrelation \(memory)", rule, "false-claim")
            }
        }
    }

    /// b >= 2 (1 + φ)/(1 - φ), and 20 at least.
    package static func blockLength(_ memory: Double) -> Int {
        max(20, Int((2 * (1 + memory) / max(1 - memory, 0.001)).rounded(.up)))
    }

    package static let names = [
        "Welch p<0.05", "arms as if independent", "pairs as if independent", "gatewright, blocks",
        "blocks 4 times as long",
    ]

    /// What is measured: each arm's relative noise is 0.1 and follows an autoregression of order
    /// one.
    package struct Setting: Sendable {
        package var memory: Double
        /// The deviation of noise that both arms share.
        package var common: Double
        /// How far both arms move over a day of 1,440 intervals.
        package var season = 0.0
        /// The candidate's mean relative to stable's, less 1.
        package var effect = 0.0
        package var block: Int

        package init(memory: Double, common: Double, block: Int) {
            self.memory = memory
            self.common = common
            self.block = block
        }
    }

    /// False claims over 10,000 intervals without a difference.
    package static func falseClaims(
        memory: Double, common: Double, block: Int, seed: UInt64, repetitions: Int
    ) -> [(String, Estimate)] {
        let found = times(
            Setting(memory: memory, common: common, block: block), seed: seed,
            repetitions: repetitions)
        return names.indices.map { index in
            (names[index], Estimate(rateOf: found.map { $0[index] != nil }))
        }
    }

    /// Intervals until each rule claims that the candidate's mean is lower.
    package static func times(
        _ setting: Setting, horizon: Int = 10_000, seed: UInt64, repetitions: Int
    ) -> [[Int?]] {
        let threshold = -LogDomain.log(0.05)
        let (memory, block) = (setting.memory, setting.block)
        let seed = Repetitions.seed(
            seed, "\(memory) \(setting.common) \(block) \(setting.season) \(setting.effect)")
        return Repetitions.run(repetitions, seed: seed) { random -> [Int?] in
            var claims = names.map { _ in Int?.none }
            let fresh = (1 - memory * memory).squareRoot()
            var noises = (
                candidate: random.normal(), stable: random.normal(), common: random.normal()
            )
            var (candidate, stable) = (Running(), Running())
            var blocks = [Blocks(1), Blocks(block), Blocks(4 * block)]
            for interval in 1...max(horizon, 1) {
                noises.candidate = memory * noises.candidate + fresh * random.normal()
                noises.stable = memory * noises.stable + fresh * random.normal()
                noises.common = memory * noises.common + fresh * random.normal()
                let day = Double(interval % 1_440) / 1_440
                let level =
                    1 + setting.common * noises.common + setting.season * RampStudy.wave(day)
                let y = level + setting.effect + 0.1 * noises.candidate
                let z = level + 0.1 * noises.stable
                candidate.add(y)
                stable.add(z)
                func claim(_ index: Int) { claims[index] = claims[index] ?? interval }
                if interval >= 30 {
                    let error = (candidate.variance + stable.variance) / Double(interval)
                    let difference = stable.mean - candidate.mean
                    if difference > 1.6449 * error.squareRoot() { claim(0) }
                    let logE = HeavyTailStudy.gridLogE(
                        difference / stable.mean, error / (stable.mean * stable.mean))
                    if logE >= threshold { claim(1) }
                }
                for index in blocks.indices where blocks[index].add(z - y) {
                    let means = blocks[index].means
                    guard means.count >= (index == 0 ? 30 : 20) else { continue }
                    let logE = HeavyTailStudy.gridLogE(
                        means.mean / stable.mean,
                        means.variance / means.count / (stable.mean * stable.mean))
                    if logE >= threshold { claim(index + 2) }
                }
                if claims.allSatisfy({ $0 != nil }) { break }
            }
            return claims
        }
    }
}

/// Mean and variance of numbers, by Welford's recursion (1962).
struct Running: Sendable {
    private(set) var count = 0.0
    private(set) var mean = 0.0
    private var squares = 0.0

    mutating func add(_ value: Double) {
        count += 1
        let shift = value - mean
        mean += shift / count
        squares += shift * (value - mean)
    }

    var variance: Double { squares / max(count - 1, 1) }
}

/// Means over blocks of equal length.
struct Blocks: Sendable {
    let length: Int
    private(set) var means = Running()
    private var current = (count: 0, sum: 0.0)

    init(_ length: Int) { self.length = max(length, 1) }

    /// Whether a block was completed.
    mutating func add(_ value: Double) -> Bool {
        current.count += 1
        current.sum += value
        guard current.count == length else { return false }
        means.add(current.sum / Double(length))
        current = (0, 0)
        return true
    }
}
