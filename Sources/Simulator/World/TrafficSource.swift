import History
import RolloutCore
import Synchronization

/// Requests of a world's users, and what the gateways tell of them.
///
/// Versions fail at a steady beat instead of at random: whether a version is bad is a fact here, so
/// a check need not allow for bad luck of the statistics, which have tests of their own. A script
/// tells something else.
final class TrafficSource: Sendable {
    /// What gateways tell at a tick of one route.
    typealias Script = @Sendable (Route, Timestamp) -> [Observation]

    fileprivate static let truth = "yes"

    /// Of each arm in each region, at each tick.
    private static let answersATick = 8

    struct Condition: Sendable {
        var stopped: Set<RolloutName> = []
        var silent: Set<RolloutName> = []
        var mislabelled: Set<RolloutName> = []
        var isTwice = false
        var lateBy: Int64 = 0
        var unlabelled: Set<RolloutName> = []
        var labelsLateBy: [RolloutName: Int64] = [:]
    }

    /// The truth of an answer, which somebody will tell.
    fileprivate struct Truth {
        let prediction: String
        let due: Timestamp
    }

    fileprivate struct State {
        var condition = Condition()
        var served = 0
        var failures: [Digest: Int] = [:]
        var truths: [String: [Truth]] = [:]
    }

    private let routers: SimulatedRouters
    private let state = Mutex(State())
    private let failsByRegion: Bool
    private let isLabelled: Bool
    private let quality: @Sendable (Digest) -> Quality
    private let script: Script?

    init(
        routers: SimulatedRouters, failsByRegion: Bool, isLabelled: Bool, script: Script?,
        quality: @escaping @Sendable (Digest) -> Quality
    ) {
        self.routers = routers
        self.failsByRegion = failsByRegion
        self.isLabelled = isLabelled
        self.script = script
        self.quality = quality
    }

    var condition: Condition {
        get { state.withLock { $0.condition } }
        set { state.withLock { $0.condition = newValue } }
    }

    /// What one tick of traffic brings about in one region.
    func tick(_ rollout: RolloutName, in region: RegionName, at now: Timestamp) -> [Observation] {
        // Of a route without a candidate nobody judges anything.
        guard let route = routers.served(rollout, in: region), route.candidate != nil else {
            return []
        }
        if let script {
            return condition.stopped.contains(rollout) ? [] : script(route, now)
        }
        return state.withLock { state in
            guard !state.condition.stopped.contains(rollout) else { return [] }
            var batch = state.labels(of: "\(rollout)/\(region)", due: now)
            for _ in 0..<Self.answersATick {
                state.served += 1
                let id = "r\(state.served)"
                batch += answer(id, .stable, route.stable, route, now, &state)
                guard let candidate = route.candidate else { continue }
                if route.mirror > .zero {
                    batch += answer(id, .mirror, candidate, route, now, &state)
                }
                if route.share > .zero {
                    batch += answer("c\(state.served)", .candidate, candidate, route, now, &state)
                }
            }
            return batch
        }
    }

    private func answer(
        _ id: String, _ arm: Arm, _ backend: Route.Backend, _ route: Route, _ now: Timestamp,
        _ state: inout State
    ) -> [Observation] {
        var version = backend.reference
        let behaviour = arm == .stable ? .good : quality(version.digest)
        if arm != .stable {
            if behaviour == .silent || state.condition.silent.contains(route.rollout) { return [] }
            // Somebody mixes up what answered: the numbers of the candidate are those of stable.
            if state.condition.mislabelled.contains(route.rollout) {
                version = route.stable.reference
            }
        }
        let count = state.failures[version.digest, default: 0]
        state.failures[version.digest] = count + 1
        // Where it is bad by region, it is good in the second one, and elsewhere nothing works.
        let isHere = failsByRegion ? route.region != Names.regions[1] : count % 5 < 4
        let isBad = behaviour == .failing && isHere
        if isLabelled { state.expectLabel(of: id, route, now) }
        return [
            .prediction(
                Prediction(
                    prediction: id, arm: arm, rollout: route.rollout, region: route.region,
                    generation: route.generation, version: version, at: now,
                    latencyMicroseconds: 900, output: !isBad ? Self.truth : isLabelled ? "no" : nil,
                    confidence: nil,
                    unit: UInt64(truncatingIfNeeded: state.served)))
        ]
    }
}

extension TrafficSource.State {
    /// Somebody will tell the truth of an answer, unless nobody does.
    fileprivate mutating func expectLabel(of id: String, _ route: Route, _ now: Timestamp) {
        guard !condition.unlabelled.contains(route.rollout) else { return }
        let late = condition.labelsLateBy[route.rollout] ?? 0
        let due = now + TimeSpan(milliseconds: Int64(1 + served % 3) * 15_000 + late)
        truths["\(route.rollout)/\(route.region)", default: []].append(
            TrafficSource.Truth(prediction: id, due: due))
    }

    fileprivate mutating func labels(of key: String, due now: Timestamp) -> [Observation] {
        guard let all = truths[key] else { return [] }
        truths[key] = all.filter { $0.due > now }
        return all.filter { $0.due <= now }.map {
            .label(Label(prediction: $0.prediction, truth: [TrafficSource.truth], at: now))
        }
    }
}
