package import RolloutCore

/// Where the gateway tells what each version answered.
package protocol ObservationSink: Sendable {
    /// Takes one prediction. Called on an event loop: never blocks, drops when it is full.
    func record(_ prediction: Prediction)

    /// Passes on what is held, or gives up when the time is over.
    func flush(within time: TimeSpan) async

    var counts: ObservationCounts { get }
}

/// What became of the predictions of one sink.
package struct ObservationCounts: Sendable, Hashable {
    package var delivered = 0
    package var dropped = 0
    package var waiting = 0
    package var failedDeliveries = 0

    package init() {}
}

/// Hands each prediction to a closure in the same process.
package struct ClosureSink: ObservationSink {
    private let take: @Sendable (Prediction) -> Void

    /// - Parameter take: called on an event loop, so it must not block.
    package init(_ take: @escaping @Sendable (Prediction) -> Void) { self.take = take }

    package func record(_ prediction: Prediction) { take(prediction) }
    package func flush(within time: TimeSpan) async {}
    package var counts: ObservationCounts { ObservationCounts() }
}
