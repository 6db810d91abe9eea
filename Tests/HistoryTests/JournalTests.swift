import Foundation
import GRDB
import RolloutCore
import Testing

@testable import History

@Suite struct JournalTests {
    static func entry(_ id: String, bytes: String = #"{"to":0}"#) throws -> JournalEntry {
        JournalEntry(
            id: id, rollout: try Fixture.rollout(), bytes: Array(bytes.utf8), at: Fixture.at(0))
    }

    @Test func everyAppendIsSynced() throws {
        try withStore { (store) throws in
            try store.journal.queue.read { (database) throws in
                #expect(try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2)
                #expect(try String.fetchOne(database, sql: "PRAGMA journal_mode") == "wal")
            }
        }
    }

    @Test func aStepIsPendingUntilItIsRecorded() throws {
        try withStore { (store) throws in
            let journal = store.journal
            try journal.append(try Self.entry("step-1"))
            try journal.append(try Self.entry("step-2"))
            try journal.append(try Self.entry("step-1"))
            try journal.markRouted("step-1", readBack: Array("[]".utf8))
            let pending = try journal.pending()
            #expect(pending.entries.map(\.id) == ["step-1", "step-2"])
            #expect(pending.entries.first?.readBack == Array("[]".utf8))
            try journal.markRecorded("step-1", decision: 77, commit: "c41d2e8")
            #expect(try journal.pending().entries.map(\.id) == ["step-2"])
            #expect(try journal.sweep(keepingRecorded: 0) == 1)
            #expect(try journal.pending().entries.map(\.id) == ["step-2"])
        }
    }

    @Test func anIdMeansOneStep() throws {
        try withStore { (store) throws in
            try store.journal.append(try Self.entry("step-1"))
            #expect(throws: HistoryError.refused("journal entry step-1 exists with other content"))
            {
                try store.journal.append(try Self.entry("step-1", bytes: "{}"))
            }
            #expect(throws: HistoryError.refused("there is no journal entry step-9")) {
                try store.journal.markRouted("step-9", readBack: [])
            }
            #expect(store.journal.failure == nil)
        }
    }

    @Test func E3_aFlippedByteIsNamedAndNotDropped() throws {
        try withStore { (store) throws in
            try store.journal.append(try Self.entry("step-1"))
            try store.journal.append(try Self.entry("step-2"))
            try store.journal.queue.write { database in
                try database.execute(
                    sql: "UPDATE entries SET bytes = ? WHERE id = 'step-1'",
                    arguments: [Data(#"{"to":1}"#.utf8)])
            }
            let pending = try store.journal.pending()
            #expect(pending.damaged == ["step-1"])
            #expect(pending.entries.map(\.id) == ["step-2"])
        }
    }

    @Test func E4_oneErrorOfTheDiskLastsUntilTheRestart() throws {
        try withPath { (path) throws in
            let store = try HistoryStore.open(directory: path).store
            try store.journal.append(try Self.entry("step-1"))
            // What a disk does that went away: SQLite answers with an error that is not "full".
            try store.journal.queue.close()
            #expect(throws: HistoryError.self) {
                try store.journal.append(try Self.entry("step-2"))
            }
            let failure = try #require(store.journal.failure)
            #expect(throws: HistoryError.failed(failure)) {
                try store.journal.append(try Self.entry("step-3"))
            }
            store.close()
            let again = try HistoryStore.open(directory: path).store
            defer { again.close() }
            #expect(again.journal.failure == nil)
            #expect(try again.journal.pending().entries.map(\.id) == ["step-1"])
        }
    }

    @Test("E2: a locked file is waited for and tried again, and is not taken for a broken disk")
    func E2_aLockedFileIsTriedAgain() throws {
        try withPath { (path) throws in
            let store = try HistoryStore.open(directory: path).store
            defer { store.close() }
            let prediction = Observation.prediction(try Fixture.answer("p1", .stable, "hde"))
            func wait(_ milliseconds: Int) throws {
                for writer in [store.journal.queue, store.pool] as [any DatabaseWriter] {
                    try writer.writeWithoutTransaction { database in
                        let set = try Int.fetchOne(database, sql: "PRAGMA busy_timeout")
                        #expect(set == StorageLimits.busySeconds * 1_000)
                        try database.execute(sql: "PRAGMA busy_timeout = \(milliseconds)")
                    }
                }
            }
            // The test need not wait as long as a controller does.
            try wait(100)
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let others = try ["journal", "history"].map {
                try DatabaseQueue(path: "\(path)/\($0).sqlite", configuration: configuration)
            }
            for other in others {
                try other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            }
            #expect(throws: HistoryError.busy) { try store.journal.append(try Self.entry("s-1")) }
            #expect(throws: HistoryError.busy) { try store.ingest([prediction]) }
            #expect(store.journal.failure == nil)
            #expect(try store.journal.pending().entries.isEmpty)
            #expect(try store.allFacts().isEmpty)
            for other in others {
                try other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
                try other.close()
            }
            try store.journal.append(try Self.entry("s-1"))
            #expect(try store.journal.pending().entries.map(\.id) == ["s-1"])
            #expect(try store.ingest([prediction]).accepted == 1)
        }
    }

    @Test func E1_aFullDiskFreesTheReserveAndStopsIngestion() throws {
        try withPath { (path) throws in
            let store = try HistoryStore.open(directory: path).store
            defer { store.close() }
            #expect(FileManager.default.fileExists(atPath: path + "/reserve"))
            func limit(_ pages: Int) throws {
                try store.journal.queue.writeWithoutTransaction { database in
                    _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(pages)")
                }
            }
            try limit(1)  // SQLite takes the pages there are
            let large = try Self.entry("step-1", bytes: String(repeating: "x", count: 100_000))
            #expect(throws: HistoryError.storageFull) { try store.journal.append(large) }
            #expect(!FileManager.default.fileExists(atPath: path + "/reserve"))
            #expect(store.journal.failure == nil)
            #expect(throws: HistoryError.storageFull) {
                try store.ingest([Fixture.label("p1", "hde")])
            }
            try limit(10_000)
            try store.journal.append(large)
            #expect(store.isFull)
            try store.restoreReserve()
            #expect(try store.ingest([Fixture.label("p1", "hde")]).accepted == 1)
        }
    }

    // Found by `gatewright soak`: it took its reserve for lost, removed it, and did not use the room.
    @Test func E1_aStartOnAFullDiskKeepsTheReserve() throws {
        try withPath { (path) throws in
            try HistoryStore.open(directory: path).store.close()
            // A disk on which nothing can be written.
            try FileManager.default.createSymbolicLink(
                atPath: path + "/probe", withDestinationPath: "/dev/full")
            let store = try HistoryStore.open(directory: path).store
            defer { store.close() }
            #expect(!store.isFull && store.directory.freeReserve())
            #expect(!FileManager.default.fileExists(atPath: path + "/reserve"))
        }
    }

    @Test func E1_ingestionSaysWhenTheDiskIsFull() throws {
        try withStore { (store) throws in
            try store.pool.writeWithoutTransaction { database in
                _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = 1")
            }
            let batch = try (0..<2_000).map {
                Observation.prediction(try Fixture.answer("p\($0)", .stable, "hde"))
            }
            #expect(throws: HistoryError.storageFull) { try store.ingest(batch) }
            #expect(try store.allFacts().isEmpty)
        }
    }
}
