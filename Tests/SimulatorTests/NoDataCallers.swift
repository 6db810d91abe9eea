import Foundation
import History
import RolloutCore
import Synchronization
import Testing

@testable import ControlServer
@testable import Simulator

/// What a guardrail can be told to measure.
enum MeasuredKind: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case errors, accuracy, latency, agreement, drift, prometheus, influx
    case errorRise = "error-rise"
    case accuracyDrop = "accuracy-drop"
    case throughputDrop = "throughput-drop"
    case costRise = "cost-rise"
    case scoreGain = "score-gain"
    case split

    var testDescription: String { rawValue }

    /// Whether this version of Gatewright has a reader for it.
    var isRead: Bool { ![.drift, .prometheus, .influx].contains(self) }
    var isOnAnswers: Bool { [.errors, .latency].contains(self) }
    var isOnLabels: Bool { [.accuracy, .accuracyDrop].contains(self) }
    var isMeasured: Bool { [.throughputDrop, .costRise, .scoreGain].contains(self) }
    /// Nothing can be said without stable's side.
    var needsStable: Bool { isMeasured || self == .errorRise || self == .split }
    /// Whether it is seen in more stages than the first.
    var goesOn: Bool { isRead && self != .agreement }

    private var asked: String {
        let labels = "labels: {maxLag: 1m, after: 30s, minCoverage: 50%}"
        return switch self {
        case .errors: "metric: errors, atMost: 20%"
        case .errorRise: "metric: errors, comparedTo: stable, riseAtMost: 20pp"
        case .accuracy: "metric: accuracy, atLeast: 50%, \(labels)"
        case .accuracyDrop: "metric: accuracy, comparedTo: stable, dropAtMost: 20pp, \(labels)"
        case .latency: "metric: latency, quantile: 90%, atMost: 50ms"
        case .agreement: "metric: agreement, atLeast: 50%"
        case .throughputDrop: "metric: throughput, comparedTo: stable, dropAtMost: 50%"
        case .costRise: "metric: cost, comparedTo: stable, riseAtMost: 50%"
        case .scoreGain: "metric: score, comparedTo: stable, gainAtLeast: 10%"
        case .split: "metric: sample-ratio"
        case .drift: "metric: drift, atMost: 0.2"
        case .prometheus: "metric: {prometheus: 'errors{version=\"$version\"}'}, atMost: 1"
        case .influx: "metric: {influx: 'SELECT mean(x) FROM y WHERE v = $version'}, atMost: 1"
        }
    }

    /// What stands under `spec` of its policy.
    var policy: String {
        "{falseRollbackRate: 5%, riskBudget: 50%, guardrails: [{name: \(rawValue), \(asked), "
            + "minSamples: 20, maxSilent: 2m, onBreach: rollback}]}"
    }

    /// Beginning with the first stage in which it is seen.
    var stages: String {
        let shadow = "    - {stage: shadow, share: 100%, soak: 5m}\n"
        return (needsStable ? "" : shadow) + """
                - {stage: canary, share: 20%, soak: 5m}
                - {stage: gradual, shares: [50%, 100%], soak: 5m}
                - {stage: full, bake: 5m}

            """
    }

    var rollout: RolloutName { get throws { try RolloutName(rawValue) } }
}

/// A way in which there is no data.
enum NoData: String, Sendable, CaseIterable, CustomTestStringConvertible {
    /// Nothing arrives.
    case empty
    /// Not-a-number among it, or sums that are beyond any.
    case notANumber
    /// Answers come without what is measured.
    case null
    /// Of this stage nothing comes: only answers of an earlier one, which are late.
    case stale
    /// It stopped in this stage.
    case frozen
    /// Labels for one answer in five; stable without the candidate, or the candidate without stable.
    case partial
    /// The candidate's answers under the names of other versions and generations.
    case manySeries
    /// What is sent is never taken in.
    case timeOut
    /// The store refuses it.
    case serverError

    var testDescription: String { rawValue }
}

/// Callers of one rollout of each kind: a version that could not be better, of which too little is
/// heard.
final class NoDataCallers: Sendable {
    /// `nil` tells everything.
    private let way: NoData?
    private let state = Mutex(State())
    /// Requests of each region at each tick.
    private static let requests = 40
    private static let frozenAfter = TimeSpan.seconds(90)

    private struct State {
        var served = 0
        /// When the first route of a run was seen, and what it was.
        var first: [RolloutName: (at: Timestamp, route: Route)] = [:]
    }

    init(_ way: NoData?) { self.way = way }

    func tick(_ route: Route, at now: Timestamp) -> [Observation] {
        guard let kind = MeasuredKind(rawValue: route.rollout.rawValue) else { return [] }
        return state.withLock { state in
            let first = state.first[route.rollout] ?? (now, route)
            state.first[route.rollout] = first
            let isFirst = route.generation == first.route.generation
            let whole = Self.whole(kind, route, at: now, &state.served)
            guard let way else { return whole }
            switch way {
            case .empty: return []
            case .notANumber: return Self.notANumber(kind, whole)
            case .null: return whole.compactMap { Self.null(kind, $0) }
            case .stale where kind.goesOn:
                guard !isFirst else { return whole }
                let old = first.route.in(route.region)
                return Self.whole(kind, old, at: first.at, &state.served)
            case .frozen, .stale: return now - first.at > Self.frozenAfter ? [] : whole
            case .partial: return Self.partial(kind, route.region, whole)
            case .manySeries: return whole.map { Self.elsewhere($0, state.served) }
            case .timeOut, .serverError: return whole
            }
        }
    }

