/// The log-factors of one failure and one success for each alternative to a limit.
///
/// q_j = expit(logit(limit) ± h_j); a failure multiplies wealth by q_j/limit, a success by
/// (1 - q_j)/(1 - limit). Each factor is affine in the outcome, so any sequence of failure rates
/// on the null side is covered.
struct BernoulliGrid: Hashable {
    let failure: [Double]
    let success: [Double]

    /// An alternative to a limit: how far its log-odds are away, and its odds ratio - 1.
    private struct Point {
        let logRatio: Double
        let excess: Double

        init(_ logRatio: Double) {
            self.logRatio = logRatio
            excess = LogDomain.exp(logRatio) - 1
        }

        /// log of (1 - limit) + limit·r, the normaliser of odds multiplied by r.
        func logScale(_ limit: Double) -> Double { LogDomain.log1p(limit * excess) }
    }

    private static let above = EffectGrid.logOdds.map { Point($0) }
    private static let below = EffectGrid.logOdds.map { Point(-$0) }

    private static func points(_ side: EvidenceSide) -> [Point] {
        side == .rollback ? above : below
    }

    init(limit: Double, side: EvidenceSide) {
        let limit = Probability.inside(limit)
        let scales = Self.points(side).map { ($0.logRatio, $0.logScale(limit)) }
        failure = scales.map { $0 - $1 }
        success = scales.map { -$1 }
    }

    func logWealth(trials: Int, failures: Int) -> [Double] {
        let (failed, succeeded) = (Double(failures), Double(trials - failures))
        var logs = failure
        for index in logs.indices {
            logs[index] = failed * failure[index] + succeeded * success[index]
        }
        return logs
    }

    /// log of the mean wealth at a limit, tempered by clusters, to the bit what `logMeanExp` says of
    /// `logWealth`. An interval asks for it up to 160 times, so nothing is allocated.
    static func logMeanWealth(
        limit: Double, side: EvidenceSide, trials: Int, failures: Int, clusters: Double
    ) -> Double {
        let limit = Probability.inside(limit)
        let (failed, succeeded) = (Double(failures), Double(trials - failures))
        let points = points(side)
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: points.count) { logs in
            var high = -Double.infinity
            for (index, point) in points.enumerated() {
                let scale = point.logScale(limit)
                let log = failed * (point.logRatio - scale) + succeeded * -scale
                logs.initializeElement(at: index, to: log / clusters)
                high = max(high, logs[index])
            }
            var sum = 0.0
            for log in logs { sum += LogDomain.exp(log - high) }
            return high + LogDomain.log(sum) - LogDomain.log(Double(max(points.count, 1)))
        }
    }
}
