package import Evidence

/// Our own processes, as they run in a rollout. What cannot be built alarms at once, so that a
/// mistake shows as a broken promise.
package struct EngineRule: StoppingRule {
    private enum Process: Sendable {
        case constant(ProportionProcess)
        case comparison(ProportionComparison)
    }

    private var process: Process?
    private let side: EvidenceSide
    private let threshold: Double
    /// Restart each time that this many more requests of both arms were seen.
    private let restartEvery: Int?

    package init(
        _ hypothesis: Hypothesis, alpha: Double, side: EvidenceSide = .rollback,
        stableHistory: Double? = nil, restarts: (budget: Int, every: Int)? = nil
    ) {
        switch hypothesis {
        case .constant(let limit):
            process = (try? ProportionProcess(limit: limit, restarts: restarts?.budget))
                .map(Process.constant)
        case .rise(let points):
            process = (try? ComparisonLimit.rise(points: points)).flatMap { limit in
                (try? ProportionComparison(
                    limit: limit, stableHistory: stableHistory, restarts: restarts?.budget))
                    .map(Process.comparison)
            }
        }
        self.side = side
        threshold = -LogDomain.log(alpha)
        restartEvery = restarts?.every
    }

    package mutating func alarms(at look: Look) -> Bool {
        let restarts = restartEvery.map { every in
            let seen = look.totals.candidateTrials + look.totals.stableTrials
            let before = seen - look.block.candidateTrials - look.block.stableTrials
            return before % every == 0 || before / every != (seen - 1) / every
        }
        switch process {
        case .constant(var one):
            process = nil
            if restarts == true { one.restart() }
            guard
                (try? one.observe(
                    trials: look.block.candidateTrials, failures: look.block.candidateFailures))
                    != nil
            else { return true }
            defer { process = .constant(one) }
            return (side == .rollback ? one.rollback.peak : one.promote.peak) >= threshold
        case .comparison(var one):
            process = nil
            if restarts == true { one.restart() }
            guard (try? one.observe(look.block)) != nil else { return true }
            defer { process = .comparison(one) }
            return (side == .rollback ? one.rollback.peak : one.promote.peak) >= threshold
        case nil:
            return true
        }
    }
}
