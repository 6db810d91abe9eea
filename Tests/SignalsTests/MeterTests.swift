import Evidence
import History
import RolloutCore
import Testing

@testable import Signals

@Suite struct MeterTests {
    private func folded(
        _ guardrail: GuardrailSpec, _ facts: [Fact], region: RegionName? = nil,
        asked: Share = Share(clamping: 5_000)
    ) -> Meter {
        var meter = Meter(guardrail, isPaired: false, region: region)
        for fact in facts { _ = meter.fold(fact, asked: asked) }
        return meter
    }

    @Test func errorsCountTheCandidateOnly() {
        var tape = Tape()
        tape.answers(10, .candidate, failing: 3)
        tape.answers(10, .mirror, failing: 1)
        tape.answers(50, .stable, failing: 50)
        tape.answers(50, .fallback, failing: 50)
        let meter = folded(Scene.errors, tape.facts)
        #expect(meter.process.counted ?? (0, 0) == (20, 4))
        #expect(meter.freshest == Scene.start + .seconds(19))
    }

    @Test func slowAndFailedAnswersBothMissALatency() {
        var tape = Tape()
        for (milliseconds, ok) in [(14, true), (15, true), (16, true), (1, false)] {
            tape.add(Scene.answer("a", .candidate, ok: ok, milliseconds: Int64(milliseconds)))
        }
        #expect(folded(Scene.latency, tape.facts).process.counted ?? (0, 0) == (4, 2))
    }

    @Test("C16: metrics take their own facts only")
    func metricsTakeTheirOwnFactsOnly() {
        var tape = Tape()
        let answer = Scene.answer("a", .candidate)
        tape.add(answer)
        tape.add(answer, .labelled(correct: false, previously: nil, at: Scene.start))
        tape.add(Scene.answer("a", .mirror), .paired(agree: false))
        tape.add(answer, .measured(metric: "cost", value: Scene.finite(3)))
        #expect(folded(Scene.errors, tape.facts).process.counted ?? (0, 0) == (1, 0))
        #expect(folded(Scene.agreement, tape.facts).process.counted ?? (0, 0) == (1, 1))
        #expect(folded(Scene.throughput, tape.facts).freshest == nil)
    }

