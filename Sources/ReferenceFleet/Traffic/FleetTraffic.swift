import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// The nodes of the fleet: they ask which method to use, transfer, and tell how it went.
///
/// Each answer is followed by a `throughput` measurement at once and by the oracle's label after
/// a delay. The transfer itself is looked up: it was measured when the pool was made.
package struct FleetTraffic: Sendable {
    private let configuration: Configuration
    private let pool: TransferPool
    private let counts = NIOLockedValueBox(Counters())
    private let outbox: ReportOutbox

    package init(configuration: Configuration, pool: TransferPool) {
        self.configuration = configuration
        self.pool = pool
        outbox = ReportOutbox(
            limit: configuration.reportsWaitingMax, token: configuration.token, counters: counts)
    }

    package var counters: Counters { counts.withLockedValue { $0 } }

    /// Reports that are not yet accepted by the controller, labels not yet due among them.
    package var reportsWaiting: Int { outbox.waiting }

    /// Sends until the task is cancelled, and then delivers what is still waiting for at most
    /// two seconds.
    package func run() async {
        await withTaskGroup { group in
            group.addTask { await deliver() }
            for (region, gateway) in configuration.gateways.enumerated() {
                for worker in 0..<max(configuration.concurrency, 1) {
                    group.addTask { await ask(gateway, region: region, worker: worker) }
                }
            }
        }
        // Not before the last request has its answer. A cancelled task cannot wait for answers, so
        // this one runs in one of its own.
        let last = Task {
            var connection = HTTPConnection(
                target: configuration.controller, deadline: .seconds(2))
            await outbox.deliver(over: &connection, includingLater: true)
            connection.close()
        }
        await last.value
    }

    /// One worker's requests: every k-th of the fleet's sequence, where k is the number of
    /// workers, so that the load is even and each request depends on the seed and its number only.
    private func ask(_ gateway: HTTPTarget, region: Int, worker: Int) async {
        let clock = ContinuousClock()
        let regions = configuration.gateways.count
        let workers = regions * max(configuration.concurrency, 1)
        let interval = Duration.seconds(Double(workers) / max(configuration.rate, 0.001))
        var number = UInt64(worker * regions + region)
        var due = clock.now + interval * (Double(number) / Double(workers))
        var connection = HTTPConnection(target: gateway, deadline: .seconds(5))
        defer { connection.close() }
        while !Task.isCancelled {
            if let most = configuration.reportsLateMax, outbox.late > most {
                guard (try? await clock.sleep(for: .milliseconds(50))) != nil else { return }
                continue
            }
            if due > clock.now {
                guard (try? await clock.sleep(until: due, tolerance: .milliseconds(1))) != nil
                else { return }
            } else if clock.now - due > .seconds(1) {
                due = clock.now  // after a stall, go on at the asked rate: no burst
            }
            await ask(number, region: region, over: &connection)
            number &+= UInt64(workers)
            due += interval
        }
    }

    private func ask(
        _ number: UInt64, region: Int, over connection: inout HTTPConnection
    ) async {
        let transfer = pool.transfer(seed: configuration.seed, number: number)
        var random = SeededRandom(seed: configuration.seed ^ 0x6E6F_6465, item: number)
        let node = "node-\(region)-\(random.below(max(configuration.nodes, 1)))"
        let features = transfer.features.values
        let body = """
            {"id":"\(configuration.seed)-\(number)","inputs":[{"name":"features","shape":\
            [1,\(features.count)],"datatype":"FP64","data":\(features)}]}
            """
        counts.withLockedValue { $0.sent += 1 }
        let began = ContinuousClock.now
        var (version, arm) = (String?.none, String?.none)
        func tell(_ trouble: String?) {
            configuration.ended?(
                Ending(region: region, began: began, version: version, arm: arm, trouble: trouble))
        }
        do {
            let answer = try await connection.send(
                .POST, "/v2/models/\(configuration.model)/infer", headers: ["x-node-id": node],
                body: ByteBuffer(string: body))
            version = answer.headers.first(name: "x-gatewright-version")
            arm = answer.headers.first(name: "x-gatewright-arm")
            guard answer.status == .ok,
                let prediction = answer.headers.first(name: "x-gatewright-prediction"),
                let method = Self.label(answer.body)
            else { throw UnusableAnswer(answer) }
            report(
                transfer, sentBy: method, prediction: prediction,
                factor: configuration.throughputFactors[version ?? ""] ?? 1, random: &random)
            tell(nil)
        } catch {
            counts.withLockedValue { $0.failed += 1 }
            tell("\(error)")
            try? await Task.sleep(for: .milliseconds(50))  // a gateway that is down is not hammered
        }
    }

    private func report(
        _ transfer: Transfer, sentBy method: TransferMethod, prediction: String, factor: Double,
        random: inout SeededRandom
    ) {
        let throughput = transfer.throughput(method) * factor
        let truth = transfer.truth
        counts.withLockedValue {
            $0.answered += 1
            $0.throughputSum += throughput
            if truth.contains(method) { $0.right += 1 }
        }
        outbox.add(.measurement(prediction: prediction, value: throughput))
        let copies = random.unit() < configuration.doubledLabels ? 2 : 1
        for _ in 0..<copies {
            let range = configuration.labelDelay
            let delay = random.uniform(range.lowerBound, range.upperBound)
            outbox.add(
                .label(prediction: prediction, truth: truth.map(\.rawValue)), after: delay)
        }
    }

    private func deliver() async {
        var connection = HTTPConnection(
            target: configuration.controller, deadline: .seconds(10))
        defer { connection.close() }
        var pause = configuration.reportInterval
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(pause))
            let delivered = await outbox.deliver(over: &connection, includingLater: false)
            pause = delivered ? configuration.reportInterval : min(pause * 2, 2)
        }
    }

    /// The method in the first element of the output `label`.
    private static func label(_ body: ByteBuffer) -> TransferMethod? {
        struct Answer: Decodable {
            let outputs: [Output]
            struct Output: Decodable {
                let name: String
                let data: [Element]
            }
            enum Element: Decodable {
                case text(String)
                case other
                init(from decoder: any Decoder) throws {
                    let text = try? decoder.singleValueContainer().decode(String.self)
                    self = text.map(Element.text) ?? .other
                }
            }
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: body),
            case .text(let text) = answer.outputs.first(where: { $0.name == "label" })?.data.first
        else { return nil }
        return TransferMethod(rawValue: text)
    }
}

/// An answer that no node can use.
private struct UnusableAnswer: Error, CustomStringConvertible {
    let description: String

    init(_ answer: HTTPAnswer) {
        let text = String(buffer: answer.body).prefix(200)
        description = "\(answer.status.code) \(text)"
    }
}
