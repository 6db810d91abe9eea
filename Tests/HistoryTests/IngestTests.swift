import Foundation
import History
import RolloutCore
import Testing

@Suite struct IngestTests {
    @Test func aLabelMeetsEveryArmOfItsPrediction() throws {
        try withStore { (store) throws in
            let result = try store.ingest([
                .prediction(try Fixture.answer("p1", .candidate, nil)),
                .prediction(try Fixture.answer("p1", .fallback, "zstd")),
                .prediction(try Fixture.answer("p1", .mirror, "hde")),
                Fixture.label("p1", "hde", "amst"),
            ])
            #expect(result.accepted == 4)
            #expect(result.waiting == 0)
            let labelled = result.facts.filter {
                if case .labelled = $0.event { true } else { false }
            }
            #expect(labelled.map(\.answer.arm) == [.candidate, .mirror, .fallback])
            #expect(
                labelled.map(\.event)
                    == [false, true, false].map {
                        .labelled(correct: $0, previously: nil, at: Fixture.at(100))
                    })
            #expect(try store.allFacts() == result.facts)
        }
    }

    @Test func factsCarryTheWholeAnswer() throws {
        try withStore { (store) throws in
            let answer = try Fixture.answer("p1", .stable, "hde", generation: 7)
            let facts = try store.ingest([.prediction(answer)]).facts
            #expect(facts == [Fact(sequence: 1, answer: answer, event: .answered)])
            #expect(try store.allFacts() == facts)
        }
    }

    @Test func numbersGoToTheAnswerThatWasServed() throws {
        try withStore { (store) throws in
            let early = try store.ingest([
                try Fixture.measurement("p1", "throughput", 12.5),
                .prediction(try Fixture.answer("p1", .mirror, "hde")),
                .prediction(try Fixture.answer("p1", .candidate, nil)),
            ])
            #expect(early.waiting == 1)
            let late = try store.ingest([.prediction(try Fixture.answer("p1", .fallback, "zstd"))])
            let value = try #require(FiniteDouble(12.5))
            #expect(
                late.facts.map(\.event) == [
                    .answered, .measured(metric: "throughput", value: value),
                ])
            #expect(late.facts.last?.answer.arm == .fallback)
        }
    }

    @Test func stableAndMirrorArePairedOnce() throws {
        try withStore { (store) throws in
            _ = try store.ingest([.prediction(try Fixture.answer("p1", .stable, "hde"))])
            let met = try store.ingest([.prediction(try Fixture.answer("p1", .mirror, "amst"))])
            #expect(met.facts.map(\.event) == [.answered, .paired(agree: false)])
            #expect(met.facts.last?.answer.arm == .mirror)
            let failed = try store.ingest([
                .prediction(try Fixture.answer("p2", .stable, "hde")),
                .prediction(try Fixture.answer("p2", .mirror, nil)),
            ])
            #expect(failed.facts.map(\.event) == [.answered, .answered])
        }
    }

    @Test func bothAnswersToAMirroredRequestAreComparedOnce() throws {
        try withStore { (store) throws in
            _ = try store.ingest([
                Fixture.label("p1", "hde"), .prediction(try Fixture.answer("p1", .stable, "hde")),
            ])
            let met = try store.ingest([.prediction(try Fixture.answer("p1", .mirror, "zstd"))])
            let event = Fact.Event.compared(candidate: false, stable: true)
            #expect(met.facts.map(\.event).filter { $0 == event }.count == 1)
            #expect(met.facts.first { $0.event == event }?.answer.arm == .mirror)
            // A corrected truth is for reports.
            let corrected = try store.ingest([Fixture.label("p1", "zstd", second: 900)])
            #expect(!corrected.facts.isEmpty)
            #expect(
                !corrected.facts.map(\.event).contains(.compared(candidate: true, stable: false)))
            #expect(try store.allFacts().filter { $0.event == event }.count == 1)
        }
    }

    @Test func aLaterLabelCorrectsAndAnEarlierOneDoesNot() throws {
        try withStore { (store) throws in
            _ = try store.ingest([
                .prediction(try Fixture.answer("p1", .stable, "hde")),
                Fixture.label("p1", "hde", second: 100),
            ])
            let corrected = try store.ingest([Fixture.label("p1", "zstd", second: 200)])
            #expect(corrected.corrected == 1)
            #expect(
                corrected.facts.map(\.event) == [
                    .labelled(correct: false, previously: true, at: Fixture.at(200))
                ])
            let overtaken = try store.ingest([Fixture.label("p1", "hde", second: 150)])
            #expect(overtaken.duplicates == 1)
            #expect(overtaken.facts.isEmpty)
        }
    }

    @Test func C7_replayingThreeTimesChangesNothing() throws {
        try withStore { (store) throws in
            let batch = try Self.mixedBatch()
            let first = try store.ingest(batch)
            for _ in 0..<3 {
                let again = try store.ingest(batch)
                #expect(again.accepted == 0)
                #expect(again.corrected == 0)
                #expect(again.duplicates == batch.count)
                #expect(again.facts.isEmpty)
            }
            #expect(try store.allFacts() == first.facts)
        }
    }

    @Test func C8_anyOrderAndAnySplitGivesTheSameJoins() throws {
        let batch = try Self.mixedBatch()
        let expected = try withStore { Fold(try $0.ingest(batch).facts) }
        #expect(expected.results.count == 100)
        #expect(expected.agreements.count == 20)
        #expect(expected.numbers.count == 40)
        var random = Seeded(state: 42)
        for _ in 0..<8 {
            let shuffled = batch.shuffled(using: &random)
            let cut = Int.random(in: 1..<shuffled.count, using: &random)
            try withStore { (store) throws in
                var facts = try store.ingest(Array(shuffled[..<cut])).facts
                facts += try store.ingest(Array(shuffled[cut...])).facts
                #expect(Fold(facts) == expected)
                #expect(Fold(facts).broken.isEmpty)
                #expect(facts.map(\.sequence) == Array(1...Int64(facts.count)))
                #expect(try store.allFacts() == facts)
            }
        }
    }

    @Test func labelsAndNumbersMayComeFirst() throws {
        try withStore { (store) throws in
            let early = try store.ingest([
                Fixture.label("p1", "hde"), try Fixture.measurement("p1", "cost", 3),
            ])
            #expect(early.accepted == 2)
            #expect(early.waiting == 2)
            #expect(early.facts.isEmpty)
            let late = try store.ingest([.prediction(try Fixture.answer("p1", .stable, "hde"))])
            #expect(late.facts.count == 3)
        }
    }

    @Test func oneBadItemRefusesTheBatch() throws {
        try withStore { (store) throws in
            let error = #expect(throws: HistoryError.self) {
                try store.ingest([
                    .prediction(try Fixture.answer("p1", .stable, "hde")),
                    .prediction(try Fixture.answer("P 2", .stable, "hde")),
                ])
            }
            #expect(error == .refused("item 1: prediction is not 1 to 64 of a-z 0-9 -"))
            #expect(try store.allFacts().isEmpty)
        }
    }

    @Test(
        "H6: what callers write is data, and never SQL",
        arguments: [
            "'; DROP TABLE streams; --", "\" OR 1=1 --", "%", "_", "x'41'", "?1", ":name", "''",
            "\\",
        ])
    func H6_whatCallersWriteIsNoSQL(_ text: String) throws {
        try withStore { (store) throws in
            let result = try store.ingest([
                .prediction(try Fixture.answer("p1", .candidate, text)),
                .prediction(try Fixture.answer("p2", .candidate, "hde")),
                Fixture.label("p1", text), Fixture.label("p2", text),
            ])
            #expect(result.accepted == 4)
            #expect(result.facts.first?.answer.output == text)
            var results: [String: Bool] = [:]
            for fact in result.facts {
                guard case .labelled(let correct, _, _) = fact.event else { continue }
                results[fact.answer.prediction] = correct
            }
            #expect(results == ["p1": true, "p2": false])
            #expect(try store.allFacts() == result.facts)
            // Names go into other places than values: their grammar has no such letters.
            #expect(throws: InvalidIdentifier.self) { try RolloutName(text) }
            for bad in [
                Observation.prediction(try Fixture.answer(text, .candidate, "hde")),
                try Fixture.measurement("p1", text, 1), Fixture.label(text, "hde"),
            ] { #expect(throws: HistoryError.self) { try store.ingest([bad]) } }
        }
    }

    @Test func factsAreFilteredByRolloutGenerationAndPosition() throws {
        try withStore { (store) throws in
            _ = try store.ingest([
                .prediction(try Fixture.answer("p1", .stable, "hde", generation: 1)),
                .prediction(try Fixture.answer("p2", .stable, "hde", rollout: "other")),
                .prediction(try Fixture.answer("p3", .stable, "hde", generation: 2)),
                .prediction(try Fixture.answer("p4", .stable, "hde", generation: 3)),
            ])
            let name = try Fixture.rollout()
            let run = try store.facts(after: 0, rollout: name, fromGeneration: 2, limit: 10)
            #expect(run.map(\.answer.prediction) == ["p3", "p4"])
            let page = try store.facts(after: 1, rollout: name, fromGeneration: 1, limit: 1)
            #expect(page.map(\.sequence) == [3])
            #expect(try store.newestFact() == 4)
        }
    }

    @Test func observationsReadBackFromTheirJSON() throws {
        let batch = try Self.mixedBatch()
        let bytes = try JSONEncoder().encode(batch)
        #expect(try JSONDecoder().decode([Observation].self, from: bytes) == batch)
    }

    /// 40 requests: a third mirrored, all labelled (some twice), all measured.
    static func mixedBatch() throws -> [Observation] {
        var batch: [Observation] = []
        for index in 0..<40 {
            let id = "p\(index)"
            let second = Int64(index)
            batch.append(
                .prediction(try Fixture.answer(id, .stable, "class-\(index % 3)", second: second)))
            batch.append(try Fixture.measurement(id, "throughput", Double(index)))
            batch.append(Fixture.label(id, "class-\(index % 2)", second: 100 + second))
            if index % 4 == 0 { batch.append(Fixture.label(id, "class-2", second: 500)) }
            if index % 2 == 0 {
                batch.append(
                    .prediction(
                        try Fixture.answer(id, .mirror, "class-\(index % 5)", second: second)))
                batch.append(
                    .prediction(try Fixture.answer(id, .fallback, nil, second: second)))
            } else {
                batch.append(
                    .prediction(try Fixture.answer(id, .candidate, nil, second: second)))
            }
        }
        return batch
    }
}
