import Evidence

/// xoshiro256** (Blackman and Vigna 2018), seeded through SplitMix64: the same seed gives the same
/// stream on every machine.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)
    private var spareNormal: Double?

    package init(seed: UInt64) {
        var mix = seed
        func next() -> UInt64 {
            mix &+= 0x9E37_79B9_7F4A_7C15
            var z = mix
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        state = (next(), next(), next(), next())
    }

    /// The stream of repetition `index`: independent of the others and of how many run at once.
    package init(seed: UInt64, stream index: Int) {
        self.init(seed: seed ^ (UInt64(truncatingIfNeeded: index) &* 0xD1B5_4A32_D192_ED03))
    }

    package mutating func next() -> UInt64 {
        let result = rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, by: 45)
        return result
    }

    /// Uniform in 0..<1.
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    package mutating func bernoulli(_ probability: Double) -> Bool { uniform() < probability }

    /// Normal with mean 0 and variance 1 (Marsaglia's polar method, 1964).
    package mutating func normal() -> Double {
        if let spare = spareNormal {
            spareNormal = nil
            return spare
        }
        while true {
            let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
            let square = x * x + y * y
            guard square > 0, square < 1 else { continue }
            let scale = (-2 * LogDomain.log(square) / square).squareRoot()
            spareNormal = y * scale
            return x * scale
        }
    }

    /// Successes among `trials`. Waiting times for rare ones (Devroye 1986, ch. X.4), so the cost
    /// is that of the successes.
    package mutating func binomial(_ trials: Int, _ probability: Double) -> Int {
        guard trials > 0, probability > 0 else { return 0 }
        guard probability < 1 else { return trials }
        if probability > 0.5 { return trials - binomial(trials, 1 - probability) }
        if trials < 16 {
            var successes = 0
            for _ in 0..<trials where bernoulli(probability) { successes += 1 }
            return successes
        }
        let logFailure = LogDomain.log1p(-probability)
        var (successes, position) = (0, 0.0)
        while true {
            position += (LogDomain.log(1 - uniform()) / logFailure).rounded(.down) + 1
            if position > Double(trials) { return successes }
            successes += 1
        }
    }

    /// Gamma with mean `shape` and scale 1 (Marsaglia and Tsang 2000).
    package mutating func gamma(_ shape: Double) -> Double {
        if shape < 1 {
            return gamma(shape + 1) * LogDomain.exp(LogDomain.log(1 - uniform()) / shape)
        }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            guard v > 0 else { continue }
            if LogDomain.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * LogDomain.log(v) {
                return d * v
            }
        }
    }

    /// Beta with mean a/(a+b).
    package mutating func beta(_ a: Double, _ b: Double) -> Double {
        let (x, y) = (gamma(a), gamma(b))
        return x / (x + y)
    }
}

private func rotate(_ value: UInt64, by count: UInt64) -> UInt64 {
    (value << count) | (value >> (64 - count))
}
