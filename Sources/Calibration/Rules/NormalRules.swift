import Evidence

/// A fixed-sample z-test, looked at again and again: what a dashboard with "p < 0.05" does.
package struct ZRule: StoppingRule {
    let hypothesis: Hypothesis
    /// The z that alarms.
    let bound: Double
    /// Candidate requests before the first look.
    let burnIn: Int

    package init(_ hypothesis: Hypothesis, bound: Double, burnIn: Int = 30) {
        self.hypothesis = hypothesis
        self.bound = bound
        self.burnIn = burnIn
    }

    package func alarms(at look: Look) -> Bool {
        guard look.totals.candidateTrials >= burnIn, let harm = hypothesis.harm(look.totals),
            harm.variance > 0
        else { return false }
        return harm.difference >= bound * harm.variance.squareRoot()
    }
}

/// The mixture sequential probability ratio test with a normal prior on the difference and
/// estimated variance (Robbins 1970; Johari, Pekelis and Walsh 2017), two- or one-sided. The
/// one-sided form is the asymptotic confidence sequence of Waudby-Smith et al. (2024), since
/// both mix the same normal likelihood ratio.
package struct MixtureRule: StoppingRule {
    let hypothesis: Hypothesis
    /// The standard deviation of the prior: one point.
    let scale: Double
    let isOneSided: Bool
    let threshold: Double
    let burnIn: Int

    package init(
        _ hypothesis: Hypothesis, alpha: Double, isOneSided: Bool, scale: Double = 0.01,
        burnIn: Int = 30
    ) {
        self.hypothesis = hypothesis
        self.scale = scale
        self.isOneSided = isOneSided
        threshold = -LogDomain.log(alpha)
        self.burnIn = burnIn
    }

    package func alarms(at look: Look) -> Bool {
        guard look.totals.candidateTrials >= burnIn, let harm = hypothesis.harm(look.totals),
            harm.variance > 0, harm.difference > 0
        else { return false }
        let (v, prior) = (harm.variance, scale * scale)
        var log =
            0.5 * LogDomain.log(v / (v + prior))
            + prior * harm.difference * harm.difference / (2 * v * (v + prior))
        // Also without the one-sided term, which is at most log 2, this can be no alarm.
        guard log + LogDomain.log2 >= threshold else { return false }
        if isOneSided {
            let z = scale * harm.difference / (v * (v + prior)).squareRoot()
            log += LogDomain.log2 + NormalDistribution.logCDF(z)
        }
        return log >= threshold
    }
}

/// A group-sequential test: O'Brien-Fleming-like spending (Lan and DeMets 1983) at 14 looks, planned
/// for a largest number of candidate requests, after which nobody looks any more.
package struct GroupSequentialRule: StoppingRule {
    let hypothesis: Hypothesis
    let largest: Int
    let bounds: [Double]
    private var next = 0

    package static let looks = 14

    package init(_ hypothesis: Hypothesis, bounds: [Double], largest: Int) {
        self.hypothesis = hypothesis
        self.bounds = bounds
        self.largest = largest
    }

    /// z at each of the looks; none if alpha is no level.
    package static func bounds(alpha: Double) -> [Double] {
        GroupSequentialDesign(
            times: GroupSequentialDesign.evenTimes(looks), alpha: alpha, spending: .obrienFleming,
            isTwoSided: false)?.bounds ?? []
    }

    package mutating func alarms(at look: Look) -> Bool {
        // Each planned look takes place at the first chance after its time.
        guard next < bounds.count,
            look.totals.candidateTrials * bounds.count >= (next + 1) * largest
        else { return false }
        let bound = bounds[next]
        next = min(bounds.count, look.totals.candidateTrials * bounds.count / max(largest, 1))
        guard let harm = hypothesis.harm(look.totals), harm.variance > 0 else { return false }
        return harm.difference >= bound * harm.variance.squareRoot()
    }
}
