import Calibration
import Evidence
import Testing

@Suite struct StudyTests {
    /// Few repetitions: the studies proper run with `stats bench`.
    @Test("C12: a candidate at the limit is rarely rolled back")
    func aCandidateAtTheLimitIsRarelyRolledBack() {
        let rule = Contestant("ours", promises: true) { EngineRule(.constant(0.05), alpha: 0.05) }
        let result = Race(
            "at the limit", horizon: 20_000, contestants: [rule], draw: Traffic.failures(0.05)
        ).run(seed: 3, repetitions: 100)
        #expect(result.falseAlarms("test", within: [20_000]).allSatisfy { $0.isKept == true })
        #expect(result.rate(of: 0).value < 0.15)
    }

    @Test("C12: peeking is found out")
    func peekingIsFoundOut() {
        let rule = Contestant("z", promises: true) { ZRule(.constant(0.05), bound: 1.6449) }
        let result = Race(
            "at the limit", horizon: 20_000, contestants: [rule], draw: Traffic.blocks((100, 0.05))
        ).run(seed: 3, repetitions: 100)
        #expect(result.falseAlarms("test", within: [20_000]).allSatisfy { $0.isKept == false })
    }

    @Test func harmIsFoundNearTheBound() throws {
        let information = TwoSampleStudy.information(drop: 0.05)
        let rule = Contestant("ours", promises: true) { EngineRule(.rise(0), alpha: 0.05) }
        let figures = TwoSampleStudy.race(drop: 0.05, tick: 100, contestants: [rule])
            .run(seed: 3, repetitions: 60)
            .delays("test", information: information) { _ in 1.75 }
        let ratio = try #require(figures.first { $0.measure == "ratio-to-bound" })
        #expect(ratio.isKept == true)
        // At less than the bound, the bound or the count of requests would be wrong.
        #expect(ratio.value > 1)
    }

    @Test func sameSeedSameFigures() {
        let one = SplitStudy.alarms(share: 0.07, seed: 5, repetitions: 20)
        #expect(one == SplitStudy.alarms(share: 0.07, seed: 5, repetitions: 20))
        #expect(one != SplitStudy.alarms(share: 0.07, seed: 6, repetitions: 20))
    }

    @Test("C21: a season does not fool blocks")
    func aSeasonDoesNotFoolBlocks() {
        let result = RampStudy.race(swing: 0.03).run(seed: 3, repetitions: 20)
        #expect(result.rate(of: 0).value < 0.2)
        // Pooled tests, even a single one at the end.
        #expect(result.rate(of: 2).value > 0.9)
    }

    @Test func namesAreDistinctAndSaid() {
        #expect(Set(Studies.all.map { $0.name }).count == Studies.all.count)
        #expect(Studies.all.allSatisfy { !$0.summary.isEmpty })
    }
}

@Suite struct PeakTests {
    /// The running maximum is taken lazily over runs of successes, and must not differ for that.
    @Test(arguments: [nil, 20]) func peakIsTheMaximumOfAllLooks(restarts: Int?) throws {
        var random = SeededRandom(seed: 11)
        var process = try ProportionProcess(limit: 0.05, restarts: restarts)
        var highest = (rollback: 0.0, promote: 0.0)
        for step in 0..<3_000 {
            if restarts != nil, step % 150 == 0 { process.restart() }
            if step == 1_000 { process.assume(designEffect: 1.5) }
            try process.observe(
                trials: 1, failures: random.bernoulli(step < 1_500 ? 0.045 : 0.12) ? 1 : 0)
            highest.rollback = max(highest.rollback, process.rollback.logE)
            highest.promote = max(highest.promote, process.promote.logE)
            #expect(abs(process.rollback.peak - highest.rollback) < 1e-12)
            #expect(abs(process.promote.peak - highest.promote) < 1e-12)
        }
        #expect(highest.rollback > 1)
    }
}

@Suite struct PresentationTests {
    private let figures = [0.01, 0.02].map { drop in
        StudyFigure(
            study: "two-sample", scenario: "drop \(drop * 100) points, every 100 requests",
            rule: "gatewright 0.05", measure: "ratio-to-bound", value: 1.5 + drop,
            standardError: 0.01, repetitions: 10, promise: .atMost(1.4))
    }

    @Test func tablesSayWhatIsBroken() {
        let text = StudyTables.markdown(figures)
        #expect(text.contains("### two-sample"))
        #expect(text.contains("**1.51** (broken)"))
    }

    @Test func chartsAreDrawnFromTheFigures() throws {
        let chart = try #require(StudyCharts.charts(figures).first)
        #expect(chart.name == "delay-two-arms")
        #expect(chart.svg.hasPrefix("<svg"))
        #expect(chart.svg.contains("<polyline"))
        #expect(StudyCharts.charts([]).isEmpty)
    }
}
