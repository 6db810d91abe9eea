import Foundation

/// What is wrong with a served version on purpose, so that it can be seen who notices.
///
/// Everything is drawn from the request's `id` and the version, so that two versions err on
/// requests of their own, and the same request always fares the same.
package struct ServedFault: Sendable, Hashable {
    /// The part of answers that another class is given for.
    package var wrongAnswers: Double
    /// How long answers take; `nil` answers at once.
    package var latency: Latency?

    /// A lognormal time to answer.
    package struct Latency: Sendable, Hashable {
        /// Milliseconds.
        package let median: Double
        /// Standard deviation of the logarithm.
        package let spread: Double

        package init(median: Double, spread: Double) {
            self.median = median
            self.spread = spread
        }

        package func slower(by factor: Double) -> Latency {
            Latency(median: median * factor, spread: spread)
        }

        func milliseconds(_ random: inout SeededRandom) -> Double {
            // Box and Muller 1958.
            let radius = (-2 * log(max(random.unit(), 1e-300))).squareRoot()
            return median * exp(spread * radius * cos(2 * .pi * random.unit()))
        }
    }

    package static let none = ServedFault()

    /// The same fault, where only a part of the answers that it changes becomes wrong by it.
    package func reaching(_ part: Double) -> ServedFault {
        ServedFault(wrongAnswers: min(wrongAnswers / max(part, 1e-3), 1), latency: latency)
    }

    package init(wrongAnswers: Double = 0, latency: Latency? = nil) {
        self.wrongAnswers = wrongAnswers
        self.latency = latency
    }

    /// What this fault does to one request.
    func fate(of request: String, version: String) -> (isWrong: Bool, milliseconds: Double) {
        // FNV-1a, 64 bits (Fowler, Noll and Vo 1991).
        let hash = (request + "\u{0}" + version).utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        var random = SeededRandom(seed: hash)
        let isWrong = random.unit() < wrongAnswers
        return (isWrong, latency?.milliseconds(&random) ?? 0)
    }
}
