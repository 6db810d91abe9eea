/// The wealth of one side of a test: an e-process as a mixture over a grid of alternatives.
///
/// E = mean over the grid of exp(logs), or with restarts half of that plus half of the restart
/// part. By Ville's inequality E ever reaches 1/a with probability a at most while the side's null
/// hypothesis holds, however often one looks.
package struct GridWealth: Sendable, Hashable {
    /// Natural log-wealth of each alternative; 0 at the start.
    package private(set) var logs: [Double]
    /// The largest log E so far; 0 (E = 1) at the start.
    package var peak: Double { isRunning ? max(settledPeak, logE) : settledPeak }
    /// The peak, without the newest observation while a run goes on.
    private var settledPeak: Double
    /// Whether nothing but successes came lately, see `run(trials:failures:on:)`.
    private var isRunning = false
    /// Whether the newest observation was a success whose log E is in the settled peak.
    private var continuesRun = false
    package private(set) var restarts: RestartWealth?
    /// How many observations count as one independent one; `nil` where each is one by design.
    package private(set) var designEffect: Double?

    init(points: Int, restarts: RestartWealth? = nil) {
        logs = Array(repeating: 0, count: points)
        settledPeak = 0
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
        settle()
        self.designEffect = designEffect > 1 && designEffect.isFinite ? designEffect : 1
    }

    /// Multiplies each alternative's wealth by its factor for what was just seen.
    mutating func multiply(byLogs factors: [Double], raisesPeak: Bool = true) {
        guard factors.count == logs.count else { return }
        settle()
        let staked = tempered(factors)
        restarts?.multiply(byLogs: staked)
        for index in logs.indices { logs[index] += factors[index] }
        if raisesPeak { raisePeak() }
    }

    /// Sets the wealth that cumulative counters imply, so that it does not depend on their order.
    mutating func advance(to newLogs: [Double]) {
        guard newLogs.count == logs.count else { return }
        settle()
        if restarts != nil {
            var factors = newLogs
            for index in logs.indices { factors[index] -= logs[index] }
            let staked = tempered(factors)
            restarts?.multiply(byLogs: staked)
        }
        logs = newLogs
        raisePeak()
    }

    /// `advance` to the wealth of Bernoulli counters, without allocating.
    ///
    /// Over a run of successes each log-wealth is linear in their number, so that log E is convex
    /// and has its maximum at the first or the last of them: those between need not be looked at.
    /// - Parameter isSuccess: whether all that is new are successes.
    mutating func advance(
        trials: Int, failures: Int, on grid: BernoulliGrid, isSuccess: Bool
    ) {
        guard grid.failure.count == logs.count else { return }
        if !isSuccess { settle() }
        let (failed, succeeded) = (Double(failures), Double(trials - failures))
        let clusters = max(designEffect ?? 1, 1)
        for index in logs.indices {
            let new = failed * grid.failure[index] + succeeded * grid.success[index]
            restarts?.add((new - logs[index]) / clusters, at: index)
            logs[index] = new
        }
        if isSuccess, continuesRun {
            isRunning = true
        } else {
            raisePeak()
        }
        continuesRun = isSuccess
    }

    /// Takes the last of a run into the peak.
    private mutating func settle() {
        if isRunning {
            isRunning = false
            raisePeak()
        }
        continuesRun = false
    }

    private func tempered(_ factors: [Double]) -> [Double] {
        guard let designEffect, designEffect > 1 else { return factors }
        return factors.map { $0 / designEffect }
    }

    mutating func restart() {
        settle()
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
        settle()
        for index in logs.indices { logs[index] += other.logs[index] }
        settledPeak = max(0, logE)
    }

    private mutating func raisePeak() {
        // E is at most its largest term, which is cheaper than E and mostly decides.
        var bound = (logs.max() ?? 0) / max(designEffect ?? 1, 1)
        if let restarts { bound = max(bound, restarts.upperBound) }
        if bound > settledPeak { settledPeak = max(settledPeak, logE) }
    }
}

// Two that have seen the same are equal, however it was grouped.
extension GridWealth {
    package static func == (left: GridWealth, right: GridWealth) -> Bool {
        left.logs == right.logs && left.peak == right.peak && left.restarts == right.restarts
            && left.designEffect == right.designEffect
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(logs)
        hasher.combine(peak)
        hasher.combine(restarts)
        hasher.combine(designEffect)
    }
}

extension GridWealth: Codable {
    private enum CodingKeys: String, CodingKey { case logs, peak, restarts, designEffect }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        logs = try container.decode([Double].self, forKey: .logs)
        settledPeak = try container.decode(Double.self, forKey: .peak)
        restarts = try container.decodeIfPresent(RestartWealth.self, forKey: .restarts)
        designEffect = try container.decodeIfPresent(Double.self, forKey: .designEffect)
        let size = logs.count
        guard (1...64).contains(size), logs.allSatisfy(\.isFinite), settledPeak.isFinite,
            settledPeak >= 0,
            restarts?.logs.map({ $0.count == size }) ?? true,
            designEffect.map({ $0.isFinite && $0 >= 1 }) ?? true
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .logs, in: container,
                debugDescription: "log-wealth is 1 to 64 finite numbers with a peak of at least 0")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(logs, forKey: .logs)
        try container.encode(peak, forKey: .peak)
        try container.encodeIfPresent(restarts, forKey: .restarts)
        try container.encodeIfPresent(designEffect, forKey: .designEffect)
    }
}
