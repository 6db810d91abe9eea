import ReferenceFleet
import RolloutCore
import Synchronization

/// What callers got for their requests.
final class SoakAnswers: Sendable {
    struct Live: Hashable {
        let rollout: String
        let version: String
    }

    private struct State {
        var requests = 0
        var excused = 0
        var lost = 0
        /// Versions that answered callers as a candidate.
        var candidates: Set<Live> = []
    }

    private let state = Mutex(State())
    private let gateways: [SoakProcess]
    private let violations: ViolationLog

    /// More of them say nothing new.
    private static let lostToldMax = 5

    init(gateways: [SoakProcess], violations: ViolationLog) {
        self.gateways = gateways
        self.violations = violations
    }

    var requests: Int { state.withLock { $0.requests } }
    /// Requests without an answer whose gateway was away.
    var excused: Int { state.withLock { $0.excused } }
    var candidates: Set<Live> { state.withLock { $0.candidates } }

    /// A request may be lost only if its gateway was away at some moment of it.
    func note(_ ending: FleetTraffic.Ending, of rollout: String) {
        guard gateways.indices.contains(ending.region) else { return }
        let gateway = gateways[ending.region]
        let isExcused =
            ending.trouble != nil && gateway.wasAway(from: ending.began, to: .now)
        let isTold = state.withLock { state in
            state.requests += 1
            if ending.trouble == nil, ending.arm == Arm.candidate.rawValue,
                let version = ending.version
            {
                state.candidates.insert(Live(rollout: rollout, version: version))
            }
            guard ending.trouble != nil else { return false }
            if isExcused { state.excused += 1 } else { state.lost += 1 }
            return !isExcused && state.lost <= Self.lostToldMax
        }
        guard isTold, let trouble = ending.trouble else { return }
        let took = ContinuousClock.now - ending.began
        violations.note(
            "ANSWERED",
            "a request for \(rollout) at \(gateway.name), which was up, ended after \(took) with "
                + trouble)
    }
}
