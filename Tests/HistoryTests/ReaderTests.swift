import Foundation
import GRDB
import History
import RolloutCore
import Testing

@Suite struct ReaderTests {
    // The controller holds the directory, and is not disturbed.
    @Test func factsAreReadBesideTheControllerThatWritesThem() throws {
        try withPath { path in
            #expect(try HistoryReader.open(directory: path) == nil)
            let store = try HistoryStore.open(directory: path).store
            defer { store.close() }
            let reader = try #require(try HistoryReader.open(directory: path))
            defer { reader.close() }
            let rollout = try Fixture.rollout()
            #expect(try reader.facts(after: 0, rollout: rollout, limit: 10).isEmpty)
            let answers = try (0..<5).map {
                Observation.prediction(
                    try Fixture.answer("p-\($0)", .stable, "yes", second: Int64($0)))
            }
            _ = try store.ingest(answers)
            let facts = try reader.facts(after: 0, rollout: rollout, limit: 10)
            #expect(try store.allFacts() == facts)
            #expect(facts.count == 5)
            #expect(try reader.sweptBefore() == nil)
            let later = try reader.facts(after: facts[2].sequence, rollout: rollout, limit: 1)
            #expect(later == [facts[3]])
            try store.sweep(before: Fixture.at(2), keepingAnswers: 100)
            #expect(try reader.sweptBefore() == Fixture.at(2))
            #expect(try reader.facts(after: 0, rollout: rollout, limit: 10).count == 3)
        }
    }

    @Test func anotherFormatIsLeftAlone() throws {
        try withPath { path in
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
            let queue = try DatabaseQueue(path: path + "/history.sqlite")
            try queue.write { try $0.execute(sql: "CREATE TABLE other (id INTEGER)") }
            try queue.close()
            #expect(throws: HistoryError.self) { try HistoryReader.open(directory: path) }
        }
    }
}
