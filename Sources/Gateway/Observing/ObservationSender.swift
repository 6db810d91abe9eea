package import Logging
import NIOConcurrencyHelpers
package import NIOCore
import NIOHTTP1
package import RolloutCore
package import Secrets

/// Sends predictions in batches to a controller, `POST /v1/observations` as NDJSON, at least once.
///
/// A batch is sent again until it is answered, with growing pauses. Only an answer that says that
/// the batch itself is wrong (400, 413, 422) gives it up, because no repetition would help.
package final class ObservationSender: ObservationSink {
    /// Sends one body and says what became of it.
    package typealias Deliver = @Sendable (_ body: ByteBuffer) async -> Delivery

    package enum Delivery: Sendable, Hashable {
        case taken
        /// The batch can never be taken.
        case refused
        case failed(String)
    }

    private struct State {
        var waiting: CircularBuffer<Prediction> = []
        var counts = ObservationCounts()
    }

    private let state = NIOLockedValueBox(State())
    private let limits: GatewayLimits
    private let deliver: Deliver
    private let logger: Logger
    private let wake: AsyncStream<Void>.Continuation
    private let worker: NIOLockedValueBox<Task<Void, Never>?>

    package init(limits: GatewayLimits = .init(), logger: Logger, deliver: @escaping Deliver) {
        self.limits = limits
        self.deliver = deliver
        self.logger = logger
        let (stream, wake) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.wake = wake
        worker = NIOLockedValueBox(nil)
        // The worker holds the sender weakly between batches, so that dropping it ends it.
        let pause = limits.observationInterval
        worker.withLockedValue {
            $0 = Task { [weak self] in
                for await _ in stream {
                    try? await Task.sleep(for: .milliseconds(pause.milliseconds))
                    await self?.sendAll()
                }
            }
        }
    }

    /// Sends to `http://host:port/v1/observations`, with a bearer token if there is one.
    ///
    /// - Returns: `nil` when the address is not `http://host:port`. For TLS give `deliver` a client
    ///   that speaks it.
    package convenience init?(
        controller: String, token: LiveSecret?, limits: GatewayLimits = .init(), logger: Logger,
        group: any EventLoopGroup
    ) {
        guard let endpoint = Endpoint(controller) else { return nil }
        let client = ObservationClient(
            endpoint: endpoint, token: token, limits: limits, loop: group.next())
        self.init(limits: limits, logger: logger) { await client.deliver($0) }
    }

    deinit {
        wake.finish()
        worker.withLockedValue { $0?.cancel() }
    }

    package func record(_ prediction: Prediction) {
        let isFirst = state.withLockedValue { state in
            guard state.waiting.count < limits.observations else {
                state.counts.dropped += 1
                return false
            }
            state.waiting.append(prediction)
            return state.waiting.count == 1
        }
        if isFirst { wake.yield() }
    }

    package var counts: ObservationCounts {
        state.withLockedValue {
            var counts = $0.counts
            counts.waiting = $0.waiting.count
            return counts
        }
    }

    package func flush(within time: TimeSpan) async {
        let end = ContinuousClock.now + .milliseconds(time.milliseconds)
        wake.yield()
        while counts.waiting > 0, ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(10))
        }
        let left = counts.waiting
        if left > 0 { logger.warning("gave up on \(left) observations at shutdown") }
    }

    private func sendAll() async {
        var pause = TimeSpan(milliseconds: 100)
        while !Task.isCancelled {
            let batch = state.withLockedValue { Array($0.waiting.prefix(limits.observationBatch)) }
            if batch.isEmpty { return }
            switch await deliver(ObservationLines.body(of: batch)) {
            case .taken:
                finish(batch.count) { $0.delivered += batch.count }
                pause = TimeSpan(milliseconds: 100)
                if counts.waiting < limits.observationBatch { return again() }
            case .refused:
                logger.error("the controller refused a batch of \(batch.count) observations")
                finish(batch.count) { $0.dropped += batch.count }
            case .failed(let why):
                state.withLockedValue { $0.counts.failedDeliveries += 1 }
                logger.info("observations are sent again in \(pause): \(why)")
                // Some randomness, so that the gateways of all regions do not come at once.
                let jitter = Int64.random(in: 0...(pause.milliseconds / 2))
                try? await Task.sleep(for: .milliseconds(pause.milliseconds + jitter))
                pause = min(pause + pause, limits.observationBackoff)
            }
        }
    }

    /// What came in during a delivery waits for more, like everything else.
    private func again() {
        if counts.waiting > 0 { wake.yield() }
    }

    private func finish(_ count: Int, _ change: (inout ObservationCounts) -> Void) {
        state.withLockedValue {
            $0.waiting.removeFirst(min(count, $0.waiting.count))
            change(&$0.counts)
        }
    }
}
