extension FleetTraffic {
    /// What is sent, where, how fast. Everything random comes from `seed`.
    package struct Configuration: Sendable {
        /// The gateway of each region.
        package var gateways: [HTTPTarget]
        /// Where observations and labels go.
        package var controller: HTTPTarget
        /// Sent to the controller as a bearer token.
        package var token: String?
        /// The model that the gateways are asked for.
        package var model = "compression-selector"
        package var seed: UInt64 = 1
        /// Requests a second, all regions together.
        package var rate: Double = 1_500
        /// Requests in flight at once in each region.
        package var concurrency = 8
        /// Nodes in each region; a node always sends the same `x-node-id`.
        package var nodes = 2_000
        /// Seconds from an answer to its label, drawn evenly.
        package var labelDelay: ClosedRange<Double> = 0.5...1.5
        /// What versions do to the throughput of the transfers that they choose for; 1 if absent.
        package var throughputFactors: [String: Double] = [:]
        /// The part of labels that are sent twice, as an at-least-once source does.
        package var doubledLabels = 0.02
        /// Seconds between batches of reports.
        package var reportInterval = 0.2
        /// Reports that wait while the controller is away; further ones are dropped and counted.
        /// Ten minutes at full rate.
        package var reportsWaitingMax = 2_000_000
        /// Seconds by which reports may be sent too late before nodes stop asking and let them
        /// catch up: on a machine too small for the rate, traffic would leave its labels behind.
        /// `nil` for traffic that waits for nothing. While the controller is away nobody waits.
        package var reportsLateMax: Double?
        /// Told how each request ended; called from many tasks.
        package var ended: (@Sendable (Ending) -> Void)?

        package init(gateways: [HTTPTarget], controller: HTTPTarget) {
            self.gateways = gateways
            self.controller = controller
        }
    }

    /// How one request ended.
    package struct Ending: Sendable {
        /// The place of the gateway in `gateways`.
        package let region: Int
        package let began: ContinuousClock.Instant
        /// The version and the arm that the gateway names.
        package let version: String?
        package let arm: String?
        /// Why there was no usable answer; `nil` when there was one.
        package let trouble: String?
    }

    /// What has happened since the start.
    package struct Counters: Sendable, Hashable {
        package var sent = 0
        /// Answers with a label that is a method and a prediction id.
        package var answered = 0
        /// Requests without a usable answer.
        package var failed = 0
        /// Answers that the oracle agrees with.
        package var right = 0
        /// Of `throughput`, over all answers.
        package var throughputSum = 0.0
        package var measurementsAccepted = 0
        package var labelsAccepted = 0
        /// Reports that the controller refused for good (4xx).
        package var reportsRefused = 0
        /// Reports dropped because `reportsWaitingMax` were waiting.
        package var reportsDropped = 0
        /// Batches that had to be sent again.
        package var retries = 0
    }
}
