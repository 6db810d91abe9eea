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

    /// Replaces the snapshot of a run.
    /// - Throws: `.storageFull`, `.busy`, `.damaged` or `.failed`.
    package func saveEvidence(run: String, lastFact sequence: Int64, bytes: [UInt8])
        throws(HistoryError)
    {
        try write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO evidence VALUES (?, ?, ?, ?)",
                arguments: [run, sequence, Data(bytes), checksum(run, sequence, bytes)])
        }
    }

    /// Reads the snapshot of a run, and drops it when a byte of it has changed (T5: SQLite's own
    /// check does not see that).
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func loadEvidence(run: String) throws(HistoryError) -> EvidenceSnapshot {
        let row = try read { database in
            try Row.fetchOne(
                database, sql: "SELECT sequence, bytes, sha256 FROM evidence WHERE run = ?",
                arguments: [run])
        }
        guard let row else { return .missing }
        let (sequence, bytes, sum): (Int64, Data, Data) = (row[0], row[1], row[2])
        if sum == checksum(run, sequence, Array(bytes)) {
            return .found(sequence: sequence, bytes: Array(bytes))
        }
        try dropEvidence(run: run)
        return .quarantined
    }

    /// Forgets the snapshot of a run that has ended.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func dropEvidence(run: String) throws(HistoryError) {
        try write { database in
            try database.execute(sql: "DELETE FROM evidence WHERE run = ?", arguments: [run])
        }
    }
}

private func checksum(_ run: String, _ sequence: Int64, _ bytes: [UInt8]) -> Data {
    var hash = SHA256()
    hash.update(data: Data("\(run)\n\(sequence)\n".utf8))
    hash.update(data: bytes)
    return Data(hash.finalize())
}
