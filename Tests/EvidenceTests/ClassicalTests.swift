import Testing

@testable import Evidence

@Suite struct ClassicalTests {
    // Counted with whole numbers of any size: Σ of Gaussian binomial coefficients over their total.
    @Test(arguments: [
        (37, 81, 2_003, 0.003_178_011_490_778_670_4 / 2), (3, 4, 12, 1.0 / 35), (3, 4, 0, 1),
    ])
    func exactRankSums(_ n1: Int, _ n2: Int, _ u: Int, _ expected: Double) {
        let found = MannWhitney.exactUpperTail(Double(u), n1, n2)
        #expect(close(found / expected, 1, 1e-13))
    }

    @Test func rankSumsOfManyPairsAreNotGuessed() {
        let (x, y) = ((0..<700).map(Double.init), (0..<700).map { Double($0) + 0.5 })
        #expect(MannWhitney.test(x, y, method: .exact) == nil)
        #expect(MannWhitney.test(x, y, method: .asymptotic) != nil)
    }

    // The likelihood under the constraint is flat along it at the rates of the score test, which is
    // why they are rates of Miettinen and Nurminen (1985, appendix).
    @Test(arguments: [-0.03, 0.02, 0.25])
    func scoreTestUsesTheLikeliestRates(_ difference: Double) throws {
        let first = try #require(Successes(12, of: 100))
        let second = try #require(Successes(30, of: 150))
        let pair = TwoProportions(first, second)
        let (p1, p2) = pair.constrained(difference)
        #expect(close(p1 - p2, difference, 1e-13))
        func logLikelihood(_ p2: Double) -> Double {
            let p1 = p2 + difference
            return 12 * LogDomain.log(p1) + 88 * LogDomain.log1p(-p1) + 30 * LogDomain.log(p2)
                + 120 * LogDomain.log1p(-p2)
        }
        for step in [-1e-3, 1e-3] { #expect(logLikelihood(p2 + step) < logLikelihood(p2)) }
    }

    @Test func scoreIntervalHoldsWhatTheTestDoesNotReject() throws {
        let first = try #require(Successes(12, of: 100))
        let second = try #require(Successes(30, of: 150))
        let pair = TwoProportions(first, second)
        for apart in RatesApart.allCases {
            let interval = try #require(pair.scoreInterval(apart, confidence: 0.9))
            for end in [interval.lower, interval.upper] {
                #expect(close(pair.scoreTest(apart, value: end)?.pValue ?? .nan, 0.1, 1e-9))
            }
        }
    }

    @Test func nothingToCompareIsNoTest() throws {
        #expect(MannWhitney.test([], [1]) == nil)
        #expect(SignedRanks.test([0, 0]) == nil)
        #expect(SignedRanks.test([.nan, 1]) == nil)
        #expect(StudentTest(Moments()) == nil)
        #expect(StudentTest(pooled: Moments(), Moments()) == nil)
        #expect(ContingencyTests.chiSquared([[0, 0], [1, 2]]) == nil)
        #expect(ContingencyTests.goodnessOfFit([1, 2], shares: [1, 1], estimated: 1) == nil)
        #expect(Successes(3, of: 2) == nil)
        #expect(MultinomialContrast(weights: [1, 1]) == nil)
    }
}
