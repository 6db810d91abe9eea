/// The log-factors of one failure and one success for each alternative to a limit.
///
/// q_j = expit(logit(limit) ± h_j); a failure multiplies wealth by q_j/limit, a success by
/// (1 - q_j)/(1 - limit). Each factor is affine in the outcome, so any sequence of failure rates
/// on the null side is covered.
struct BernoulliGrid: Hashable {
    let failure: [Double]
    let success: [Double]

    init(limit: Double, side: EvidenceSide) {
        let limit = Probability.inside(limit)
        // (1 - limit) + limit·r, the normaliser of odds multiplied by r.
        let scales = EffectGrid.logOdds.map { step in
            let logRatio = side == .rollback ? step : -step
            return (logRatio, LogDomain.log1p(limit * (LogDomain.exp(logRatio) - 1)))
        }
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
}
