import Calibration
import Evidence
import Testing

@Suite struct TwoArmStudyTests {
    @Test func aWrongSplitOnlyMisleadsCumulativeCounters() {
        let result = WrongSplitStudy.race(share: 0.045, history: 0.07)
            .run(seed: 3, repetitions: 20)
        #expect(result.rate(of: 0).value < 0.3)
        #expect(result.rate(of: 1).value > 0.9)
    }

    @Test func cohortsOfEqualAgeAreFairToBothArms() throws {
        let delays = try #require(LabelDelayStudy.Delays.all.first)
        let found = LabelDelayStudy.claims(
            delays: delays, ramp: [10, 50, 250, 500], seed: 3, repetitions: 20)
        try #require(found.count == 3)
        #expect(found[0].rollback.value < 0.3)
        // Labels by arrival make a candidate whose traffic grows look worse.
        #expect(found[1].rollback.value > 0.9)
        #expect(found[2].rollback.value > 0.9)
    }

    /// Exceedances and edges of a simulation elsewhere.
    @Test(arguments: [
        (LatencyChange.slower(0.1), 0.5, 397.481_071), (.slower(0.2), 0.99, 714.917_221),
        (.slowTail(0.2), 0.99, 1_449.299_250),
    ])
    func latencyBoundsAreThoseOfTheEdges(_ change: LatencyChange, _ quantile: Double, _ n: Double) {
        let bound = LatencyStudy.bound(change, quantile: quantile)
        #expect(abs(bound / n - 1) < 1e-6)
    }

    @Test func aSlowTailIsSeenByQuantilesAndNotByTheBand() throws {
        let times = LatencyStudy.times(
            .slowTail(0.5), horizon: 10_000, seed: 3, repetitions: 20)
        #expect(times.count == 20)
        #expect(times.allSatisfy { $0.count == LatencyStudy.rules.count })
        #expect(times.count { $0.first != .some(nil) } >= 19)
        #expect(times.allSatisfy { $0.last == .some(nil) })
    }

    @Test func plannedLooksAreThoseOfTheBooks() {
        let figures = PlannedLooksStudy.run(seed: 1, effort: .quick)
        #expect(figures.count == 23)
        #expect(figures.allSatisfy { $0.isKept == true })
    }

    /// Universal inference is exact, and slower than what is built for the difference.
    @Test func universalInferenceIsSlower() throws {
        let result = TwoSampleStudy.race(
            drop: 0.05, tick: 100,
            contestants: [
                Contestant("ours") { EngineRule(.rise(0), alpha: 0.05) },
                Contestant("universal inference") { UniversalInferenceRule(alpha: 0.05) },
                Contestant("normal grid") { NormalGridRule(.rise(0), alpha: 0.05) },
            ]
        ).run(seed: 3, repetitions: 40)
        for index in 0..<3 { #expect(result.rate(of: index).value > 0.95) }
        #expect(result.meanRequests(of: 1).value > 1.5 * result.meanRequests(of: 0).value)
        #expect(result.meanRequests(of: 2).value > result.meanRequests(of: 0).value)
    }
}
