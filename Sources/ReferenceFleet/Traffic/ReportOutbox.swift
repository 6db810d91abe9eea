import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import RolloutCore

/// What the nodes have to tell the controller, kept until it says that it has it.
final class ReportOutbox: Sendable {
    enum Report: Sendable {
        case measurement(prediction: String, value: Double)
        case label(prediction: String, truth: [String])
    }

    /// The largest batch: about 70 KB.
    static let batchMax = 500

    private struct Waiting: Sendable {
        let due: Int64
        let report: Report
    }

    private let limit: Int
    private let headers: HTTPHeaders
    private let queue = NIOLockedValueBox<[Waiting]>([])
    private let counters: NIOLockedValueBox<FleetTraffic.Counters>
    private let lateness = NIOLockedValueBox(0.0)

    init(limit: Int, token: String?, counters: NIOLockedValueBox<FleetTraffic.Counters>) {
        self.limit = limit
        headers = token.map { ["authorization": "Bearer \($0)"] } ?? [:]
        self.counters = counters
    }

    var waiting: Int { queue.withLockedValue(\.count) }

    /// Seconds by which the batch was late that the controller took last; 0 while it takes none.
    var late: Double { lateness.withLockedValue { $0 } }

    /// Takes a report that is due in so many seconds, unless too many are waiting.
    func add(_ report: Report, after seconds: Double = 0) {
        let delay = Int64(exactly: (max(seconds, 0) * 1_000).rounded()) ?? 0
        let due = Self.now() + delay
        let taken = queue.withLockedValue { queue in
            guard queue.count < limit else { return false }
            queue.append(Waiting(due: due, report: report))
            return true
        }
        if !taken { counters.withLockedValue { $0.reportsDropped += 1 } }
    }

    /// Sends what is due; what cannot be delivered waits for the next time. Whether all was sent.
    @discardableResult
    func deliver(
        over connection: inout HTTPConnection, includingLater: Bool
    ) async -> Bool {
        let now = Self.now()
        let due = queue.withLockedValue { queue in
            let due = queue.filter { includingLater || $0.due <= now }
            queue.removeAll { includingLater || $0.due <= now }
            return due
        }
        if due.isEmpty { note(nil) }
        let measurements = due.filter { if case .measurement = $0.report { true } else { false } }
        let labels = due.filter { if case .label = $0.report { true } else { false } }
            .sorted { $0.due < $1.due }
        var unsent: [Waiting] = []
        for (path, reports) in [("/v1/observations", measurements), ("/v1/labels", labels)] {
            var rest = reports[...]
            while !rest.isEmpty {
                let batch = rest.prefix(Self.batchMax)
                let isTaken = await send(Array(batch), to: path, over: &connection)
                note(isTaken ? batch.first?.due : nil)
                guard isTaken else { break }
                rest = rest.dropFirst(Self.batchMax)
            }
            unsent += rest
        }
        guard !unsent.isEmpty else { return true }
        counters.withLockedValue { $0.retries += 1 }
        queue.withLockedValue { [unsent] in $0 = unsent + $0 }
        return false
    }

    private func note(_ due: Int64?) {
        lateness.withLockedValue { [now = Self.now()] late in
            late = due.map { Double(now - $0) / 1_000 } ?? 0
        }
    }

    /// Whether the controller took the batch or refused it for good.
    private func send(
        _ batch: [Waiting], to path: String, over connection: inout HTTPConnection
    ) async -> Bool {
        guard let body = try? JSONEncoder().encode(batch.map { Wire($0, now: Self.now()) }),
            let answer = try? await connection.send(
                .POST, path, headers: headers, body: ByteBuffer(bytes: body))
        else { return false }
        switch answer.status.code {
        case 200..<300:
            counters.withLockedValue {
                if path == "/v1/labels" {
                    $0.labelsAccepted += batch.count
                } else {
                    $0.measurementsAccepted += batch.count
                }
            }
            return true
        case 429: return false
        case 400..<500:
            counters.withLockedValue { $0.reportsRefused += batch.count }
            return true
        default: return false
        }
    }

    private static func now() -> Int64 {
        Int64(exactly: (Date().timeIntervalSince1970 * 1_000).rounded()) ?? 0
    }

    /// A report as the controller reads it.
    private struct Wire: Encodable {
        var kind: String?
        let prediction: String
        var metric: String?
        var value: Double?
        var truth: [String]?
        let at: Timestamp

        /// A label that is sent before it is due, at the end of a run, is of now: nobody may
        /// take a time to come.
        init(_ waiting: Waiting, now: Int64) {
            at = Timestamp(milliseconds: min(waiting.due, now))
            switch waiting.report {
            case .measurement(let prediction, let value):
                self.prediction = prediction
                (kind, metric, self.value) = ("measurement", "throughput", value)
            case .label(let prediction, let truth):
                self.prediction = prediction
                self.truth = truth
            }
        }
    }
}
