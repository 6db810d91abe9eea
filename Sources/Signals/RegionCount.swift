import History
import RolloutCore

/// Whom a region's gateway has been heard of in the current step.
struct RegionCount: Codable, Sendable, Hashable {
    private var candidate = 0
    private var stable = 0
    private var candidateLast: Timestamp?
    private var stableLast: Timestamp?
    private var aloneSince: Timestamp?
    /// Users that stable has served since the candidate was last heard of; no more than counts.
    private var aloneWith: Set<UInt64> = []

    /// - Parameter pauseMax: a pause in which nobody is heard is no longer silence than this.
    mutating func add(_ answer: Prediction, pauseMax: TimeSpan?) {
        switch answer.arm {
        case .candidate, .mirror:
            candidate += 1
            candidateLast = max(candidateLast ?? answer.at, answer.at)
            aloneSince = nil
            aloneWith = []
        case .stable:
            stable += 1
            // An outage of whoever reports would otherwise be the candidate's silence as soon as it
            // is over, if stable is the first to be heard again.
            if let since = aloneSince, let stableLast, let pauseMax,
                answer.at - stableLast > pauseMax
            {
                aloneSince = since + (answer.at - stableLast - pauseMax)
            }
            stableLast = max(stableLast ?? answer.at, answer.at)
            aloneSince = min(aloneSince ?? answer.at, answer.at)
            if aloneWith.count < RegionTraffic.aloneMax { aloneWith.insert(answer.unit) }
        case .fallback: break
        }
    }

    /// - Parameter busiest: live requests in the region's busiest minute.
    func told(busiest: Int?) -> RegionTraffic {
        RegionTraffic(
            candidate: candidate, stable: stable, candidateLast: candidateLast,
            stableLast: stableLast,
            alone: aloneSince.map { RegionTraffic.Alone(since: $0, users: aloneWith.count) },
            busiest: busiest)
    }
}