    @Test func aRegionIsCountedForItselfOrWithAll() {
        var tape = Tape()
        tape.answers(10, .candidate, failing: 4, region: Scene.eu)
        tape.answers(30, .candidate, failing: 1, region: Scene.us)
        #expect(folded(Scene.sliced, tape.facts).process.counted ?? (0, 0) == (40, 5))
        #expect(
            folded(Scene.sliced, tape.facts, region: Scene.eu).process.counted ?? (0, 0) == (10, 4))
        #expect(
            folded(Scene.sliced, tape.facts, region: Scene.us).process.counted ?? (0, 0) == (30, 1))
    }

    // Two regions that are each fine, with unlike splits and levels, must not make a difference
    // out of nothing (Simpson's paradox): blocks are closed region by region.
    @Test("C18: pooled comparisons keep regions apart")
    func pooledComparisonsKeepRegionsApart() throws {
        var tape = Tape()
        for _ in 0..<40 {
            tape.answers(90, .candidate, failing: 18, region: Scene.eu)
            tape.answers(10, .stable, failing: 2, region: Scene.eu)
            tape.answers(10, .candidate, region: Scene.us)
            tape.answers(90, .stable, region: Scene.us)
        }
        let meter = folded(Scene.rise, tape.facts)
        let reading = try #require(meter.process.evidence).reading(alpha: 0.001)
        #expect(reading.candidateCount == 4_000 && reading.stableCount == 4_000)
        #expect(!reading.crossed(.rollback, level: 0.01))

        // One region that really is worse shows all the same.
        var bad = Tape()
        for _ in 0..<40 {
            bad.answers(50, .candidate, failing: 20, region: Scene.eu)
            bad.answers(50, .stable, failing: 5, region: Scene.eu)
        }
        let worse = try #require(folded(Scene.rise, bad.facts).process.evidence)
        #expect(worse.reading(alpha: 0.001).crossed(.rollback, level: 0.001))
    }

    @Test("C13: an outage of both is no fault of the candidate; an absolute limit takes it back")
    func anOutageOfBothIsNoFaultOfOne() throws {
        var tape = Tape()
        for _ in 0..<40 {
            tape.answers(50, .candidate, failing: 20)
            tape.answers(50, .stable, failing: 20)
        }
        let rise = try #require(folded(Scene.rise, tape.facts).process.evidence)
        #expect(!rise.reading(alpha: 0.001).crossed(.rollback, level: 0.01))
        let errors = try #require(folded(Scene.errors, tape.facts).process.evidence)
        let reading = errors.reading(alpha: 0.001)
        #expect(reading.crossed(.rollback, level: 0.001))
        #expect(!reading.crossed(.promote, level: 0.05))
    }

    @Test func anOpenBlockWaitsForItsSize() {
        var tape = Tape()
        tape.answers(50, .candidate)
        tape.answers(49, .stable)
        #expect(folded(Scene.rise, tape.facts).process.counted ?? (9, 9) == (0, 0))
        tape.answers(1, .stable)
        #expect(folded(Scene.rise, tape.facts).process.counted ?? (0, 0) == (50, 0))
    }

    @Test func meansComeInBlocksOfBothArms() throws {
        var tape = Tape()
        for index in 0..<600 {
            let arm: Arm = index.isMultiple(of: 2) ? .candidate : .stable
            let value = Scene.finite(Double((arm == .candidate ? 60 : 100) + index % 5))
            tape.add(
                Scene.answer("\(index)", arm), .measured(metric: "throughput", value: value))
        }
        let process = try #require(folded(Scene.throughput, tape.facts).process.evidence)
        let reading = process.reading(alpha: 0.001)
        #expect(reading.candidateCount == 300 && reading.stableCount == 300)
        #expect(reading.crossed(.rollback, level: 0.001))
    }

    // A user sticks to one arm: a hundred requests of one user are one draw.
    @Test func aSplitCountsUsersOnce() {
        var tape = Tape()
        for index in 0..<1_000 {
            tape.add(
                Scene.answer(
                    "\(index)", index.isMultiple(of: 10) ? .stable : .candidate,
                    unit: UInt64(index % 10)))
        }
        guard case .split(let split) = folded(Scene.ratio, tape.facts).process else {
            Issue.record("no split")
            return
        }
        #expect(split.counts == [9, 1])
    }

    // The same user falls by the same hash at every share: only the first time is a draw.
    @Test func aUserCountsOnceAStageWhateverTheShare() {
        var tape = Tape()
        tape.add(Scene.answer("a", .candidate, generation: 3, unit: 1))
        tape.add(Scene.answer("b", .candidate, generation: 4, unit: 1))
        tape.add(Scene.answer("c", .stable, generation: 3, unit: 2))
        tape.add(Scene.answer("d", .stable, region: Scene.us, generation: 4, unit: 1))
        guard case .split(let split) = folded(Scene.ratio, tape.facts).process else {
            Issue.record("no split")
            return
        }
        #expect(split.counts == [1, 2])
    }

    @Test func usersWhoComeBackShowThatThereIsASplitStill() {
        var tape = Tape()
        tape.add(Scene.answer("a", .candidate, second: 0, unit: 1))
        tape.add(Scene.answer("b", .candidate, second: 9, unit: 1))
        #expect(folded(Scene.ratio, tape.facts).freshest == Scene.start + .seconds(9))
    }

    @Test func withoutASplitThereIsNothingToCount() {
        var tape = Tape()
        tape.answers(10, .candidate)
        for share in [Share.zero, .all] {
            let meter = folded(Scene.ratio, tape.facts, asked: share)
            #expect(meter.process.counted ?? (9, 9) == (0, 0))
        }
    }

    @Test("C5, C6, C15, C19: what nobody measures says so")
    func whatNobodyMeasuresSaysSo() {
        let drift = Scene.guardrail(
            "drift", .drift(features: ["x"], test: .psi), .atMost(Scene.finite(0.2)))
        let queries = [Metric.prometheus(query: "up"), .influx(query: "up")].map {
            Scene.guardrail("query", $0, .atMost(Scene.finite(1)))
        }
        let impossible = Scene.guardrail("errors", .errors, .atMost(Scene.finite(7)))
        for guardrail in [drift, impossible] + queries {
            guard
                case .unmeasured(let reason) = Meter(guardrail, isPaired: false, region: nil)
                    .process
            else {
                Issue.record("\(guardrail.name) is measured")
                continue
            }
            #expect(!reason.isEmpty)
        }
    }
}
