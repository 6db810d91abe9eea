import Testing

@testable import Evidence

/// The values themselves are checked against vectors; here, what must hold between them.
@Suite struct SpecialFunctionTests {
    @Test(arguments: [1e-12, 1e-6, 0.001, 0.2, 0.31, 0.5, 0.7, 0.999])
    func quantilesInvertDistributions(p: Double) {
        #expect(isNear(NormalDistribution.cdf(NormalDistribution.quantile(p)), p))
        for df in [0.7, 1, 3.3, 10.7, 250, 1e6] {
            #expect(isNear(StudentT.cdf(StudentT.quantile(p, df: df), df: df), p))
            #expect(isNear(ChiSquared.cdf(ChiSquared.quantile(p, df: df), df: df), p))
            #expect(isNear(ChiSquared.sf(ChiSquared.upperQuantile(p, df: df), df: df), p))
        }
        for (a, b) in [(0.5, 200.5), (3, 1), (12.5, 12.5), (4_000, 60_000)] {
            #expect(isNear(BetaDistribution.cdf(BetaDistribution.quantile(p, a, b), a, b), p))
            // Near 1 there are too few doubles for a small upper tail.
            let upper = BetaDistribution.upperQuantile(p, a, b)
            #expect(upper > 0.9 || isNear(BetaDistribution.sf(upper, a, b), p))
            #expect(isNear(FisherF.cdf(FisherF.quantile(p, a, b), a, b), p))
        }
    }

    @Test func tailsAddUpToOne() {
        for x in [0.001, 0.2, 0.5, 0.77, 0.999] {
            let beta = BetaFunction.tails(2.5, 40, x)
            #expect(isNear(beta.lowerProbability + beta.upperProbability, 1))
            let gamma = GammaFunction.tails(30, 60 * x)
            #expect(isNear(gamma.lowerProbability + gamma.upperProbability, 1))
        }
    }

    @Test func farTailsHaveLogarithms() {
        // Where e^x is 0 in double precision.
        let x = -60.0
        let bound = -x * x / 2 - LogDomain.log(60 * (2 * Double.pi).squareRoot())
        #expect(isNear(NormalDistribution.logCDF(x), bound, 1e-6))
        #expect(NormalDistribution.logCDF(x) < bound)
        #expect(GammaFunction.tails(1, 2_000).upper == -2_000)
        #expect(isNear(BetaFunction.tails(5_000, 1, 0.5).lower, -5_000 * LogDomain.log2))
        let quantile = NormalDistribution.quantile(logProbability: -1_000)
        #expect(isNear(NormalDistribution.logCDF(quantile), -1_000))
    }

    @Test func expansionForLargeShapesMeetsTheSeries() {
        // Either side of where one takes over from the other: P(a, a + z√a) moves smoothly in a.
        for z in [-4.0, -1, 0, 0.5, 3] {
            let values = [99_999.999, 100_000.001].map { a in
                GammaFunction.tails(a, a + z * a.squareRoot()).lower
            }
            #expect(isNear(values[0], values[1], 1e-9))
        }
    }

    @Test func countsAddUp() throws {
        let sum = (0...40).reduce(0) { $0 + BinomialDistribution.pmf($1, n: 40, p: 0.13) }
        #expect(isNear(sum, 1))
        let urn = try #require(HypergeometricDistribution(total: 60, marked: 22, drawn: 17))
        var below = 0.0
        for k in urn.support {
            below += urn.pmf(k)
            #expect(isNear(urn.cdf(k), below, 1e-12))
            #expect(isNear(urn.cdf(k) + urn.sf(k), 1))
        }
        #expect(HypergeometricDistribution(total: 5, marked: 6, drawn: 2) == nil)
    }

    @Test func exactKolmogorovApproachesItsLimit() {
        for z in [0.6, 0.9, 1.36, 2] {
            let n = 200_000
            let exact = KolmogorovDistribution.exactSF(z / Double(n).squareRoot(), n: n)
            #expect(abs(exact - KolmogorovDistribution.sf(z)) < 1e-3)
        }
        // One observation is at least 1/2 away from somewhere: P(D₁ > d) = 2(1 - d).
        #expect(isNear(KolmogorovDistribution.exactSF(0.75, n: 1), 0.5))
        // Two are known too: P(D₂ ≤ d) = 2(2d - 1/2)² for 1/4 ≤ d ≤ 1/2.
        #expect(isNear(KolmogorovDistribution.exactCDF(0.4, n: 2), 0.18))
    }

    @Test func divergenceKeepsPrecisionNearEquality() {
        let (p, gap) = (0.05, 1e-9)
        let expected = gap * gap / (2 * p * (1 - p))
        #expect(isNear(BernoulliDivergence.kl(p, p + gap), expected, 1e-6))
        #expect(BernoulliDivergence.kl(0.3, 0.3) == 0)
        #expect(BernoulliDivergence.kl(0.3, 0) == .infinity)
    }

    @Test func nothingOutOfDomainCrashesOrIsANumber() {
        for bad in [Double.nan, -1] {
            #expect(GammaFunction.lower(bad, 1).isNaN)
            #expect(BetaFunction.regularized(bad, 1, 0.5).isNaN)
            #expect(StudentT.cdf(1, df: bad).isNaN)
            #expect(StudentT.quantile(0.4, df: bad).isNaN)
            #expect(NormalDistribution.quantile(bad).isNaN)
            #expect(BinomialDistribution.pmf(1, n: 3, p: bad).isNaN)
            #expect(BernoulliDivergence.kl(bad, 0.5).isNaN)
            #expect(RiemannZeta.value(bad).isNaN)
        }
        #expect(ChiSquared.quantile(.nan, df: 2).isNaN)
        #expect(KolmogorovDistribution.exactSF(.nan, n: 5).isNaN)
        #expect(KolmogorovDistribution.exactSF(0.3, n: 0).isNaN)
        #expect(Root.find(low: 0, high: 1) { _ in .nan } == nil)
        #expect(Root.find(low: 0, high: 1) { $0 + 1 } == nil)
    }

    @Test func zetaOfEvenNumbers() {
        let pi = Double.pi
        #expect(isNear(RiemannZeta.value(2), pi * pi / 6, 1e-14))
        #expect(isNear(RiemannZeta.value(4), pi * pi * pi * pi / 90, 1e-14))
        #expect(isNear(RiemannZeta.value(1.4), 3.105_547_277_977_58, 1e-13))
    }

    private func isNear(_ found: Double, _ expected: Double, _ relative: Double = 1e-12) -> Bool {
        abs(found - expected) <= relative * abs(expected)
    }

    /// The interval agrees with the decisions because it asks for the same wealth, to the bit.
    @Test(arguments: EvidenceSide.allCases)
    func wealthOfALimitIsThatOfItsGrid(_ side: EvidenceSide) {
        for limit in [0, 1e-12, 0.001, 0.05, 0.5, 0.95, 1] {
            for (trials, failures) in [(1, 0), (1, 1), (20, 3), (5_000, 4_990), (1 << 40, 7)] {
                for clusters in [1, 1.7] {
                    let grid = BernoulliGrid(limit: limit, side: side)
                    let logs = grid.logWealth(trials: trials, failures: failures)
                    #expect(
                        BernoulliGrid.logMeanWealth(
                            limit: limit, side: side, trials: trials, failures: failures,
                            clusters: clusters)
                            == LogDomain.logMeanExp(logs.map { $0 / clusters }))
                }
            }
        }
    }
}
