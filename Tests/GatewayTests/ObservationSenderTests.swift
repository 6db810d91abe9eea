import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import RolloutCore
import Secrets
import Testing

@testable import Gateway

extension SocketTests.Observing {
    private func prediction(_ number: Int) throws -> Prediction {
        Prediction(
            prediction: "p-\(number)", arm: .candidate, rollout: try RolloutName("m"),
            region: try RegionName("eu-west"), generation: 3,
            version: try Bench.backend("2.0", "http://a").reference,
            at: Timestamp(milliseconds: 1_700_000_000_123), latencyMicroseconds: 1_234,
            output: "a \"quoted\"\nline", confidence: FiniteDouble(0.25), unit: .max)
    }

    private var quick: GatewayLimits {
        var limits = GatewayLimits()
        limits.observationInterval = TimeSpan(milliseconds: 10)
        limits.observationBackoff = TimeSpan(milliseconds: 100)
        return limits
    }

    private func sender(
        _ controller: ModelServer, token: LiveSecret? = nil, _ limits: GatewayLimits
    ) throws -> ObservationSender {
        try #require(
            ObservationSender(
                controller: controller.endpoint, token: token, limits: limits, logger: Bench.quiet,
                group: MultiThreadedEventLoopGroup.singleton))
    }

    @Test func anExchangedTokenIsSentFromThenOn() async throws {
        let path = NSTemporaryDirectory() + "gatewright-token-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "one".write(toFile: path, atomically: true, encoding: .utf8)
        let controller = try await ModelServer.start(.raw("{}"))
        let sender = try sender(controller, token: try LiveSecret(file: path), quick)
        for (number, token) in ["one", "two"].enumerated() {
            try token.write(toFile: path, atomically: true, encoding: .utf8)
            sender.record(try prediction(number))
            await sender.flush(within: .seconds(5))
            #expect(controller.seen.last?.headers.first(name: "authorization") == "Bearer \(token)")
        }
    }

    @Test func batchesArriveAsLines() async throws {
        let controller = try await ModelServer.start(.raw("{}"))
        let sender = try sender(controller, token: "t", quick)
        let sent = try (0..<1_200).map(prediction)
        for one in sent { sender.record(one) }
        await sender.flush(within: .seconds(5))
        let seen = controller.seen
        #expect(sender.counts.delivered == 1_200 && sender.counts.waiting == 0)
        #expect(seen.count == 3)
        #expect(
            seen.allSatisfy {
                $0.method == "POST" && $0.path == "/v1/observations"
                    && $0.headers.first(name: "authorization") == "Bearer t"
            })
        let lines = seen.flatMap { $0.body.split(separator: "\n") }
        #expect(lines.allSatisfy { $0.contains(#""kind":"prediction""#) })
        let read = try lines.map {
            try JSONDecoder().decode(Prediction.self, from: Data($0.utf8))
        }
        #expect(read == sent)
        await controller.stop()
    }

    @Test func aBatchIsSentUntilItIsTaken() async throws {
        let controller = try await ModelServer.start(.status(503))
        let sender = try sender(controller, quick)
        sender.record(try prediction(1))
        while controller.seen.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        controller.behave(.crash)
        while controller.seen.count < 4 { try await Task.sleep(for: .milliseconds(5)) }
        controller.behave(.raw("{}"))
        await sender.flush(within: .seconds(5))
        #expect(sender.counts.delivered == 1 && sender.counts.failedDeliveries >= 3)
        #expect(controller.seen.allSatisfy { $0.body.contains("p-1") })
        await controller.stop()
    }

    @Test func aBatchThatCanNeverBeTakenIsGivenUp() async throws {
        let controller = try await ModelServer.start(.status(422))
        let sender = try sender(controller, quick)
        sender.record(try prediction(1))
        await sender.flush(within: .seconds(5))
        #expect(sender.counts.dropped == 1 && sender.counts.waiting == 0)
        await controller.stop()
    }

    @Test func theBufferIsBoundedAndTheFlushToo() async throws {
        var limits = quick
        limits.observations = 10
        let controller = try await ModelServer.start(.hang)
        let sender = try sender(controller, limits)
        for number in 0..<25 { sender.record(try prediction(number)) }
        let began = ContinuousClock.now
        await sender.flush(within: TimeSpan(milliseconds: 100))
        #expect(ContinuousClock.now - began < .seconds(1))
        #expect(sender.counts.waiting == 10 && sender.counts.dropped == 15)
        await controller.stop()
    }
}
