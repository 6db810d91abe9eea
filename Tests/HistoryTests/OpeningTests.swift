import Foundation
import GRDB
import RolloutCore
import Testing

@testable import History

@Suite struct OpeningTests {
    @Test func B1_aSecondControllerIsRefused() throws {
        try withPath { (path) throws in
            let store = try HistoryStore.open(directory: path).store
            let error = #expect(throws: HistoryError.self) {
                try HistoryStore.open(directory: path)
            }
            #expect(error == .inUse(directory: path))
            #expect(error?.description.contains("another controller") == true)
            store.close()
            let next = try HistoryStore.open(directory: path)
            #expect(next.warnings.isEmpty)
            next.store.close()
        }
    }

    @Test func B12_aNewerFileIsRefusedAndKept() throws {
        try withPath { (path) throws in
            try HistoryStore.open(directory: path).store.close()
            try change(path + "/history.sqlite") { try $0.execute(sql: "PRAGMA user_version = 99") }
            let error = #expect(throws: HistoryError.self) {
                try HistoryStore.open(directory: path)
            }
            #expect(error?.description.contains("format 99") == true)
            try change(path + "/history.sqlite") { (database) throws in
                #expect(try Int.fetchOne(database, sql: "PRAGMA user_version") == 99)
            }
        }
    }

    @Test func anotherProgramsDatabaseIsLeftAlone() throws {
        try withPath { (path) throws in
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
            try change(path + "/history.sqlite") { try $0.execute(sql: "CREATE TABLE theirs (a)") }
            let before = try Data(contentsOf: URL(filePath: path + "/history.sqlite"))
            let error = #expect(throws: HistoryError.self) {
                try HistoryStore.open(directory: path)
            }
            guard case .foreign = error else {
                Issue.record("found \(String(describing: error))")
                return
            }
            #expect(try Data(contentsOf: URL(filePath: path + "/history.sqlite")) == before)
        }
    }

    @Test(arguments: [0, 18, 4_096])
    func E3_aDamagedFileIsPutAsideAndSaidSo(_ offset: Int) throws {
        try withPath { (path) throws in
            let store = try HistoryStore.open(directory: path).store
            _ = try store.ingest(try IngestTests.mixedBatch())
            try store.journal.append(try JournalTests.entry("step-1"))
            try store.checkpoint()
            store.close()
            let file = URL(filePath: path + "/history.sqlite")
            var bytes = try Data(contentsOf: file)
            bytes.replaceSubrange(
                offset..<(offset + 64), with: Data(repeating: 0xA5, count: 64))
            try bytes.write(to: file)
            let opened = try HistoryStore.open(directory: path)
            defer { opened.store.close() }
            #expect(opened.warnings.count == 1)
            #expect(opened.warnings.first?.contains("history.sqlite.damaged-1") == true)
            #expect(FileManager.default.fileExists(atPath: file.path + ".damaged-1"))
            #expect(try opened.store.allFacts().isEmpty)
            #expect(try opened.store.journal.pending().entries.count == 1)
        }
    }

    @Test func E3_damageThatShowsLaterIsPutAsideAtTheNextStart() throws {
        try withPath { (path) throws in
            let store = try HistoryStore.open(directory: path).store
            _ = try store.ingest([.prediction(try Fixture.answer("p1", .stable, "hde"))])
            try store.pool.write {
                try $0.execute(
                    sql: "UPDATE streams SET digest = ?",
                    arguments: [String(repeating: "z", count: 64)])
            }
            #expect(throws: HistoryError.self) { try store.allFacts() }
            store.close()
            let opened = try HistoryStore.open(directory: path)
            defer { opened.store.close() }
            #expect(opened.warnings.count == 1)
            #expect(try opened.store.allFacts().isEmpty)
        }
    }

    @Test func E8_aPlaceThatCannotBeWrittenIsRefused() throws {
        try withPath { (path) throws in
            try Data().write(to: URL(filePath: path))
            let error = #expect(throws: HistoryError.self) {
                try HistoryStore.open(directory: path + "/data")
            }
            #expect(error?.description.contains("cannot hold the journal") == true)
        }
    }

    @Test(
        "E8: a disk of another machine is known by its type",
        arguments: [
            (0x2D, "nfs4"), (0x2E, "fuse.sshfs"), (0x802, nil), (0x2F, nil),
            (0x1_2345_0000_0000, nil), (0x30, nil),
        ] as [(UInt64, String?)])
    func E8_aDiskOfAnotherMachineIsKnown(_ device: UInt64, _ type: String?) {
        let mounts = """
            22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
            36 22 0:45 / /srv/nfs4 rw,noatime shared:9 master:1 - nfs4 10.0.0.1:/srv rw,vers=4.2
            37 22 0:46 / /srv/ssh rw - fuse.sshfs ana@host: rw
            38 22 0:47 / /srv/a\\040nfs4 rw shared:10 - tmpfs nfs4 rw
            """
        #expect(NetworkDisk.type(of: device, mounts: mounts) == type)
    }

    @Test("E8: a disk of this machine is none of another")
    func E8_aDiskOfThisMachineIsTaken() {
        #expect(NetworkDisk.mounts.contains(" / "))
        #expect(NetworkDisk.type(at: NSTemporaryDirectory()) == nil)
        #expect(NetworkDisk.type(at: "/proc/no such place") == nil)
    }

    @Test("C3: the tables refuse what is no number")
    func T4_theTablesRefuseWhatIsNoNumber() throws {
        try withStore { (store) throws in
            for value in ["'abc'", "NULL"] {
                #expect(throws: DatabaseError.self) {
                    try store.pool.write { database in
                        try database.execute(
                            sql: "INSERT INTO measurements VALUES ('p', 'm', \(value), 0, 0)")
                    }
                }
            }
            try store.pool.read { (database) throws in
                #expect(try Int.fetchOne(database, sql: "PRAGMA foreign_keys") == 1)
                #expect(
                    try Int32.fetchOne(database, sql: "PRAGMA application_id")
                        == Schema.history.applicationID)
                let loose = try String.fetchAll(
                    database,
                    sql: """
                        SELECT name FROM pragma_table_list
                        WHERE schema = 'main' AND type = 'table' AND strict = 0
                        AND name NOT LIKE 'sqlite_%'
                        """)
                #expect(loose == [])
            }
        }
    }

    private func change(_ file: String, _ body: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue(path: file)
        try queue.writeWithoutTransaction(body)
        try queue.close()
    }
}
