import Foundation
import GRDB
import RolloutCore

/// SQLite as an index of history: observations, facts, evidence snapshots, charts, elapsed time.
///
/// Losing its file loses charts and evidence, never a decision. All methods block for the length
/// of one small transaction and may be called from any thread.
package final class HistoryStore: Sendable {
    /// What is left to do for backward steps; its own file, synced at every append.
    package let journal: Journal
    let pool: DatabasePool
    let directory: DataDirectory
    private let file: DatabaseFile
    private let temporary: Bool

    /// A store and what a person should know about its opening.
    package struct Opened: Sendable {
        package let store: HistoryStore
        /// One sentence for each file that was damaged and begun anew.
        package let warnings: [String]
    }

    /// Opens `history.sqlite` and `journal.sqlite` in a directory that is made when missing.
    /// - Throws: `.inUse`, `.unusable`, `.foreign` or `.storageFull`.
    package static func open(directory path: String) throws(HistoryError) -> Opened {
        try open(directory: path, temporary: false)
    }

    /// A store in a new directory of its own, which `close` removes.
    package static func temporary() throws(HistoryError) -> HistoryStore {
        let path = NSTemporaryDirectory() + "/gatewright-\(UUID().uuidString)"
        return try open(directory: path, temporary: true).store
    }

    private static func open(
        directory path: String, temporary: Bool
    ) throws(HistoryError) -> Opened {
        let directory = try DataDirectory(path: path)
        do throws(HistoryError) {
            let (journal, lost) = try Journal.open(in: directory)
            let file = DatabaseFile(path: path + "/history.sqlite", schema: .history)
            let (pool, warning) = try file.open { try DatabasePool(path: $0, configuration: $1) }
            let store = HistoryStore(
                journal: journal, pool: pool, directory: directory, file: file,
                temporary: temporary)
            try store.write { database in
                try database.execute(
                    sql: "PRAGMA journal_size_limit = \(StorageLimits.walBytes)")
            }
            return Opened(store: store, warnings: [lost, warning].compactMap(\.self))
        } catch {
            directory.release()
            throw error
        }
    }

    private init(
        journal: Journal, pool: DatabasePool, directory: DataDirectory, file: DatabaseFile,
        temporary: Bool
    ) {
        self.journal = journal
        self.pool = pool
        self.directory = directory
        self.file = file
        self.temporary = temporary
    }

    /// Closes the files and lets another controller in.
    package func close() {
        try? pool.close()
        journal.close()
        directory.release()
        if temporary { try? FileManager.default.removeItem(atPath: directory.path) }
    }

    /// Takes the journal's reserve back once there is room. Ingestion is refused until then.
    /// - Throws: `.storageFull` or `.unusable`.
    package func restoreReserve() throws(HistoryError) { try directory.takeReserve() }

    /// Whether observations are refused because the journal lives on its reserve.
    package var isFull: Bool { !directory.hasReserve }

    func write<Value>(_ body: (Database) throws -> Value) throws(HistoryError) -> Value {
        do { return try pool.write(body) } catch { throw noted(error) }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(HistoryError) -> Value {
        do { return try pool.read(body) } catch { throw noted(error) }
    }

    private func noted(_ error: any Error) -> HistoryError {
        let error = HistoryError(error)
        if case .damaged = error { file.markDamaged() }
        return error
    }
}
