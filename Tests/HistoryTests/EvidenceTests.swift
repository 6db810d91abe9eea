import Foundation
import GRDB
import RolloutCore
import Testing

@testable import History

@Suite struct EvidenceTests {
    @Test func aSnapshotIsReadBackAndReplaced() throws {
        try withStore { (store) throws in
            #expect(try store.loadEvidence(key: "a/1") == .missing)
            try store.saveEvidence(key: "a/1", lastFact: 10, bytes: Array("{}".utf8))
            try store.saveEvidence(key: "a/1", lastFact: 20, bytes: Array("[1]".utf8))
            #expect(
                try store.loadEvidence(key: "a/1") == .found(sequence: 20, bytes: Array("[1]".utf8))
            )
            try store.dropEvidence(key: "a/1")
            #expect(try store.loadEvidence(key: "a/1") == .missing)
        }
    }

    // T5: SQLite's own check says ok to a changed byte of content.
    @Test func T5_aFlippedByteOnDiskIsFoundAndTheSnapshotDropped() throws {
        try withPath { (path) throws in
            let mark = "the-evidence-of-a-run"
            let store = try HistoryStore.open(directory: path).store
            try store.saveEvidence(key: "a/1", lastFact: 10, bytes: Array(mark.utf8))
            try store.checkpoint()
            store.close()
            let file = URL(filePath: path + "/history.sqlite")
            var bytes = try Data(contentsOf: file)
            let place = try #require(bytes.range(of: Data(mark.utf8)))
            bytes[place.lowerBound + 4] ^= 0x01
            try bytes.write(to: file)

            let opened = try HistoryStore.open(directory: path)
            defer { opened.store.close() }
            #expect(opened.warnings.isEmpty)
            #expect(try opened.store.loadEvidence(key: "a/1") == .quarantined)
            #expect(try opened.store.loadEvidence(key: "a/1") == .missing)
        }
    }

    @Test func aChangedSequenceIsFoundToo() throws {
        try withStore { (store) throws in
            try store.saveEvidence(key: "a/1", lastFact: 10, bytes: [1])
            try store.pool.write { try $0.execute(sql: "UPDATE evidence SET sequence = 11") }
            #expect(try store.loadEvidence(key: "a/1") == .quarantined)
        }
    }
}
