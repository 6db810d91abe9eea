/// Candidate against stable from one pair of totals, when stable's rate was not known before: exact
/// for one look at counts that accrued side by side at one split.
///
/// A block needs a guess of stable's rate that its own outcomes did not choose (the growth-rate
/// optimal e-variable of Turner, Ly and Grünwald 2024). Here E is the mean over guesses spread
/// evenly over the log-odds, which is an e-value for every rate that stable may have.
package struct TotalsComparison: Sendable, Hashable {
    package let limit: ComparisonLimit
    package let totals: ComparisonBlock
    /// Natural log E against "the limit is kept".
    package let rollbackLogE: Double
    /// Natural log E against "the limit is broken".
    package let promoteLogE: Double

    /// Guesses of stable's log-odds: -9, -8.5 … 9 (rates from 0.01 % to 99.99 %).
    static let guesses = (-18...18).map { Double($0) / 2 }

    /// - Parameter stableHistory: stable's failure rate, 0...1, if it was known before.
    /// - Throws: `InvalidEvidence` for more failures than trials, or a history outside 0...1.
    package init(
        limit: ComparisonLimit, totals: ComparisonBlock, stableHistory: Double? = nil
    ) throws(InvalidEvidence) {
        let rates = stableHistory.map { [$0] } ?? Self.guesses.map(LogDomain.expit)
        var logs: (rollback: [Double], promote: [Double]) = ([], [])
        for rate in rates {
            var process = try ProportionComparison(limit: limit, stableHistory: stableHistory)
            try process.observe(totals, stableRate: rate)
            logs.rollback.append(process.rollback.logE)
            logs.promote.append(process.promote.logE)
        }
        self.limit = limit
        self.totals = totals
        rollbackLogE = LogDomain.logMeanExp(logs.rollback)
        promoteLogE = LogDomain.logMeanExp(logs.promote)
    }

    /// The estimate is the difference candidate - stable of failure rates, its interval asymptotic.
    package func reading(alpha: Double) -> EvidenceReading {
        let described = described?.reading(alpha: alpha)
        return EvidenceReading(
            rollbackLogE: max(0, rollbackLogE), promoteLogE: max(0, promoteLogE),
            restartLogE: nil, estimate: described?.estimate, lower: described?.lower,
            upper: described?.upper, candidateCount: totals.candidateTrials,
            stableCount: totals.stableTrials, validity: .exact, intervalValidity: .asymptotic,
            undecidable: described.map(\.undecidable) ?? "the counts make no sense")
    }

    /// About how many more candidate observations until a side reaches 1/alpha at these rates.
    package func needs(_ side: EvidenceSide, alpha: Double) -> Int? {
        guard let difference = described?.reading(alpha: alpha).estimate else { return nil }
        let (candidate, stable) = (Double(totals.candidateTrials), Double(totals.stableTrials))
        let stableRate = Double(totals.stableFailures) / stable
        let beyond = stableRate + difference - (limit.ratio * stableRate + limit.margin)
        let share = candidate / (candidate + stable)
        let growth =
            (side == .rollback ? beyond > 0 : beyond < 0)
            ? Information.divergence(
                candidate: stableRate + difference, stable: stableRate, from: limit, share: share)
            : 0
        let logE = side == .rollback ? rollbackLogE : promoteLogE
        return Remaining.observations(
            peak: max(0, logE), logE: logE, alpha: alpha, growth: growth / share)
    }

    private var described: ProportionComparison? {
        var process = try? ProportionComparison(limit: limit)
        do { try process?.observe(totals, stableRate: nil) } catch { return nil }
        return process
    }
}
