import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Testing

@testable import ReferenceFleet

/// The generator against a gateway and a controller on loopback.
@Suite struct FleetTrafficTests {
    /// What a controller was told; it refuses while it is `away`.
    private struct Received {
        var away = false
        var measurements: [String] = []
        var labels: [String] = []
        var truths: [String: [String]] = [:]
        var nodes: Set<String> = []
        var asked = 0
        var badItems = 0
    }

    private struct Item: Decodable {
        let kind: String?
        let prediction: String
        let metric: String?
        let value: Double?
        let truth: [String]?
        let at: String
    }

    private func gateway(_ received: NIOLockedValueBox<Received>) async throws -> HTTPListener {
        try await HTTPListener.start(host: "127.0.0.1", port: 0) { request in
            let number = received.withLockedValue {
                $0.asked += 1
                if let node = request.headers.first(name: "x-node-id") { $0.nodes.insert(node) }
                return $0.asked
            }
            // Every tenth request fails, as behind a version that is down.
            if number % 10 == 0 { return .init(status: .badGateway) }
            return .init(
                status: .ok, headers: ["x-gatewright-prediction": "p-\(number)"],
                body: ByteBuffer(
                    string: #"{"outputs":[{"name":"label","data":["zstd"]}]}"#))
        }
    }

    private func controller(
        _ received: NIOLockedValueBox<Received>
    ) async throws -> HTTPListener {
        try await HTTPListener.start(host: "127.0.0.1", port: 0) { request in
            received.withLockedValue { received in
                guard !received.away else { return .init(status: .serviceUnavailable) }
                guard request.headers.first(name: "authorization") == "Bearer secret",
                    let items = try? JSONDecoder().decode([Item].self, from: request.body)
                else { return .init(status: .badRequest) }
                for item in items {
                    if request.path == "/v1/labels", let truth = item.truth, item.kind == nil {
                        received.labels.append(item.prediction)
                        received.truths[item.prediction] = truth
                    } else if request.path == "/v1/observations", item.kind == "measurement",
                        item.metric == "throughput", (item.value ?? 0) > 0, item.at.hasSuffix("Z")
                    {
                        received.measurements.append(item.prediction)
                    } else {
                        received.badItems += 1
                    }
                }
                return .init(status: .accepted)
            }
        }
    }

    @Test func nothingIsLostWhileTheControllerIsAway() async throws {
        let received = NIOLockedValueBox(Received())
        let (gateway, controller) = (try await gateway(received), try await controller(received))
        let pool = try await TransferPool.measure(seed: 3, count: 16)
        var configuration = FleetTraffic.Configuration(
            gateways: [try #require(HTTPTarget("http://127.0.0.1:\(gateway.port)"))],
            controller: try #require(HTTPTarget("http://127.0.0.1:\(controller.port)")))
        configuration.token = "secret"
        configuration.rate = 300
        configuration.nodes = 5
        configuration.labelDelay = 0.05...0.3
        configuration.doubledLabels = 0.2
        configuration.reportInterval = 0.05
        let traffic = FleetTraffic(configuration: configuration, pool: pool)
        let running = Task { await traffic.run() }
        received.withLockedValue { $0.away = true }
        try await Task.sleep(for: .milliseconds(600))
        #expect(traffic.reportsWaiting > 0)
        received.withLockedValue { $0.away = false }
        try await Task.sleep(for: .milliseconds(600))
        running.cancel()
        await running.value
        try await gateway.shutdown()
        try await controller.shutdown()

        let (counters, seen) = (traffic.counters, received.withLockedValue { $0 })
        #expect(counters.answered > 50)
        #expect(counters.failed > 0)
        #expect(counters.retries > 0)
        #expect(traffic.reportsWaiting == 0)
        #expect(seen.badItems == 0)
        #expect(seen.measurements.count == counters.answered)
        #expect(Set(seen.measurements).count == counters.answered)
        #expect(Set(seen.labels) == Set(seen.measurements))
        #expect(seen.labels.count > counters.answered, "some labels come twice")
        #expect(seen.labels != seen.labels.sorted(), "labels come out of order")
        #expect(counters.right == seen.truths.values.count(where: { $0.contains("zstd") }))
        #expect(seen.nodes.isSubset(of: Set((0..<5).map { "node-0-\($0)" })))
        #expect(counters.measurementsAccepted == counters.answered)
        #expect(counters.reportsRefused == 0 && counters.reportsDropped == 0)
    }

    /// `make demo` beside two busy processes: traffic left its labels 98 s behind, and none counted.
    @Test func nodesWaitForReportsThatAreLate() async throws {
        let received = NIOLockedValueBox(Received())
        let gateway = try await gateway(received)
        // A controller that needs 30 ms a report, for four times as many.
        let controller = try await HTTPListener.start(host: "127.0.0.1", port: 0) { request in
            let items = (try? JSONDecoder().decode([Item].self, from: request.body)) ?? []
            return .init(status: .accepted, delay: .milliseconds(Int64(30 * items.count)))
        }
        var configuration = FleetTraffic.Configuration(
            gateways: [try #require(HTTPTarget("http://127.0.0.1:\(gateway.port)"))],
            controller: try #require(HTTPTarget("http://127.0.0.1:\(controller.port)")))
        configuration.rate = 67
        configuration.labelDelay = 0...0
        configuration.reportInterval = 0.05
        let pool = try await TransferPool.measure(seed: 3, count: 16)
        var asked: [Int] = []
        for most in [nil, 0.2] {
            configuration.reportsLateMax = most
            let traffic = FleetTraffic(configuration: configuration, pool: pool)
            let running = Task { await traffic.run() }
            try await Task.sleep(for: .seconds(4))
            asked.append(traffic.counters.sent)
            running.cancel()
            await running.value
        }
        try await gateway.shutdown()
        try await controller.shutdown()
        let (free, held) = (asked.first ?? 0, asked.last ?? 0)
        #expect(free > 100)
        #expect(held < free * 3 / 4, "\(held) of \(free)")
        #expect(held > 10, "they go on once reports have caught up")
    }

    @Test func aRefusalIsCountedAndAFullOutboxDrops() async throws {
        let received = NIOLockedValueBox(Received())
        let controller = try await controller(received)
        let counters = NIOLockedValueBox(FleetTraffic.Counters())
        let outbox = ReportOutbox(limit: 3, token: "wrong", counters: counters)
        for number in 0..<5 { outbox.add(.measurement(prediction: "p\(number)", value: 1)) }
        #expect(outbox.waiting == 3)
        var connection = HTTPConnection(
            target: try #require(HTTPTarget("http://127.0.0.1:\(controller.port)")),
            deadline: .seconds(5))
        await outbox.deliver(over: &connection, includingLater: true)
        connection.close()
        try await controller.shutdown()
        #expect(outbox.waiting == 0)
        #expect(counters.withLockedValue { $0.reportsDropped } == 2)
        #expect(counters.withLockedValue { $0.reportsRefused } == 3)
    }

    @Test(arguments: ["", "127.0.0.1:80", "https://a", "http://", "http://a?b=c"])
    func otherAddressesAreRefused(_ text: String) {
        #expect(HTTPTarget(text) == nil)
    }

    @Test func addressesKeepTheirPath() {
        #expect(HTTPTarget("http://a:81/b/")?.prefix == "/b")
        #expect(HTTPTarget("http://a")?.port == 80)
    }
}
