import Evidence
import Testing

@Suite struct TotalsComparisonTests {
    // E is an e-value whatever stable's rate: exceeding 1/α has probability α at most.
    @Test(arguments: [(0.002, 0.0), (0.05, 0.0), (0.05, 0.03), (0.4, 0.03), (0.97, -0.02)])
    func falseVerdictsAreRare(_ stable: Double, _ margin: Double) throws {
        var random = Seeded(11)
        var (rollbacks, promotions) = (0, 0)
        let runs = 500
        for _ in 0..<runs {
            let totals = ComparisonBlock(
                candidateTrials: 300, candidateFailures: random.failures(of: 300, stable + margin),
                stableTrials: 1_200, stableFailures: random.failures(of: 1_200, stable))
            let comparison = try TotalsComparison(
                limit: try .rise(points: margin), totals: totals)
            let reading = comparison.reading(alpha: 0.1)
            rollbacks += reading.crossed(.rollback, level: 0.1) ? 1 : 0
            promotions += reading.crossed(.promote, level: 0.1) ? 1 : 0
        }
        // .1 plus three standard errors.
        #expect(Double(rollbacks) / Double(runs) < 0.14)
        #expect(Double(promotions) / Double(runs) < 0.14)
    }

    // Not knowing stable's rate costs little beside knowing it.
    @Test func guessingCostsLittle() throws {
        let totals = ComparisonBlock(
            candidateTrials: 3_000, candidateFailures: 120, stableTrials: 60_000,
            stableFailures: 2_100)
        let limit = try ComparisonLimit.rise(points: 0.03)
        let blind = try TotalsComparison(limit: limit, totals: totals)
        let told = try TotalsComparison(limit: limit, totals: totals, stableHistory: 0.035)
        #expect(blind.promoteLogE > told.promoteLogE - 4)
        #expect(blind.promoteLogE < told.promoteLogE)
        #expect(blind.needs(.promote, alpha: 0.05) == 0)
        #expect(blind.needs(.rollback, alpha: 0.05) == nil)
        #expect(blind.reading(alpha: 0.05).validity == .exact)
    }

    @Test func emptyAndWrongCounts() throws {
        let limit = try ComparisonLimit.rise(points: 0)
        let none = try TotalsComparison(
            limit: limit,
            totals: ComparisonBlock(
                candidateTrials: 0, candidateFailures: 0, stableTrials: 0, stableFailures: 0))
        #expect(none.rollbackLogE == 0 && none.promoteLogE == 0)
        #expect(none.reading(alpha: 0.05).undecidable != nil)
        #expect(none.needs(.rollback, alpha: 0.05) == nil)
        #expect(throws: InvalidEvidence.self) {
            try TotalsComparison(
                limit: limit,
                totals: ComparisonBlock(
                    candidateTrials: 1, candidateFailures: 2, stableTrials: 1, stableFailures: 0))
        }
    }

    // λ = 1/3 is best for 2 % worse and 1 % better pairs against a margin of 0.
    @Test func informationOfPairs() {
        let growth = 0.02 * LogDomain.log(4.0 / 3) + 0.01 * LogDomain.log(2.0 / 3)
        let found = Information.divergence(better: 0.01, worse: 0.02, margin: 0, side: .rollback)
        #expect(abs(found - growth) < 1e-12)
        #expect(
            Information.divergence(better: 0.02, worse: 0.01, margin: 0, side: .promote) == found)
        #expect(
            Information.divergence(better: 0.02, worse: 0.01, margin: 0, side: .rollback) == 0)
        #expect(Information.divergence(better: 0.9, worse: 0.2, margin: 0, side: .promote) == 0)
    }
}
