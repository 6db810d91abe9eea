import Calibration
import History
import RolloutCore
import Synchronization

/// Requests that turn out by chance, and the labels and measurements that follow them.
///
/// Users keep to an arm, as a gateway that splits by a sticky key lets them; what becomes of each of
/// their requests is drawn by itself.
final class ChanceTraffic: Sendable {
    static let interval = TimeSpan.seconds(30)
    /// Of each region, at each tick.
    private static let requests = 60
    private static let users = 5_000
    /// Of a hundred requests, those whose truth becomes known.
    private static let labelled = 90

    private struct State {
        var random: SeededRandom
        var served = 0
        var answers = 0
        /// Labels that are on their way.
        var labels: [RegionName: [Label]] = [:]
    }

    private let stable: ChanceLaw
    private let candidate: ChanceLaw
    private let state: Mutex<State>

    init(seed: UInt64, stable: ChanceLaw, candidate: ChanceLaw) {
        self.stable = stable
        self.candidate = candidate
        state = Mutex(State(random: SeededRandom(seed: seed ^ 0xC0FF_EE)))
    }

    /// Answers of the candidate so far, mirrored ones too.
    var answers: Int { state.withLock { $0.answers } }

    func tick(_ route: Route, at now: Timestamp) -> [Observation] {
        state.withLock { state in
            var batch: [Observation] = []
            for place in 0..<Self.requests {
                let age = Self.interval.milliseconds * Int64(Self.requests - place)
                request(
                    route, at: now - TimeSpan(milliseconds: age / Int64(Self.requests)), &batch,
                    &state)
            }
            let known = state.labels[route.region] ?? []
            batch += known.filter { $0.at <= now }.map(Observation.label)
            state.labels[route.region] = known.filter { $0.at > now }
            return batch
        }
    }

    private func request(
        _ route: Route, at time: Timestamp, _ batch: inout [Observation], _ state: inout State
    ) {
        state.served += 1
        let id = "r\(state.served)"
        var user = SeededRandom(seed: state.random.next() % UInt64(Self.users))
        let unit = user.next()
        let isChosen = Double(unit >> 11) * 0x1p-53 < route.share.fraction
        if isChosen, let backend = route.candidate {
            answer(id, .candidate, backend, candidate, route, time, unit, &batch, &state)
        } else {
            answer(id, .stable, route.stable, stable, route, time, unit, &batch, &state)
        }
        if route.mirror > .zero, let backend = route.candidate {
            answer(id, .mirror, backend, candidate, route, time, unit, &batch, &state)
        }
        guard state.random.happens(Self.labelled) else { return }
        let delay = TimeSpan(milliseconds: Int64(state.random.within(20_000...80_000)))
        state.labels[route.region, default: []].append(
            Label(prediction: id, truth: [Self.right], at: time + delay))
    }

    private static let right = "yes"

    private func answer(
        _ id: String, _ arm: Arm, _ backend: Route.Backend, _ law: ChanceLaw, _ route: Route,
        _ time: Timestamp, _ unit: UInt64, _ batch: inout [Observation], _ state: inout State
    ) {
        let fails = state.random.bernoulli(law.errors)
        let output = state.random.bernoulli(law.wrong) ? "no" : Self.right
        let isSlow = state.random.bernoulli(law.slow)
        if arm != .stable { state.answers += 1 }
        batch.append(
            .prediction(
                Prediction(
                    prediction: id, arm: arm, rollout: route.rollout, region: route.region,
                    generation: route.generation, version: backend.reference, at: time,
                    latencyMicroseconds: Int64(ChanceLaw.latencyLimit) * (isSlow ? 1_500 : 500),
                    output: fails ? nil : output, confidence: nil, unit: unit)))
        let measured = law.throughput + ChanceLaw.throughputDeviation * state.random.normal()
        guard arm != .mirror, !fails, let value = FiniteDouble(measured) else { return }
        batch.append(
            .measurement(
                Measurement(prediction: id, metric: "throughput", value: value, at: time)))
    }
}
