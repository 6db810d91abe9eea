import Evidence

/// A failure rate against a constant limit by a Beta prior of harmful rates, cut off at the limit:
/// exact, and late where the prior has little weight.
package struct TruncatedBetaRule: StoppingRule {
    private let limit: Double
    private let shapes: (Double, Double)
    private let logPrior: Double
    private let threshold: Double

    package init(limit: Double, shapes: (Double, Double), alpha: Double) {
        self.limit = limit
        self.shapes = shapes
        logPrior = Self.logUpper(shapes.0, shapes.1, limit)
        threshold = -LogDomain.log(alpha)
    }

    package func alarms(at look: Look) -> Bool {
        let trials = Double(look.totals.candidateTrials)
        let failures = Double(look.totals.candidateFailures)
        // E is at most the likelihood ratio of the likeliest rate.
        guard failures > trials * limit,
            trials * Information.divergence(failures / trials, from: limit) >= threshold
        else { return false }
        let successes = trials - failures
        let logE =
            Self.logUpper(shapes.0 + failures, shapes.1 + successes, limit) - logPrior
            - failures * LogDomain.log(limit) - successes * LogDomain.log1p(-limit)
        return logE >= threshold
    }

    /// log ∫ q^(a-1) (1-q)^(b-1) dq from the limit to 1.
    private static func logUpper(_ a: Double, _ b: Double, _ limit: Double) -> Double {
        BetaFunction.log(a, b) + BetaFunction.tails(a, b, limit).upper
    }
}

/// The one-sided Beta-binomial mixture of Howard, Ramdas, McAuliffe and Sekhon (2021), tightest
/// after a number of requests that is chosen beforehand, at 5 %.
package struct TunedMixtureRule: StoppingRule {
    private let limit: Double
    private let threshold: Double
    private let mixture: BetaBinomialMixture

    package init(limit: Double, tightestAt requests: Double, alpha: Double) {
        self.limit = limit
        threshold = -LogDomain.log(alpha)
        mixture = BetaBinomialMixture(
            tunedTo: requests * limit * (1 - limit), alpha: 0.05, g: limit, h: 1 - limit,
            isOneSided: true)
    }

    package func alarms(at look: Look) -> Bool {
        let trials = Double(look.totals.candidateTrials)
        let failures = Double(look.totals.candidateFailures)
        guard failures > trials * limit,
            trials * Information.divergence(failures / trials, from: limit) >= threshold
        else { return false }
        return mixture.logValue(
            s: failures - trials * limit, v: trials * limit * (1 - limit)) >= threshold
    }
}

/// The exact binomial test, as if each look were the only one.
package struct ExactBinomialRule: StoppingRule {
    private let limit: Double
    private let alpha: Double

    package init(limit: Double, alpha: Double) {
        self.limit = limit
        self.alpha = alpha
    }

    package func alarms(at look: Look) -> Bool {
        let (trials, failures) = (look.totals.candidateTrials, look.totals.candidateFailures)
        let excess = Double(failures) - Double(trials) * limit
        // Far on the good side no exact test is needed: at 5 % z is 1.2 and more.
        guard excess > (Double(trials) * limit * (1 - limit)).squareRoot() * 1.1 else {
            return false
        }
        return BinomialDistribution.sf(failures - 1, n: trials, p: limit) < alpha
    }
}