    /// Everything that can be seen of a version that is right, quick, and better than stable.
    private static func whole(
        _ kind: MeasuredKind, _ route: Route, at now: Timestamp, _ served: inout Int
    ) -> [Observation] {
        var batch: [Observation] = []
        let chosen = route.share.basisPoints * requests / 10_000
        for place in 0..<requests {
            served += 1
            let id = "r\(served)"
            var arms: [(arm: Arm, backend: Route.Backend)] = []
            if place < chosen, let candidate = route.candidate {
                arms = [(.candidate, candidate)]
            } else {
                arms = [(.stable, route.stable)]
            }
            if route.mirror > .zero, let candidate = route.candidate {
                arms.append((.mirror, candidate))
            }
            for (arm, backend) in arms {
                batch.append(
                    .prediction(
                        Prediction(
                            prediction: id, arm: arm, rollout: route.rollout, region: route.region,
                            generation: route.generation, version: backend.reference, at: now,
                            latencyMicroseconds: 10_000, output: "yes", confidence: nil,
                            unit: UInt64(served) &* 0x9E37_79B9_7F4A_7C15)))
            }
            if kind.isOnLabels {
                batch.append(
                    .label(Label(prediction: id, truth: ["yes"], at: now + .seconds(5))))
            }
            if kind.isMeasured, let metric = kind.rawValue.split(separator: "-").first {
                let level = kind == .scoreGain && arms[0].arm == .candidate ? 130.0 : 100
                let value = FiniteDouble(level + Double(served % 3))
                batch +=
                    value.map {
                        [
                            .measurement(
                                Measurement(
                                    prediction: id, metric: String(metric), value: $0, at: now))
                        ]
                    } ?? []
            }
        }
        return batch
    }

    /// One number that is none, and the door takes nothing of the batch. Where sums are kept, numbers
    /// that are each finite pass it.
    private static func notANumber(
        _ kind: MeasuredKind, _ whole: [Observation]
    ) -> [Observation] {
        guard kind.isMeasured else {
            let door = ObservationReader(feed: .observations, itemLimit: 10_000)
            var lines = whole.compactMap { try? JSONEncoder().encode($0) }.map { Array($0) }
            let taken = try? door.read(Array(lines.joined(separator: [10])), as: .lines)
            #expect(taken == whole)
            lines.append(
                Array(
                    #"""
                    {"kind": "measurement", "prediction": "r1", "metric": "throughput", \#
                    "value": NaN, "at": "2026-11-20T14:02:11Z"}
                    """#.utf8))
            return (try? door.read(Array(lines.joined(separator: [10])), as: .lines)) ?? []
        }
        return whole.enumerated().map { place, item in
            let sign = place.isMultiple(of: 4) ? 1.0 : -1
            guard case .measurement(let one) = item, let huge = FiniteDouble(sign * 1e300) else {
                return item
            }
            return .measurement(
                Measurement(
                    prediction: one.prediction, metric: one.metric, value: huge, at: one.at))
        }
    }

    private static func null(_ kind: MeasuredKind, _ item: Observation) -> Observation? {
        switch item {
        case .label, .measurement: return nil
        case .prediction(let answer):
            guard !kind.isOnLabels, !kind.isMeasured else { return item }
            // A comparison with a stable that fails as well is data.
            let hasOutput = kind == .split || (kind == .errorRise && answer.arm == .stable)
            return .prediction(
                answer.with(
                    output: hasOutput ? answer.output : nil, unit: kind == .split ? 0 : answer.unit)
            )
        }
    }

    private static func partial(
        _ kind: MeasuredKind, _ region: RegionName, _ whole: [Observation]
    ) -> [Observation] {
        if kind.isOnLabels {
            var labels = 0
            return whole.filter { item in
                guard case .label = item else { return true }
                labels += 1
                return labels.isMultiple(of: 5)
            }
        }
        if kind.needsStable, kind != .split {
            let known = Set(whole.filter { $0.arm == .candidate }.map(\.prediction))
            return whole.filter { known.contains($0.prediction) }
        }
        return region == Names.regions[1] ? whole.filter { $0.arm == .stable } : whole
    }

    private static func elsewhere(_ item: Observation, _ number: Int) -> Observation {
        guard case .prediction(let answer) = item, answer.arm != .stable else { return item }
        let digest = ProjectText.digest(answer.rollout, number.isMultiple(of: 2) ? 0 : 6)
        return .prediction(
            answer.with(
                output: answer.output, unit: answer.unit,
                version: VersionReference(version: answer.version.version, digest: digest),
                generation: number.isMultiple(of: 3) ? 1 : answer.generation))
    }
}

extension Observation {
    fileprivate var arm: Arm? {
        if case .prediction(let answer) = self { answer.arm } else { nil }
    }
}

extension Prediction {
    fileprivate func with(
        output: String?, unit: UInt64, version: VersionReference? = nil, generation: Int? = nil
    ) -> Prediction {
        Prediction(
            prediction: prediction, arm: arm, rollout: rollout, region: region,
            generation: generation ?? self.generation, version: version ?? self.version, at: at,
            latencyMicroseconds: latencyMicroseconds, output: output, confidence: confidence,
            unit: unit)
    }
}

extension Route {
    /// The same, as another region of the run had it.
    fileprivate func `in`(_ region: RegionName) -> Route {
        Route(
            rollout: rollout, region: region, generation: generation, run: run, salt: salt,
            stickyBy: stickyBy, stable: stable, candidate: candidate, share: share, mirror: mirror,
            fallback: fallback)
    }
}
