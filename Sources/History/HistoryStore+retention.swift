import Foundation
import GRDB
package import RolloutCore

/// Bytes on disk.
package struct StorageSize: Sendable, Hashable {
    package let database: Int64
    /// Grows without end only when a reader never finishes (E5).
    package let writeAheadLog: Int64
    package let journal: Int64
}

extension HistoryStore {
    /// Deletes answers older than a time, and the oldest of those above a count, with their facts;
    /// then labels, measurements, notes and chart minutes of that age. Returns how many answers went.
    ///
    /// Works in transactions of 2,000 rows, so that ingestion is never held up for long. What was
    /// swept is not taken in again.
    /// - Throws: `.storageFull`, `.busy`, `.damaged` or `.failed`.
    @discardableResult
    package func sweep(before: Timestamp, keepingAnswers count: Int) throws(HistoryError) -> Int {
        let crowded = try read { database in
            try Int64.fetchOne(
                database, sql: "SELECT at FROM predictions ORDER BY at DESC LIMIT 1 OFFSET ?",
                arguments: [max(count, 1) - 1])
        }
        let cut = max(before.milliseconds, crowded ?? .min)
        // Before the first row goes: a crash in between must not let one in a second time.
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO swept VALUES (1, ?)
                    ON CONFLICT DO UPDATE SET before = max(before, excluded.before)
                    """, arguments: [cut])
        }
        let answers = try delete("predictions WHERE at < ?", cut)
        for table in ["labels", "measurements", "notes"] {
            try delete("\(table) WHERE at < ?", cut)
        }
        try delete("traffic WHERE minute < ?", Self.minute(of: Timestamp(milliseconds: cut)))
        return answers
    }

    @discardableResult
    private func delete(_ condition: String, _ bound: Int64) throws(HistoryError) -> Int {
        let table = condition.prefix { $0 != " " }
        let key =
            switch table {
            case "labels": "prediction"
            case "measurements": "(prediction, metric)"
            case "traffic": "(rollout, region, arm, minute)"
            default: "id"
            }
        let columns = key.trimmingCharacters(in: CharacterSet(charactersIn: "()"))
        var total = 0
        var deleted = 0
        repeat {
            deleted = try write { database in
                try database.execute(
                    sql: """
                        DELETE FROM \(table) WHERE \(key) IN (
                            SELECT \(columns) FROM \(condition) LIMIT \(StorageLimits.sweptRows))
                        """, arguments: [bound])
                return database.changesCount
            }
            total += deleted
        } while deleted == StorageLimits.sweptRows
        return total
    }

    /// Moves the WAL into the database as far as readers allow.
    /// - Throws: `.damaged` or `.failed`; busy readers are no error.
    package func checkpoint() throws(HistoryError) {
        do {
            try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        } catch {
            let error = HistoryError(error)
            if error != .busy { throw error }
        }
    }

    /// Sizes of the files now; 0 for a file that is not there.
    package func size() -> StorageSize {
        func bytes(_ name: String) -> Int64 {
            let attributes = try? FileManager.default.attributesOfItem(
                atPath: directory.path + "/" + name)
            return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
        }
        return StorageSize(
            database: bytes("history.sqlite"), writeAheadLog: bytes("history.sqlite-wal"),
            journal: bytes("journal.sqlite") + bytes("journal.sqlite-wal"))
    }
}
