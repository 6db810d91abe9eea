import Foundation
import RolloutCore
import Testing

@testable import History

@Suite struct KeepingTests {
    @Test func B9_elapsedTimeOutlivesARestartAndNeverFalls() throws {
        try withPath { (path) throws in
            let third = try #require(Digest(hex: String(repeating: "3", count: 64)))
            let fourth = try #require(Digest(hex: String(repeating: "4", count: 64)))
            let store = try HistoryStore.open(directory: path).store
            #expect(try store.steadyElapsed() == 0)
            try store.heartbeat(elapsed: 5_000)
            #expect(try store.stepStart(third, now: 5_200) == 5_200)
            try store.heartbeat(elapsed: 4_000)
            store.close()
            let again = try HistoryStore.open(directory: path).store
            defer { again.close() }
            // Whoever saw a step begin at 5.2 s was there until then, heartbeat or not.
            #expect(try again.steadyElapsed() == 5_200)
            #expect(try again.stepStart(third, now: 9_999) == 5_200)
            #expect(try again.stepStart(fourth, now: 9_999) == 9_999)
        }
    }

    @Test func E9_reindexEqualsWhatWasCountedLive() throws {
        try withStore { (store) throws in
            let name = try Fixture.rollout()
            _ = try store.ingest(try IngestTests.mixedBatch())
            let live = try store.traffic(of: name, fromMinute: 0)
            #expect(live.reduce(0) { $0 + $1.answers } == 100)
            #expect(live.reduce(0) { $0 + $1.failures } == 40)
            let decisions = (1...3).map { number in
                DecisionEntry(
                    rollout: name, number: number, kind: "advance", at: Fixture.at(0),
                    commit: "c41d2e8", subject: "advance to canary 5 %", from: "2.3.1", to: "2.4.0",
                    digest: nil)
            }
            try store.record(
                DecisionEntry(
                    rollout: name, number: 9, kind: "hold", at: Fixture.at(0), commit: "0",
                    subject: "from a backup", from: nil, to: nil, digest: nil))
            try store.reindex(decisions)
            #expect(try store.decisions(of: name, limit: 10) == decisions.reversed())
            #expect(try store.traffic(of: name, fromMinute: 0) == live)
        }
    }

    @Test func notesThatRepeatAreOne() throws {
        try withStore { (store) throws in
            let name = try Fixture.rollout()
            for (second, text) in [(1, "soaking"), (2, "soaking"), (3, "advanced")] {
                try store.add(
                    PassNote(rollout: name, at: Fixture.at(Int64(second)), text: text))
            }
            let notes = try store.notes(of: name, limit: 10)
            #expect(notes.map(\.text) == ["advanced", "soaking"])
            #expect(notes.map(\.at) == [Fixture.at(3), Fixture.at(1)])
        }
    }

    @Test func E5_theSweepTakesWhatIsOldAndItStaysGone() throws {
        try withStore { (store) throws in
            let batch = try (0..<5_000).map { index in
                Observation.prediction(
                    try Fixture.answer("p\(index)", .stable, "hde", second: Int64(index)))
            }
            _ = try store.ingest(batch)
            _ = try store.ingest([Fixture.label("p0", "hde", second: 10)])
            #expect(try store.sweep(before: Fixture.at(4_500), keepingAnswers: 1_000_000) == 4_500)
            #expect(try store.sweep(before: Fixture.at(0), keepingAnswers: 100) == 400)
            let facts = try store.allFacts()
            #expect(facts.map(\.answer.prediction) == (4_900..<5_000).map { "p\($0)" })
            let again = try store.ingest(batch)
            #expect(again.expired == 4_900)
            #expect(again.duplicates == 100)
            let next = try store.ingest([
                .prediction(try Fixture.answer("new", .stable, "hde", second: 6_000))
            ])
            #expect(next.facts.first?.sequence == 5_002)
        }
    }

    @Test func E5_aCheckpointEmptiesTheWriteAheadLog() throws {
        try withStore { (store) throws in
            _ = try store.ingest(try IngestTests.mixedBatch())
            #expect(store.size().writeAheadLog > 0)
            try store.checkpoint()
            #expect(store.size().writeAheadLog == 0)
            #expect(store.size().database > 0)
        }
    }

    /// The speed is printed, not judged: it belongs to the machine.
    @Test func manyFactsGoInAndComeOut() throws {
        let count =
            Int(ProcessInfo.processInfo.environment["HISTORY_FACTS"] ?? "") ?? 20_000
        try withStore { (store) throws in
            let clock = ContinuousClock()
            var number = 0
            let ingested = try clock.measure {
                while number < count {
                    let batch = try (0..<1_000).map { _ in
                        number += 1
                        return Observation.prediction(
                            try Fixture.answer("id-\(number)", .stable, "hde"))
                    }
                    _ = try store.ingest(batch)
                }
            }
            var facts = 0
            var last: Int64 = 0
            let name = try Fixture.rollout()
            let read = try clock.measure {
                while true {
                    let page = try store.facts(
                        after: last, rollout: name, fromGeneration: 0, limit: 10_000)
                    guard let newest = page.last else { return }
                    facts += page.count
                    last = newest.sequence
                }
            }
            #expect(facts == count)
            print("history: \(count) facts in \(ingested), read again in \(read), \(store.size())")
        }
    }
}
