import Crypto
import Foundation
import GRDB
package import RolloutCore
import Synchronization

/// One backward step that was decided and is not yet in git.
package struct JournalEntry: Sendable, Hashable {
    /// The decision's own id; appending the same step twice is one entry.
    package let id: String
    package let rollout: RolloutName
    /// The JSON of the pending record.
    package let bytes: [UInt8]
    package let at: Timestamp
    /// The JSON of what the routers said after the step; `nil` until they have.
    package let readBack: [UInt8]?

    package init(
        id: String, rollout: RolloutName, bytes: [UInt8], at: Timestamp, readBack: [UInt8]? = nil
    ) {
        self.id = id
        self.rollout = rollout
        self.bytes = bytes
        self.at = at
        self.readBack = readBack
    }
}

/// Backward steps, synced to disk before a router hears of them.
///
/// After one I/O error it stays failed until the controller is restarted: a second fsync may report
/// success for pages that the kernel has dropped (E4).
package final class Journal: Sendable {
    let queue: DatabaseQueue
    private let directory: DataDirectory
    private let broken = Mutex<String?>(nil)

    /// What is waiting to be recorded, oldest first.
    package struct Pending: Sendable, Hashable {
        package let entries: [JournalEntry]
        /// Ids whose bytes are not those that were written; a person must look at the routers.
        package let damaged: [String]

        package init(entries: [JournalEntry], damaged: [String]) {
            self.entries = entries
            self.damaged = damaged
        }
    }

    static func open(in directory: DataDirectory) throws(HistoryError) -> (Journal, String?) {
        let file = DatabaseFile(path: directory.path + "/journal.sqlite", schema: .journal)
        let (queue, warning) = try file.open { path, configuration in
            var configuration = configuration
            configuration.journalMode = .wal
            return try DatabaseQueue(path: path, configuration: configuration)
        }
        do {
            // After opening, because GRDB sets NORMAL itself when it switches to WAL.
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON")
            }
        } catch {
            throw HistoryError(error)
        }
        return (Journal(queue: queue, directory: directory), warning)
    }

    private init(queue: DatabaseQueue, directory: DataDirectory) {
        self.queue = queue
        self.directory = directory
    }

    func close() { try? queue.close() }

    /// Why nothing can be journalled until a restart; `nil` while all is well.
    package var failure: String? { broken.withLock { $0 } }

    /// Returns once the entry is on disk. The same id with the same content is one entry.
    /// - Throws: `.storageFull` when even the reserve did not help, `.failed` for good,
    ///   `.refused` when the id is known with other content.
    package func append(_ entry: JournalEntry) throws(HistoryError) {
        let sum = checksum(entry.id, entry.rollout.rawValue, entry.at.milliseconds, entry.bytes)
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO entries (id, rollout, bytes, at, sha256) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO NOTHING
                    """,
                arguments: [
                    entry.id, entry.rollout.rawValue, Data(entry.bytes), entry.at.milliseconds, sum,
                ])
            guard database.changesCount == 0 else { return }
            let known = try Data.fetchOne(
                database, sql: "SELECT sha256 FROM entries WHERE id = ?", arguments: [entry.id])
            if known != sum {
                throw HistoryError.refused("journal entry \(entry.id) exists with other content")
            }
        }
    }

    /// Entries without a decision in git. Rows with a changed byte are named, never dropped.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func pending() throws(HistoryError) -> Pending {
        var entries: [JournalEntry] = []
        var damaged: [String] = []
        for row in try read(sql: "SELECT * FROM entries WHERE decision IS NULL ORDER BY position") {
            let id: String = row["id"]
            let name: String = row["rollout"]
            let bytes: Data = row["bytes"]
            let at: Int64 = row["at"]
            let readBack: Data? = row["read_back"]
            let sum: Data = row["sha256"]
            guard sum == checksum(id, name, at, Array(bytes)), let rollout = try? RolloutName(name)
            else {
                damaged.append(id)
                continue
            }
            entries.append(
                JournalEntry(
                    id: id, rollout: rollout, bytes: Array(bytes), at: Timestamp(milliseconds: at),
                    readBack: readBack.map(Array.init)))
        }
        return Pending(entries: entries, damaged: damaged)
    }

    /// Keeps what the routers said after the step.
    /// - Throws: `.refused` for an unknown id, else as `append`.
    package func markRouted(_ id: String, readBack: [UInt8]) throws(HistoryError) {
        try change(
            id, sql: "UPDATE entries SET read_back = ? WHERE id = ?", [Data(readBack), id])
    }

    /// The step is decision `number` in git now, and is no longer pending.
    /// - Throws: `.refused` for an unknown id, else as `append`.
    package func markRecorded(_ id: String, decision number: Int, commit: String)
        throws(HistoryError)
    {
        try change(
            id, sql: "UPDATE entries SET decision = ?, \"commit\" = ? WHERE id = ?",
            [number, commit, id])
    }

    /// Forgets recorded entries but the newest `count`; git has them. Returns how many went.
    /// - Throws: as `append`.
    @discardableResult
    package func sweep(keepingRecorded count: Int) throws(HistoryError) -> Int {
        var swept = 0
        try write { database in
            try database.execute(
                sql: """
                    DELETE FROM entries WHERE position IN (
                        SELECT position FROM entries WHERE decision IS NOT NULL
                        ORDER BY position DESC LIMIT -1 OFFSET ?)
                    """, arguments: [max(count, 0)])
            swept = database.changesCount
        }
        return swept
    }

    private func change(
        _ id: String, sql: String, _ arguments: StatementArguments
    ) throws(HistoryError) {
        try write { database in
            try database.execute(sql: sql, arguments: arguments)
            if database.changesCount == 0 {
                throw HistoryError.refused("there is no journal entry \(id)")
            }
        }
    }

    private func read(sql: String) throws(HistoryError) -> [Row] {
        do { return try queue.read { try Row.fetchAll($0, sql: sql) } } catch {
            throw HistoryError(error)
        }
    }

    private func write(_ body: (Database) throws -> Void) throws(HistoryError) {
        if let failure { throw .failed(failure) }
        do throws(HistoryError) {
            try attempt(body)
        } catch .storageFull where directory.freeReserve() {
            try attempt(body)
        }
    }

    private func attempt(_ body: (Database) throws -> Void) throws(HistoryError) {
        do { try queue.write(body) } catch {
            let error = HistoryError(error)
            switch error {
            case .failed(let cause), .damaged(let cause): fail(cause)
            default: break
            }
            throw error
        }
    }

    func fail(_ cause: String) { broken.withLock { $0 = $0 ?? cause } }
}

private func checksum(_ id: String, _ rollout: String, _ at: Int64, _ bytes: [UInt8]) -> Data {
    var hash = SHA256()
    hash.update(data: Data("\(id)\n\(rollout)\n\(at)\n".utf8))
    hash.update(data: bytes)
    return Data(hash.finalize())
}
