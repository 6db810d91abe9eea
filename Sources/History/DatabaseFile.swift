import Foundation
import GRDB

/// Opening one of our SQLite files: ours or not, sound or not, old or new.
struct DatabaseFile: Sendable {
    let path: String
    let schema: Schema

    /// Opens and migrates. A damaged file is renamed aside and a new one begun; the warning says so.
    /// - Throws: `.foreign` for a newer file or one that is not ours.
    func open<Writer: DatabaseWriter>(
        _ make: (String, Configuration) throws -> Writer
    ) throws(HistoryError) -> (writer: Writer, warning: String?) {
        do {
            do {
                try check()
                return (try migrated(make), nil)
            } catch let error as HistoryError {
                throw error
            } catch {
                guard case .damaged(let cause) = HistoryError(error) else { throw error }
                let aside = try putAside()
                let warning =
                    "\(path) was damaged (\(cause)) and is kept as \(aside); a new one was begun"
                return (try migrated(make), warning)
            }
        } catch {
            throw HistoryError(error)
        }
    }

    /// Marks the file to be put aside at the next start, when damage shows after opening.
    func markDamaged() {
        _ = FileManager.default.createFile(atPath: path + ".damaged", contents: nil)
    }

    static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(TimeInterval(StorageLimits.busySeconds))
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
        }
        return configuration
    }

    /// Looks before anything is written, because switching a foreign file to WAL changes it.
    private func check() throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        if FileManager.default.fileExists(atPath: path + ".damaged") {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "damage was seen earlier")
        }
        let queue = try DatabaseQueue(path: path, configuration: Self.configuration())
        defer { try? queue.close() }
        try queue.writeWithoutTransaction { database in
            let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
            let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
            if application != schema.applicationID, application != 0 || tables != 0 {
                throw HistoryError.foreign(
                    file: path,
                    cause: "it is another program's database (application_id \(application))")
            }
            if version > schema.migrations.count {
                throw HistoryError.foreign(
                    file: path,
                    cause: "a newer controller wrote it (format \(version), this one knows "
                        + "\(schema.migrations.count)); install that version, or move the file away"
                )
            }
            let pages = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            let pageSize = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0
            guard pages <= StorageLimits.checkedBytes / max(pageSize, 1) else { return }
            let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
            if verdict != "ok" {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: verdict)
            }
        }
    }

    private func migrated<Writer: DatabaseWriter>(
        _ make: (String, Configuration) throws -> Writer
    ) throws -> Writer {
        let writer = try make(path, Self.configuration())
        try writer.writeWithoutTransaction { database in
            let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            for (index, migration) in schema.migrations.enumerated().dropFirst(version) {
                try database.inTransaction(.immediate) {
                    try database.execute(sql: migration)
                    try database.execute(
                        sql: """
                            PRAGMA application_id = \(schema.applicationID);
                            PRAGMA user_version = \(index + 1)
                            """)
                    return .commit
                }
            }
        }
        return writer
    }

    private func putAside() throws -> String {
        let files = FileManager.default
        var number = 1
        while files.fileExists(atPath: "\(path).damaged-\(number)") { number += 1 }
        let aside = "\(path).damaged-\(number)"
        try files.moveItem(atPath: path, toPath: aside)
        for suffix in ["-wal", "-shm"] where files.fileExists(atPath: path + suffix) {
            try files.moveItem(atPath: path + suffix, toPath: aside + suffix)
        }
        if files.fileExists(atPath: path + ".damaged") {
            try files.removeItem(atPath: path + ".damaged")
        }
        return aside
    }
}
