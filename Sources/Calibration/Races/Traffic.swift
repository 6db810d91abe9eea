package import Evidence

/// Made-up traffic with constant failure rates.
package enum Traffic {
    /// The candidate alone, one failure at a time: a rule against failures can only alarm at one,
    /// so this equals a look at every request.
    package static func failures(
        _ rate: Double
    ) -> @Sendable (inout SeededRandom, Int) -> ComparisonBlock {
        let logSuccess = LogDomain.log1p(-rate)
        return { random, _ in
            let gap = (LogDomain.log(1 - random.uniform()) / logSuccess).rounded(.down)
            return ComparisonBlock(
                candidateTrials: Int(min(gap, 1e15)) + 1, candidateFailures: 1, stableTrials: 0,
                stableFailures: 0)
        }
    }

    /// Both arms, or the candidate alone, in blocks of constant size.
    package static func blocks(
        _ candidate: (trials: Int, rate: Double), _ stable: (trials: Int, rate: Double) = (0, 0)
    ) -> @Sendable (inout SeededRandom, Int) -> ComparisonBlock {
        { random, _ in
            ComparisonBlock(
                candidateTrials: candidate.trials,
                candidateFailures: random.binomial(candidate.trials, candidate.rate),
                stableTrials: stable.trials,
                stableFailures: random.binomial(stable.trials, stable.rate))
        }
    }
}
