import Evidence

/// How fast the engine takes in observations, one request at a time.
package enum ThroughputMeter {
    /// Observations for each second of one core.
    package static func observationsPerSecond(seed: UInt64, observations: Int) -> Double? {
        guard var process = try? ProportionProcess(limit: 0.05) else { return nil }
        // Drawn before, so that drawing is not measured.
        var random = SeededRandom(seed: seed)
        let outcomes = (0..<4_096).map { _ in random.bernoulli(0.045) ? 1 : 0 }
        let clock = ContinuousClock()
        let duration = clock.measure {
            for index in 0..<max(observations, 1) {
                try? process.observe(trials: 1, failures: outcomes[index & 4_095])
            }
        }
        guard process.trials == max(observations, 1) else { return nil }
        return Double(process.trials) / (duration / .seconds(1))
    }
}
