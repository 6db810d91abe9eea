import ReferenceFleet
import RolloutCore

/// One kind of candidate beside one stable version, under guardrails that say what is wanted.
struct TrialScenario: Sendable {
    enum Truth: String, Sendable, Codable {
        /// The candidate keeps every limit: rolling it back is an error.
        case healthy
        /// It breaks one: not finding it is an error.
        case regressed
    }

    let name: String
    let summary: String
    let truth: Truth
    /// Rows of the policy file.
    let guardrails: [String]
    let stages: [String]
    var stable = ServedFault.none
    var candidate = ServedFault.none
    /// Of the candidate's mean throughput.
    var throughputFactor = 1.0
    /// The most requests a second.
    var ratePerRollout = 1_000.0
    /// After so many a trial counts as undecided.
    let requestsMax: Int
    /// Of the rollouts that a healthy scenario is asked for.
    var part = 1.0

    static let stableVersion = "1.0.0"
    static let candidateVersion = "2.0.0"

    static let all: [TrialScenario] =
        [
            TrialScenario(
                name: "a-a", summary: "the same model under two versions, well within the limits",
                truth: .healthy, guardrails: wide, stages: wholeWay, requestsMax: 40_000),
            TrialScenario(
                name: "at-the-limit", summary: "the same model under two versions, no drop allowed",
                truth: .healthy,
                guardrails: [
                    "{name: accuracy, metric: accuracy, atLeast: 95%, \(labels), onBreach: rollback}",
                    "{name: accuracy-drop, metric: accuracy, comparedTo: stable, dropAtMost: 0pp, "
                        + "\(labels), onBreach: rollback}",
                    "{name: throughput, metric: throughput, comparedTo: stable, dropAtMost: 0%, "
                        + "onBreach: rollback}",
                ],
                stages: ["{stage: canary, share: 50%, soak: 2s}", "{stage: full, bake: 1s}"],
                stable: ServedFault(wrongAnswers: 0.0475),
                candidate: ServedFault(wrongAnswers: 0.0475), requestsMax: 4_000),
            TrialScenario(
                name: "latency-same",
                summary: "the latencies of latency-p99, without its regression",
                truth: .healthy, guardrails: [p99], stages: wholeWay,
                stable: ServedFault(latency: answerTime),
                candidate: ServedFault(latency: answerTime),
                ratePerRollout: 100, requestsMax: 12_000, part: 0.1),
        ]
        + [1, 2, 5].map { points in
            TrialScenario(
                name: "accuracy-\(points)", summary: "\(points) pp fewer right answers",
                truth: .regressed, guardrails: wide, stages: wholeWay,
                candidate: ServedFault(wrongAnswers: Double(points) / 100), requestsMax: 60_000)
        } + [
            TrialScenario(
                name: "latency-p99", summary: "p99 becomes 20 % longer, from 64 ms to 76 ms",
                truth: .regressed, guardrails: [p99], stages: wholeWay,
                stable: ServedFault(latency: answerTime),
                candidate: ServedFault(latency: answerTime.slower(by: 1.2)), ratePerRollout: 100,
                requestsMax: 60_000),
            TrialScenario(
                name: "throughput-5", summary: "transfers become 5 % slower", truth: .regressed,
                guardrails: [
                    "{name: throughput, metric: throughput, comparedTo: stable, dropAtMost: 1%, "
                        + "onBreach: rollback}"
                ],
                stages: ["{stage: canary, share: 50%, soak: 2s}", "{stage: full, bake: 1s}"],
                throughputFactor: 0.95, requestsMax: 150_000),
        ]

    /// p99 is 40 ms · exp(2.326 · 0.2) = 64 ms; the gateway and a busy machine add some.
    private static let answerTime = ServedFault.Latency(median: 40, spread: 0.2)
    private static let p99 =
        "{name: latency-p99, metric: latency, quantile: 99%, atMost: 72ms, onBreach: rollback}"
    private static let labels = "labels: {maxLag: 24h, minCoverage: 50%}"
    private static let wholeWay = [
        "{stage: shadow, share: 100%, soak: 2s}", "{stage: canary, share: 20%, soak: 2s}",
        "{stage: gradual, shares: [50%, 100%], soak: 2s}", "{stage: full, bake: 1s}",
    ]
    private static let wide = [
        "{name: errors, metric: errors, atMost: 1%, onBreach: rollback}",
        "{name: latency-p99, metric: latency, quantile: 99%, atMost: 250ms, onBreach: rollback}",
        "{name: accuracy, metric: accuracy, atLeast: 95%, \(labels), onBreach: rollback}",
        "{name: accuracy-drop, metric: accuracy, comparedTo: stable, dropAtMost: 0.5pp, "
            + "\(labels), onBreach: rollback}",
        "{name: throughput, metric: throughput, comparedTo: stable, dropAtMost: 10%, "
            + "stages: [canary, gradual], onBreach: rollback}",
        "{name: traffic-split, metric: sample-ratio, onBreach: hold}",
    ]

    // MARK: Files

    var policyFile: String {
        """
        apiVersion: gatewright.dev/v1
        kind: Guardrails
        metadata: {name: \(name)}
        spec:
          falseRollbackRate: \(TrialWorld.rateText)
          guardrails:
        \(guardrails.map { "    - \($0)\n" }.joined())
        """
    }

    func specFile(of rollout: String, asking version: String) -> String {
        """
        apiVersion: gatewright.dev/v1
        kind: Rollout
        metadata:
          name: \(rollout)
          owners: [trial]
        spec:
          version: \(version)
          bootstrap: \(Self.stableVersion)
          regions: [\(TrialWorld.region)]
          router: gateway
          signals: [gateway]
          stickyBy: header:x-node-id
          guardrails: [\(name)]
          stages:
        \(stages.map { "    - \($0)\n" }.joined())
        """
    }
}
