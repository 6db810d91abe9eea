import Evidence

/// Our two-arm factor as a function of four cumulative counters, with the split that was asked for
/// instead of the one that took place, and a stable rate that is never learnt.
///
/// Tempting, because nothing has to be stored for each block. It is only valid while the split is
/// the one asked for, or the rate is right.
package struct PooledCountersRule: StoppingRule {
    /// log of alternative over null, for failures and successes of each arm.
    private struct Factors {
        let candidate: (failure: Double, success: Double)
        let stable: (failure: Double, success: Double)
    }

    private let factors: [Factors]
    private let threshold: Double

    package init(share: Double, stableRate: Double, alpha: Double) {
        threshold = -LogDomain.log(alpha)
        guard let limit = try? ComparisonLimit.rise(points: 0) else {
            factors = []
            return
        }
        factors = EffectGrid.logOdds.map { step in
            let shifted = LogDomain.expit(LogDomain.logit(stableRate) + step)
            let rates = FailureRates(candidate: shifted, stable: stableRate)
            let null = limit.projection(
                of: rates, candidateWeight: share, stableWeight: 1 - share)
            func ratio(_ rate: Double, _ null: Double) -> (failure: Double, success: Double) {
                (LogDomain.log(rate / null), LogDomain.log((1 - rate) / (1 - null)))
            }
            return Factors(
                candidate: ratio(rates.candidate, null.candidate),
                stable: ratio(rates.stable, null.stable))
        }
    }

    package func alarms(at look: Look) -> Bool {
        let totals = look.totals
        let failures = (Double(totals.candidateFailures), Double(totals.stableFailures))
        let successes = (
            Double(totals.candidateTrials) - failures.0, Double(totals.stableTrials) - failures.1
        )
        let logs = factors.map { one in
            failures.0 * one.candidate.failure + successes.0 * one.candidate.success
                + failures.1 * one.stable.failure + successes.1 * one.stable.success
        }
        guard (logs.max() ?? 0) >= threshold else { return false }
        return LogDomain.logMeanExp(logs) >= threshold
    }
}
