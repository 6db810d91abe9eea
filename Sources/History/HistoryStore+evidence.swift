import Crypto
import Foundation
import GRDB

extension HistoryStore {
    /// A snapshot of folded evidence, so that a start need not replay every fact.
    package enum EvidenceSnapshot: Sendable, Hashable {
        /// Fold the facts after `sequence` into `bytes`.
        case found(sequence: Int64, bytes: [UInt8])
        /// There is none: fold all facts.
        case missing
        /// It did not match its SHA-256 and was dropped: fold all facts.
        case quarantined
    }

    /// Snapshots of a rollout that are kept: of what is tried now, and of what was tried before and
    /// may be tried again.
    static let snapshotsMax = 8

    /// Replaces the snapshot of a key, which begins with the rollout's name and `/`.
    /// - Throws: `.storageFull`, `.busy`, `.damaged` or `.failed`.
    package func saveEvidence(key: String, lastFact sequence: Int64, bytes: [UInt8])
        throws(HistoryError)
    {
        try write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO evidence VALUES (?, ?, ?, ?)",
                arguments: [key, sequence, Data(bytes), checksum(key, sequence, bytes)])
            let rollout = String(key.prefix { $0 != "/" })
            try database.execute(
                sql: """
                    DELETE FROM evidence WHERE run IN (
                        SELECT run FROM evidence WHERE run > ? AND run < ?
                        ORDER BY sequence DESC, run LIMIT -1 OFFSET ?)
                    """, arguments: [rollout + "/", rollout + "0", Self.snapshotsMax])
        }
    }

    /// Reads the snapshot of a key, and drops it when a byte of it has changed (T5: SQLite's own
    /// check does not see that).
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func loadEvidence(key: String) throws(HistoryError) -> EvidenceSnapshot {
        let row = try read { database in
            try Row.fetchOne(
                database, sql: "SELECT sequence, bytes, sha256 FROM evidence WHERE run = ?",
                arguments: [key])
        }
        guard let row else { return .missing }
        let (sequence, bytes, sum): (Int64, Data, Data) = (row[0], row[1], row[2])
        if sum == checksum(key, sequence, Array(bytes)) {
            return .found(sequence: sequence, bytes: Array(bytes))
        }
        try dropEvidence(key: key)
        return .quarantined
    }

    /// Forgets a snapshot.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func dropEvidence(key: String) throws(HistoryError) {
        try write { database in
            try database.execute(sql: "DELETE FROM evidence WHERE run = ?", arguments: [key])
        }
    }
}

private func checksum(_ key: String, _ sequence: Int64, _ bytes: [UInt8]) -> Data {
    var hash = SHA256()
    hash.update(data: Data("\(key)\n\(sequence)\n".utf8))
    hash.update(data: bytes)
    return Data(hash.finalize())
}
