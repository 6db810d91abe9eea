import Evidence

/// A normal likelihood ratio mixed over a geometric grid of differences, with the variance of the
/// pooled counts plugged in.
package struct NormalGridRule: StoppingRule {
    private let hypothesis: Hypothesis
    private let threshold: Double
    private let burnIn: Int

    package init(_ hypothesis: Hypothesis, alpha: Double, burnIn: Int = 30) {
        self.hypothesis = hypothesis
        threshold = -LogDomain.log(alpha)
        self.burnIn = burnIn
    }

    package func alarms(at look: Look) -> Bool {
        guard look.totals.candidateTrials >= burnIn, let harm = hypothesis.harm(look.totals),
            harm.variance > 0, harm.difference > 0
        else { return false }
        let logs = EffectGrid.relative.map {
            ($0 * harm.difference - $0 * $0 / 2) / harm.variance
        }
        return LogDomain.logMeanExp(logs) >= threshold
    }
}
