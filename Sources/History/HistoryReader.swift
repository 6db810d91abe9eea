import Foundation
import GRDB
package import RolloutCore

/// A history that is read beside the controller which may be writing it: nothing is locked,
/// migrated or changed.
package final class HistoryReader: Sendable {
    private let queue: DatabaseQueue

    /// - Returns: `nil` when the directory has no history.
    /// - Throws: `.foreign` for a file that is not ours or of another format, `.damaged` or `.failed`.
    package static func open(directory path: String) throws(HistoryError) -> HistoryReader? {
        let file = path + "/history.sqlite"
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        var configuration = DatabaseFile.configuration()
        configuration.readonly = true
        do {
            let queue = try DatabaseQueue(path: file, configuration: configuration)
            try queue.read { try check($0, file) }
            return HistoryReader(queue)
        } catch {
            throw HistoryError(error)
        }
    }

    private init(_ queue: DatabaseQueue) { self.queue = queue }

    private static func check(_ database: Database, _ file: String) throws {
        let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        guard application == Schema.history.applicationID else {
            throw HistoryError.foreign(
                file: file,
                cause: "it is another program's database (application_id \(application))")
        }
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let known = Schema.history.migrations.count
        guard version == known else {
            throw HistoryError.foreign(
                file: file,
                cause: "it has format \(version), and this version reads \(known); "
                    + (version < known
                        ? "start this version's controller once" : "use the controller's version"))
        }
    }

    package func close() { try? queue.close() }

    /// Facts of a rollout with a greater sequence number, in order.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func facts(
        after sequence: Int64, rollout: RolloutName, limit: Int
    ) throws(HistoryError) -> [Fact] {
        try read { database in
            try HistoryStore.facts(
                after: sequence, rollout: rollout, fromGeneration: 0, limit: limit, in: database)
        }
    }

    /// Answers before this time were swept; `nil` when none were.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func sweptBefore() throws(HistoryError) -> Timestamp? {
        try read { database in
            try Int64.fetchOne(database, sql: "SELECT before FROM swept WHERE id = 1")
                .map { Timestamp(milliseconds: $0) }
        }
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws(HistoryError) -> Value {
        do { return try queue.read(body) } catch { throw HistoryError(error) }
    }
}
