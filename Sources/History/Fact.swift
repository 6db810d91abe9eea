package import RolloutCore

/// One entry of the append-only log that evidence is computed from.
///
/// Facts of one store have strictly rising sequence numbers in the order of ingestion, so folding
/// them again after a crash gives the same evidence, whatever order the observations came in.
package struct Fact: Sendable, Hashable {
    package let sequence: Int64
    /// The answer that the fact is about: rollout, region, generation, arm, time, digest, unit.
    package let answer: Prediction
    package let event: Event

    package init(sequence: Int64, answer: Prediction, event: Event) {
        self.sequence = sequence
        self.answer = answer
        self.event = event
    }

    package enum Event: Sendable, Hashable {
        /// A prediction was seen for the first time.
        case answered
        /// The truth and this arm's answer have met, or a corrected truth has turned the result.
        /// A failed answer is never correct. `previously` is what the last such fact said, `at` when
        /// the truth was known.
        case labelled(correct: Bool, previously: Bool?, at: Timestamp)
        /// A caller measured this while it used the answer. Never about a mirrored answer.
        case measured(metric: String, value: FiniteDouble)
        /// Stable and mirror have both answered one request; the fact is about the mirror's answer.
        case paired(agree: Bool)
        /// The truth has met both answers to one request; the fact is about the mirror's answer, and
        /// is told once: corrections do not repeat it.
        case compared(candidate: Bool, stable: Bool)
    }
}

/// What became of one batch.
package struct IngestResult: Sendable, Hashable {
    /// Items stored for the first time.
    package var accepted = 0
    /// Items that were known, or that a later label had overtaken.
    package var duplicates = 0
    /// Labels that replaced another truth.
    package var corrected = 0
    /// Of the accepted labels and measurements, those whose answer has not arrived yet.
    package var waiting = 0
    /// Items older than the retention; taking them would count a swept one twice.
    package var expired = 0
    /// The new facts, in order.
    package var facts: [Fact] = []

    package init() {}
}
