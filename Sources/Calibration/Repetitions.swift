import Dispatch
import Synchronization

/// Repetitions of a simulation on all cores; the results do not depend on how many there are.
package enum Repetitions {
    /// Each repetition draws from a stream of its own. In the order of the repetitions.
    package static func run<Outcome: Sendable>(
        _ count: Int, seed: UInt64, _ body: @Sendable (inout SeededRandom) -> Outcome
    ) -> [Outcome] {
        let found = Mutex<[(Int, Outcome)]>([])
        DispatchQueue.concurrentPerform(iterations: max(count, 0)) { index in
            var random = SeededRandom(seed: seed, stream: index + 1)
            let outcome = body(&random)
            found.withLock { $0.append((index, outcome)) }
        }
        return found.withLock { $0.sorted { $0.0 < $1.0 }.map(\.1) }
    }

    /// A seed for each scenario of a study, so that scenarios do not share their luck (FNV-1a).
    package static func seed(_ seed: UInt64, _ scenario: String) -> UInt64 {
        scenario.utf8.reduce(seed ^ 0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

/// A simulated number with its standard error.
package struct Estimate: Sendable, Hashable {
    package let value: Double
    package let standardError: Double
    package let repetitions: Int

    /// How often something happened. The error is that of Agresti and Coull (1998), which is not
    /// zero when it never did.
    package init(rateOf happened: [Bool]) {
        let count = Double(happened.count)
        let hits = Double(happened.count { $0 })
        value = hits / max(count, 1)
        let shrunk = (hits + 2) / (count + 4)
        standardError = (shrunk * (1 - shrunk) / (count + 4)).squareRoot()
        repetitions = happened.count
    }

    /// NaN of nothing.
    package init(meanOf values: [Double]) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        value = mean
        standardError = (squares / max(count - 1, 1) / max(count, 1)).squareRoot()
        repetitions = values.count
    }

    private init(value: Double, standardError: Double, repetitions: Int) {
        self.value = value
        self.standardError = standardError
        self.repetitions = repetitions
    }

    package func divided(by scale: Double) -> Estimate {
        Estimate(
            value: value / scale, standardError: standardError / scale, repetitions: repetitions)
    }

    package func figure(
        _ study: String, _ scenario: String, _ rule: String, _ measure: String,
        promise: StudyFigure.Promise? = nil
    ) -> StudyFigure {
        StudyFigure(
            study: study, scenario: scenario, rule: rule, measure: measure, value: value,
            standardError: standardError, repetitions: repetitions, promise: promise)
    }
}
