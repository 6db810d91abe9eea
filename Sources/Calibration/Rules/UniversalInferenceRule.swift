import Evidence

/// Universal inference (Wasserman, Ramdas and Balakrishnan 2020): the likelihood under a mixture of
/// all pairs of rates, over the largest likelihood of any pair that satisfies the hypothesis that
/// the candidate fails no more often than stable.
///
/// Exact, but the mixture pays for rates that the data rule out soon, and the supremum for those
/// that nobody believes in.
package struct UniversalInferenceRule: StoppingRule {
    private let threshold: Double
    /// Both parameters of the beta prior of each rate.
    private let prior: Double

    package init(alpha: Double, prior: Double = 0.5) {
        threshold = -LogDomain.log(alpha)
        self.prior = prior
    }

    package func alarms(at look: Look) -> Bool {
        let totals = look.totals
        guard totals.candidateTrials > 0, totals.stableTrials > 0 else { return false }
        let candidate = (Double(totals.candidateFailures), Double(totals.candidateTrials))
        let stable = (Double(totals.stableFailures), Double(totals.stableTrials))
        guard candidate.0 / candidate.1 > stable.0 / stable.1 else { return false }
        let both = (candidate.0 + stable.0, candidate.1 + stable.1)
        return marginal(candidate) + marginal(stable) - Self.largest(both) >= threshold
    }

    private func marginal(_ arm: (failures: Double, trials: Double)) -> Double {
        BetaFunction.log(prior + arm.failures, prior + arm.trials - arm.failures)
            - BetaFunction.log(prior, prior)
    }

    /// The log-likelihood at the observed rate.
    private static func largest(_ arm: (failures: Double, trials: Double)) -> Double {
        [arm.failures, arm.trials - arm.failures].reduce(0) { sum, count in
            count > 0 ? sum + count * LogDomain.log(count / arm.trials) : sum
        }
    }
}
