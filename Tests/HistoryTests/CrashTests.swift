import Foundation
import GRDB
import RolloutCore
import Synchronization
import Testing

@testable import History

@Suite struct CrashTests {
    @Test func E3_aKillInTheMiddleOfABatchLeavesNothingOfIt() async throws {
        let path = Fixture.newPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let store = try HistoryStore.open(directory: path).store
            let batch = try IngestTests.mixedBatch()
            _ = try store.ingest(Array(batch[..<50]))
            let statements = Mutex(0)
            store.pool.writeWithoutTransaction { database in
                database.trace { _ in
                    let count = statements.withLock { count in
                        count += 1
                        return count
                    }
                    if count == 60 { kill(getpid(), SIGKILL) }
                }
            }
            _ = try store.ingest(Array(batch[50...]))
        }
        let store = try HistoryStore.open(directory: path).store
        defer { store.close() }
        let batch = try IngestTests.mixedBatch()
        let clean = try HistoryStore.temporary()
        defer { clean.close() }
        var expected = try clean.ingest(Array(batch[..<50])).facts
        #expect(try store.allFacts() == expected)
        expected += try clean.ingest(Array(batch[50...])).facts
        _ = try store.ingest(batch)
        #expect(Fold(try store.allFacts()) == Fold(expected))
    }

    @Test func B5_aJournalledStepOutlivesAKill() async throws {
        let path = Fixture.newPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let store = try HistoryStore.open(directory: path).store
            try store.journal.append(try JournalTests.entry("step-1"))
            kill(getpid(), SIGKILL)
        }
        let store = try HistoryStore.open(directory: path).store
        defer { store.close() }
        #expect(try store.journal.pending().entries == [try JournalTests.entry("step-1")])
    }
}
