import Evidence

/// A failure rate against a constant limit by a mixture over any alternatives: one of them is the
/// sequential probability ratio test of Wald (1945).
package struct GridRule: StoppingRule {
    private let factors: [(failure: Double, success: Double)]
    private let threshold: Double
    private let logCount: Double

    package init(limit: Double, alternatives: [Double], alpha: Double) {
        factors = alternatives.map { rate in
            let rate = min(rate, 1 - 1e-9)
            return (LogDomain.log(rate / limit), LogDomain.log((1 - rate) / (1 - limit)))
        }
        threshold = -LogDomain.log(alpha)
        logCount = LogDomain.log(Double(max(alternatives.count, 1)))
    }

    package func alarms(at look: Look) -> Bool {
        let failures = Double(look.totals.candidateFailures)
        let successes = Double(look.totals.candidateTrials) - failures
        var highest = -Double.infinity
        for factor in factors {
            highest = max(highest, failures * factor.failure + successes * factor.success)
        }
        // E is at most its largest term.
        guard highest >= threshold else { return false }
        let logs = factors.map { failures * $0.failure + successes * $0.success }
        return (LogDomain.logSumExp(logs) ?? 0) - logCount >= threshold
    }
}
