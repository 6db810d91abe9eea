/// The wealth of one side of a test: an e-process as a mixture over a grid of alternatives.
///
/// E = mean over the grid of exp(logs), or with restarts half of that plus half of the restart
/// part. By Ville's inequality E ever reaches 1/a with probability a at most while the side's null
/// hypothesis holds, however often one looks.
package struct GridWealth: Sendable, Hashable {
    /// Natural log-wealth of each alternative; 0 at the start.
    package private(set) var logs: [Double]
    /// The largest log E so far; 0 (E = 1) at the start.
    package private(set) var peak: Double
    package private(set) var restarts: RestartWealth?
    /// How many observations count as one independent one; `nil` where each is one by design.
    package private(set) var designEffect: Double?

    init(points: Int, restarts: RestartWealth? = nil) {
        logs = Array(repeating: 0, count: points)
        peak = 0
        self.restarts = restarts
    }

    /// log E now.
    package var logE: Double {
        let cumulative = LogDomain.logMeanExp(tempered)
        guard let restarts else { return cumulative }
        guard let restarted = restarts.logE else { return cumulative - LogDomain.log2 }
        return LogDomain.logAddExp(cumulative, restarted) - LogDomain.log2
    }

    /// The logs of E^(1/design effect), for observations that come in clusters.
    private var tempered: [Double] {
        guard let designEffect, designEffect > 1 else { return logs }
        return logs.map { $0 / designEffect }
    }

    /// Takes the newest estimate of the design effect; what is below 1 counts as 1.
    ///
    /// The whole past is tempered by the newest estimate, because users that come back make later
    /// observations depend on earlier ones. The restart part is tempered as it grows.
    mutating func assume(designEffect: Double) {
        self.designEffect = designEffect > 1 && designEffect.isFinite ? designEffect : 1
    }

    /// Multiplies each alternative's wealth by its factor for what was just seen.
    mutating func multiply(byLogs factors: [Double], raisesPeak: Bool = true) {
        guard factors.count == logs.count else { return }
        let staked = tempered(factors)
        restarts?.multiply(byLogs: staked)
        for index in logs.indices { logs[index] += factors[index] }
        if raisesPeak { raisePeak() }
    }

    /// Sets the wealth that cumulative counters imply, so that it does not depend on their order.
    mutating func advance(to newLogs: [Double]) {
        guard newLogs.count == logs.count else { return }
        if restarts != nil {
            var factors = newLogs
            for index in logs.indices { factors[index] -= logs[index] }
            let staked = tempered(factors)
            restarts?.multiply(byLogs: staked)
        }
        logs = newLogs
        raisePeak()
    }

    private func tempered(_ factors: [Double]) -> [Double] {
        guard let designEffect, designEffect > 1 else { return factors }
        return factors.map { $0 / designEffect }
    }

    mutating func restart() {
        restarts?.restart(points: logs.count)
    }

    /// Multiplies the wealth of two independent streams, such as two regions.
    ///
    /// The peak becomes the merged value of now: the larger of two peaks would be two chances.
    mutating func merge(_ other: GridWealth) throws(InvalidEvidence) {
        guard logs.count == other.logs.count, restarts == nil, other.restarts == nil,
            designEffect == other.designEffect
        else {
            throw InvalidEvidence(
                .unmergeable, found: "wealth with restarts, other clusters or on another grid",
                expected: "two processes without restarts on one grid; observe into one instead")
        }
        for index in logs.indices { logs[index] += other.logs[index] }
        peak = max(0, logE)
    }

    private mutating func raisePeak() {
        // E is at most its largest term, which is cheaper than E and mostly decides.
        var bound = (logs.max() ?? 0) / max(designEffect ?? 1, 1)
        if let restarts { bound = max(bound, restarts.upperBound) }
        if bound > peak { peak = max(peak, logE) }
    }
}

extension GridWealth: Codable {
    private enum CodingKeys: String, CodingKey { case logs, peak, restarts, designEffect }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        logs = try container.decode([Double].self, forKey: .logs)
        peak = try container.decode(Double.self, forKey: .peak)
        restarts = try container.decodeIfPresent(RestartWealth.self, forKey: .restarts)
        designEffect = try container.decodeIfPresent(Double.self, forKey: .designEffect)
        let size = logs.count
        guard (1...64).contains(size), logs.allSatisfy(\.isFinite), peak.isFinite, peak >= 0,
            restarts?.logs.map({ $0.count == size }) ?? true,
            designEffect.map({ $0.isFinite && $0 >= 1 }) ?? true
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .logs, in: container,
                debugDescription: "log-wealth is 1 to 64 finite numbers with a peak of at least 0")
        }
    }
}
