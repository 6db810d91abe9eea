extension PairedComparison {
    /// The estimate is the difference candidate - stable of failure rates. The interval holds every
    /// margin that neither side would reject at alpha/2.
    package func reading(alpha: Double) -> EvidenceReading {
        let pairs = better + equal + worse
        let interval = pairs > 0 ? interval(alpha: Probability.level(alpha)) : nil
        return EvidenceReading(
            rollbackLogE: rollback.peak, promoteLogE: promote.peak,
            restartLogE: rollback.restarts?.logE,
            estimate: pairs > 0 ? (Double(worse) - Double(better)) / Double(pairs) : nil,
            lower: interval?.lowerBound, upper: interval?.upperBound, candidateCount: pairs,
            stableCount: pairs, validity: validity, intervalValidity: validity,
            undecidable: pairs > 0 ? nil : "no request was answered by both yet")
    }

    package func needs(_ side: EvidenceSide, alpha: Double) -> Int? {
        let wealth = side == .rollback ? rollback : promote
        let margin = side == .rollback ? rollbackMargin : promoteMargin
        let pairs = Double(max(better + equal + worse, 1))
        // The best bet on the grid at the frequencies seen; its growth is the information.
        let growth = logWealth(side, margin: margin).map { $0 / pairs }.max() ?? 0
        return Remaining.observations(wealth, alpha: alpha, growth: growth)
    }

    private var validity: Validity { rollback.designEffect == nil ? .exact : .asymptotic }

    private func interval(alpha: Double) -> ClosedRange<Double> {
        let threshold = LogDomain.log2 - LogDomain.log(alpha)
        let clusters = max(rollback.designEffect ?? 1, 1)
        func rejected(_ margin: Double, _ side: EvidenceSide) -> Bool {
            LogDomain.logMeanExp(logWealth(side, margin: margin).map { $0 / clusters }) >= threshold
        }
        // E falls in the margin on the rollback side and rises on the promote side.
        let end = 1 - 1e-9
        var (lower, upper) = (-1.0, 1.0)
        if rejected(-end, .rollback) {
            lower = Bisection.boundary(-end, end) { rejected($0, .rollback) }
        }
        if rejected(end, .promote) {
            upper = Bisection.boundary(-end, end) { !rejected($0, .promote) }
        }
        return min(lower, upper)...max(lower, upper)
    }
}
