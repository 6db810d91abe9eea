import NIOConcurrencyHelpers
import RolloutCore

/// The counters behind `/metrics`, with a bounded number of label sets: names of rollouts and
/// versions come from routes, never from callers.
final class GatewayMetrics: Sendable {
    /// Upper bounds of the latency histogram, in microseconds.
    static let bounds: [Int64] = [
        500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
        2_500_000, 5_000_000, 10_000_000,
    ]

    enum Event: String, CaseIterable {
        case mirrorDropped = "mirror_dropped"
        case connectionRefused = "connection_refused"
        case badRequest = "bad_request"
        case unknownRollout = "unknown_rollout"
        case slowRequest = "slow_request"
    }

    private struct Series: Hashable {
        var rollout: String
        var version: String
        var arm: String
    }

    private struct Count: Hashable {
        var series: Series
        var outcome: String
    }

    private struct Histogram {
        var buckets = [Int](repeating: 0, count: GatewayMetrics.bounds.count)
        var count = 0
        var sum: Int64 = 0

        mutating func add(_ microseconds: Int64) {
            count += 1
            sum = sum.addingReportingOverflow(microseconds).partialValue
            if let index = GatewayMetrics.bounds.firstIndex(where: { microseconds <= $0 }) {
                buckets[index] += 1
            }
        }
    }

    private struct State {
        var requests: [Count: Int] = [:]
        var latency: [Series: Histogram] = [:]
        var events: [Event: Int] = [:]
    }

    private let seriesMax: Int
    private let state = NIOLockedValueBox(State())

    init(seriesMax: Int) { self.seriesMax = seriesMax }

    func count(_ event: Event) { state.withLockedValue { $0.events[event, default: 0] += 1 } }

    func answered(
        rollout: String, version: String, arm: Arm, outcome: String, microseconds: Int64
    ) {
        state.withLockedValue { state in
            var series = Series(rollout: rollout, version: version, arm: arm.rawValue)
            if state.latency[series] == nil, state.latency.count >= seriesMax {
                series = Series(rollout: "other", version: "other", arm: arm.rawValue)
            }
            state.requests[Count(series: series, outcome: outcome), default: 0] += 1
            state.latency[series, default: Histogram()].add(microseconds)
        }
    }

    /// The Prometheus text format, sorted.
    func text(
        region: RegionName, table: RouteTable.Contents, connections: Int,
        observations: ObservationCounts
    ) -> String {
        let state = state.withLockedValue { $0 }
        var text = Page()
        text.family("gatewright_gateway_requests_total", "counter", "Answers of versions.")
        for (count, number) in state.requests.sorted(by: { key($0.key) < key($1.key) }) {
            text.line(
                "gatewright_gateway_requests_total",
                "\(labels(count.series, region)),outcome=\"\(count.outcome)\"", "\(number)")
        }
        let name = "gatewright_gateway_latency_seconds"
        text.family(name, "histogram", "From a request's arrival to the version's answer.")
        for (series, histogram) in state.latency.sorted(by: { key($0.key) < key($1.key) }) {
            let labels = labels(series, region)
            var total = 0
            for (bound, count) in zip(Self.bounds, histogram.buckets) {
                total += count
                text.line(
                    "\(name)_bucket", "\(labels),le=\"\(Double(bound) / 1e6)\"", "\(total)")
            }
            text.line("\(name)_bucket", "\(labels),le=\"+Inf\"", "\(histogram.count)")
            text.line("\(name)_sum", labels, "\(Double(histogram.sum) / 1e6)")
            text.line("\(name)_count", labels, "\(histogram.count)")
        }
        text.family("gatewright_gateway_events_total", "counter", "What did not go to a version.")
        for event in Event.allCases {
            text.line(
                "gatewright_gateway_events_total",
                "region=\"\(region)\",event=\"\(event.rawValue)\"",
                "\(state.events[event] ?? 0)")
        }
        let gauges: [(String, String, Int)] = [
            ("connections", "Open data connections.", connections),
            ("routes", "Rollouts in the route table.", table.routes.count),
            ("table_version", "Changes of the route table.", table.version),
            ("table_unsaved", "1 if the state file could not be written.", table.saved ? 0 : 1),
            ("observations_waiting", "Observations not yet delivered.", observations.waiting),
            ("observations_delivered", "Observations delivered.", observations.delivered),
            ("observations_dropped", "Observations lost.", observations.dropped),
            ("observation_failures", "Deliveries that failed.", observations.failedDeliveries),
        ]
        for (name, help, value) in gauges {
            text.family("gatewright_gateway_\(name)", "gauge", help)
            text.line("gatewright_gateway_\(name)", "region=\"\(region)\"", "\(value)")
        }
        return text.text
    }

    private func key(_ count: Count) -> String { key(count.series) + " " + count.outcome }
    private func key(_ series: Series) -> String {
        "\(series.rollout) \(series.version) \(series.arm)"
    }

    private func labels(_ series: Series, _ region: RegionName) -> String {
        "region=\"\(region)\",rollout=\"\(series.rollout)\",version=\"\(series.version)\","
            + "arm=\"\(series.arm)\""
    }

    private struct Page {
        private(set) var text = ""

        mutating func family(_ name: String, _ kind: String, _ help: String) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
        }

        mutating func line(_ name: String, _ labels: String, _ value: String) {
            text += "\(name){\(labels)} \(value)\n"
        }
    }
}
