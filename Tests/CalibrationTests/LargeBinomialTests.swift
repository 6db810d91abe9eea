import Calibration
import Testing

@Suite struct LargeBinomialTests {
    @Test(arguments: [
        (40, 0.3), (1_000, 0.02), (1_000_000, 0.5), (1_000_000, 0.999), (4_000_000_000, 0.01),
    ]) func meanAndVarianceAreThoseOfTheBinomial(_ trials: Int, _ probability: Double) {
        var random = SeededRandom(seed: 11)
        let draws = (0..<20_000).map { _ in Double(random.successes(trials, probability)) }
        let mean = draws.reduce(0, +) / Double(draws.count)
        let squares = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let variance = squares / Double(draws.count - 1)
        let (expected, spread) = (
            Double(trials) * probability, Double(trials) * probability * (1 - probability)
        )
        // Four standard errors of a mean and of a variance.
        #expect(abs(mean - expected) < 4 * (spread / 20_000).squareRoot())
        #expect(abs(variance / spread - 1) < 4 * (2.0 / 20_000).squareRoot())
        #expect(draws.allSatisfy { (0...Double(trials)).contains($0) })
    }

    @Test func edgesAreExact() {
        var random = SeededRandom(seed: 1)
        #expect(random.successes(0, 0.5) == 0 && random.successes(1_000_000, 0) == 0)
        #expect(random.successes(1_000_000, 1) == 1_000_000)
    }
}
