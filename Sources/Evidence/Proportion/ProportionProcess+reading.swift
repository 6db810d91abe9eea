extension ProportionProcess {
    /// The interval holds every limit that neither side would reject at alpha/2: it agrees with the
    /// decisions.
    package func reading(alpha: Double) -> EvidenceReading {
        let seen = trials > 0
        let interval = seen ? interval(alpha: Probability.level(alpha)) : nil
        return EvidenceReading(
            rollbackLogE: rollback.peak, promoteLogE: promote.peak,
            restartLogE: rollback.restarts?.logE, estimate: seen ? rate : nil,
            lower: interval?.lowerBound, upper: interval?.upperBound, candidateCount: trials,
            stableCount: 0, validity: validity, intervalValidity: validity,
            undecidable: seen ? nil : "the candidate has no observations yet")
    }

    package func needs(_ side: EvidenceSide, alpha: Double) -> Int? {
        let limit = side == .rollback ? rollbackLimit : promoteLimit
        guard trials > 0, side == .rollback ? rate > limit : rate < limit else {
            return Remaining.observations(wealth(side), alpha: alpha, growth: 0)
        }
        return Remaining.observations(
            wealth(side), alpha: alpha, growth: Information.divergence(rate, from: limit))
    }

    private var validity: Validity { rollback.designEffect == nil ? .exact : .asymptotic }

    /// Failures per trial; the middle of what is possible.
    private var rate: Double {
        (Double(failures.lowerBound) + Double(failures.upperBound)) / 2 / Double(max(trials, 1))
    }

    private func wealth(_ side: EvidenceSide) -> GridWealth {
        side == .rollback ? rollback : promote
    }

    private func interval(alpha: Double) -> ClosedRange<Double> {
        let threshold = LogDomain.log2 - LogDomain.log(alpha)
        let clusters = max(rollback.designEffect ?? 1, 1)
        func rejected(_ limit: Double, _ side: EvidenceSide, _ failures: Int) -> Bool {
            BernoulliGrid.logMeanWealth(
                limit: limit, side: side, trials: trials, failures: failures, clusters: clusters)
                >= threshold
        }
        // In log-odds, because limits may be tiny. E falls in the limit on the rollback side and
        // rises on the promote side.
        let end = LogDomain.logit(0)
        var (lower, upper) = (0.0, 1.0)
        if rejected(0, .rollback, failures.lowerBound) {
            lower = LogDomain.expit(
                Bisection.boundary(end, -end) {
                    rejected(LogDomain.expit($0), .rollback, failures.lowerBound)
                })
        }
        if rejected(1, .promote, failures.upperBound) {
            upper = LogDomain.expit(
                Bisection.boundary(end, -end) {
                    !rejected(LogDomain.expit($0), .promote, failures.upperBound)
                })
        }
        return min(lower, upper)...max(lower, upper)
    }
}
