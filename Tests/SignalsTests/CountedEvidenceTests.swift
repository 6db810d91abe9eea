import Evidence
import RolloutCore
import Testing

@testable import Signals

/// Counts must tell what the same facts tell, or a rehearsal is not of this engine.
@Suite struct CountedEvidenceTests {
    private static let labels = LabelCoverage(due: 0, arrived: 0)

    /// At canary, where nothing has been seen yet.
    private func counted(_ guardrails: [GuardrailSpec]) throws -> [CountedEvidence] {
        let run = try #require(Scene.state(advances: 1, guardrails: guardrails).run)
        return CountedEvidence.all(of: run)
    }

    @Test func countsAreWhatFactsAre() throws {
        let guardrails = [Scene.errors, Scene.sliced, Scene.rise]
        var book = Scene.book(advances: 1, guardrails: guardrails)
        var tape = Tape()
        for region in [Scene.eu, Scene.us] {
            tape.answers(60, .candidate, failing: 7, region: region)
            tape.answers(40, .stable, failing: 2, region: region)
        }
        for fact in tape.facts { book.fold(fact) }
        let facts = book.evidence()

        var counted = try counted(guardrails)
        for index in counted.indices {
            counted[index].enter(.canary)
            // The generation of the facts is the second that was seen: no restart before it.
            for region in [Scene.eu, Scene.us] {
                let outcome: CountedOutcome =
                    index == 2
                    ? .sideBySide(
                        ComparisonBlock(
                            candidateTrials: 60, candidateFailures: 7, stableTrials: 40,
                            stableFailures: 2))
                    : .candidate(trials: 60, failures: 7)
                counted[index].observe(outcome, in: region, stage: .canary, at: Scene.start)
            }
        }
        let counts = counted.map { $0.evidence(labels: Self.labels) }
        #expect(counts.map(\.guardrail) == facts.map(\.guardrail))
        #expect(counts.map(\.inStage) == facts.map(\.inStage))
        #expect(counts.map(\.process.counted?.trials) == facts.map(\.process.counted?.trials))
        for (left, right) in zip(counts, facts) {
            #expect(
                left.process.evidence?.rollbackLogE == right.process.evidence?.rollbackLogE,
                "\(left.guardrail)")
            #expect(
                left.slices.map(\.process.counted?.failures)
                    == right.slices.map(\.process.counted?.failures))
            #expect(left.mixture?.logE == right.mixture?.logE)
        }
    }

    @Test func aBreachIsNeverOverlooked() throws {
        for guardrail in [Scene.errors, Scene.sliced] {
            var evidence = try #require(try counted([guardrail]).first)
            evidence.enter(.canary)
            #expect(!evidence.mayBreach(at: 0.01))
            evidence.observe(
                .candidate(trials: 400, failures: 80), in: Scene.eu, stage: .canary,
                at: Scene.start)
            #expect(evidence.mayBreach(at: 0.01))
        }
    }

    @Test func otherStagesAndOutcomesAreNotItsOwn() throws {
        var evidence = try #require(try counted([Scene.throughput]).first)
        evidence.enter(.shadow)
        #expect(!evidence.counts(.shadow) && evidence.counts(.canary))
        let before = evidence.evidence(labels: Self.labels).process
        evidence.observe(
            .candidate(trials: 10, failures: 10), in: Scene.eu, stage: .canary, at: Scene.start)
        #expect(evidence.evidence(labels: Self.labels).process == before)
    }
}
