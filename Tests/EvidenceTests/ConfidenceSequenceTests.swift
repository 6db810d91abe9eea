import Evidence
import Testing

@Suite struct ConfidenceSequenceTests {
    @Test func boundariesAreWhereTheWealthReachesTheThreshold() throws {
        let mixtures: [any MixtureSupermartingale] = [
            NormalMixture(tunedTo: 100, alpha: 0.05, isOneSided: true),
            NormalMixture(tunedTo: 100, alpha: 0.05, isOneSided: false),
            GammaExponentialMixture(tunedTo: 100, alpha: 0.05, c: 0.5),
            GammaPoissonMixture(tunedTo: 100, alpha: 0.05, c: 0.5),
            BetaBinomialMixture(tunedTo: 100, alpha: 0.05, g: 0.2, h: 0.8, isOneSided: true),
            BetaBinomialMixture(tunedTo: 100, alpha: 0.05, g: 0.2, h: 0.8, isOneSided: false),
        ]
        for mixture in mixtures {
            for v in [3.0, 100, 10_000] {
                let bound = try #require(mixture.boundary(v: v, alpha: 0.01))
                if bound < mixture.largestSum(v: v) {
                    let log = mixture.logValue(s: bound, v: v)
                    #expect(abs(log - LogDomain.log(100)) < 1e-9)
                }
            }
            #expect(mixture.boundary(v: .nan, alpha: 0.01) == nil)
            #expect(mixture.boundary(v: 1, alpha: 0) == nil)
        }
    }

    @Test func aBernoulliIntervalHoldsItsMeanAlsoAtTheEnds() throws {
        for (sum, trials) in [(0.0, 500.0), (500, 500), (1, 2), (25, 500)] {
            let interval = try #require(
                BernoulliInterval.uniform(sum: sum, trials: trials, alpha: 0.05, tunedTo: 100))
            #expect(interval.lower <= sum / trials && sum / trials <= interval.upper)
            #expect(trials < 100 || interval.upper - interval.lower < 0.1)
        }
        #expect(BernoulliInterval.uniform(sum: 3, trials: 2, alpha: 0.05, tunedTo: 9) == nil)
        #expect(BernoulliInterval.uniform(sum: .nan, trials: 2, alpha: 0.05, tunedTo: 9) == nil)
    }

    /// With fair coins, no more than alpha of the sequences ever leave the mean out.
    @Test func bettingSeldomExcludesTheTruth() {
        var random = Seeded(3)
        let repetitions = 400
        var rejections = 0
        let alpha = 0.1
        let martingale = BettingMartingale(hedgedAt: alpha)
        for _ in 0..<repetitions {
            let tosses = (0..<300).map { _ in random.chance(0.3) ? 1.0 : 0 }
            let most = martingale.wealth(tosses, mean: 0.3).max() ?? 0
            rejections += most > 1 / alpha ? 1 : 0
        }
        // alpha plus two standard errors
        #expect(Double(rejections) <= Double(repetitions) * (alpha + 2 * 0.015))
    }

    @Test func kellyBetsWhereThePastWealthIsLargest() {
        let x = [0.2, 0.9, 0.4, 0.8, 0.1, 0.7, 0.6]
        let means = x.map { _ in 0.45 }
        let bets = BettingStrategy.kelly.bets(on: x, against: means)
        #expect(bets.first == 0)
        func wealth(_ bet: Double, before index: Int) -> Double {
            x.prefix(index).reduce(0) { $0 + LogDomain.log(1 + bet * ($1 - 0.45)) }
        }
        for index in 3..<x.count {
            let bet = bets[index]
            #expect(wealth(bet, before: index) >= wealth(bet + 1e-3, before: index))
            #expect(wealth(bet, before: index) >= wealth(bet - 1e-3, before: index))
        }
    }

    @Test func drawingWithoutReplacementEndsInTheMean() throws {
        let x = [1.0, 0, 1, 1, 0, 0, 1, 0, 1, 1]
        var martingale = BettingMartingale(hedgedAt: 0.05)
        martingale.population = x.count
        let sequence = try #require(martingale.sequence(x, alpha: 0.05, breaks: 100))
        let (lower, upper) = (try #require(sequence.lower.last), try #require(sequence.upper.last))
        #expect(abs(lower - 0.6) < 1e-12 && abs(upper - 0.6) < 1e-12)
    }

    @Test func quantilesOfOneSampleDoNotDiffer() throws {
        let sample = (1...300).map { Double($0 * 37 % 301) }
        #expect(QuantileComparison.pValue(sample, sample, quantile: 0.9, tunedTo: 100) == 1)
        let shifted = sample.map { $0 + 150 }
        let p = try #require(
            QuantileComparison.pValue(sample, shifted, quantile: 0.5, tunedTo: 100))
        #expect(p < 1e-6)
        #expect(QuantileComparison.pValue([], sample, quantile: 0.5, tunedTo: 100) == nil)
        #expect(QuantileComparison.pValue([.nan], sample, quantile: 0.5, tunedTo: 100) == nil)
        #expect(QuantileComparison.pValue([1], [2], quantile: 0.5, tunedTo: 100) == 1)
    }

    @Test func orderStatisticsOutsideTheSampleBoundNothing() throws {
        let bound = try #require(
            QuantileBound(n: 3, p: 0.5, lowerRadius: 0.6, upperRadius: 0.7))
        let interval = bound.interval(sorted: [1, 2, 3])
        #expect(interval.lower == -.infinity && interval.upper == .infinity)
        #expect(QuantileBound(n: 3, p: 0.5, lowerRadius: .infinity, upperRadius: 0) == nil)
        #expect(bound.interval(sorted: []).upper == .infinity)
    }

    @Test func theBandIsALittleNarrowerThanItsClosedForm() throws {
        let band = try #require(EmpiricalProcessBand(alpha: 0.05, start: 1))
        for t in [100.0, 1e4, 1e6] {
            let closed = EmpiricalProcessBand.closedForm(t: t, alpha: 0.05)
            #expect(band.radius(t: t) < closed && band.radius(t: t) > 0.98 * closed)
        }
        #expect(EmpiricalProcessBand(alpha: 0.05, start: 1, scale: 0.7) == nil)
        #expect(EmpiricalProcessBand(alpha: .nan, start: 1) == nil)
    }

    /// The interval is where the mixture's wealth is below 1/alpha.
    @Test func asymptoticSequenceIsTheNormalMixture() throws {
        let (t, alpha) = (400.0, 0.05)
        let precision = AsymptoticSequence.precision(tunedTo: 1_000, alpha: alpha)
        let margin = try #require(
            AsymptoticSequence.twoSided(t: t, alpha: alpha, precision: precision))
        let log = try #require(
            MixtureSPRT.logRatio(
                difference: margin, variance: 1 / t, tau: precision.squareRoot()))
        #expect(abs(log - LogDomain.log(1 / alpha)) < 1e-12)
        let oneSided = try #require(
            AsymptoticSequence.oneSided(t: t, alpha: alpha, precision: precision))
        #expect(oneSided < margin)
    }

    @Test func ratiosNeedArmsOfOneLength() {
        #expect(MixtureSPRT.normal([1], [1, 2], sigma: 1, tau: 1) == nil)
        #expect(MixtureSPRT.bernoulli([1], [0], tau: .nan, warmup: 0) == nil)
        #expect(MixtureSPRT.rejection([0, 30, 10], alpha: 0.05) == 2)
        #expect(MixtureSPRT.rejection([0, 3, 10], alpha: 0.05) == 3)
    }
}
