import GRDB

/// What went wrong in storage, by what happens next.
package enum HistoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another controller holds this data directory.
    case inUse(directory: String)
    /// The directory cannot be written and synced.
    case unusable(directory: String, cause: String)
    /// A newer controller wrote the file, or it is no file of ours. It is left alone.
    case foreign(file: String, cause: String)
    /// The disk is full, or the journal's reserve is in use: nothing was stored.
    case storageFull
    /// The file was busy for longer than the time limit: ask again on the next pass.
    case busy
    /// The file is damaged. It is put aside at the next start.
    case damaged(String)
    /// An item breaks a limit of the schema. Nothing of its batch was stored.
    case refused(String)
    /// The disk failed under us. For the journal this lasts until the controller is restarted.
    case failed(String)

    package var description: String {
        switch self {
        case .inUse(let directory):
            "\(directory) is in use by another controller; stop that one, or give this one its "
                + "own data directory"
        case .unusable(let directory, let cause):
            "\(directory) cannot hold the journal: \(cause); use a local disk that can be written"
        case .foreign(let file, let cause):
            "\(file) was left as it is: \(cause)"
        case .storageFull:
            "the disk of the data directory is full; free some space, then send again"
        case .busy:
            "the history was busy for longer than \(StorageLimits.busySeconds) s; send again"
        case .damaged(let cause):
            "the history is damaged (\(cause)); restart the controller, which puts the file aside"
        case .refused(let cause):
            "refused: \(cause)"
        case .failed(let cause):
            "the disk of the data directory failed (\(cause)); restart the controller on a good one"
        }
    }

    /// Sorts SQLite's result codes by consequence.
    init(_ error: any Error) {
        if let known = error as? HistoryError {
            self = known
            return
        }
        guard let error = error as? DatabaseError else {
            self = .failed("\(error)")
            return
        }
        let text = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_FULL: self = .storageFull
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(text)
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG: self = .refused(text)
        default: self = .failed(text)
        }
    }
}

/// The named limits of storage, each with its reason.
package enum StorageLimits {
    /// A pass has 10 s for an outside call; waiting half of it for a lock still leaves an answer.
    package static let busySeconds = 5
    /// Room for more than a thousand journal entries of 4 KiB, with their pages and WAL frames.
    package static let reserveBytes = 8 * 1024 * 1024
    /// Up to here a whole check at start takes under a few seconds.
    package static let checkedBytes: Int64 = 512 * 1024 * 1024
    /// One join query for so many ids: the list stays below SQLite's text limits by far.
    package static let joinedIDs = 500
    /// Rows that one transaction of the sweep deletes, so that ingestion waits milliseconds only.
    package static let sweptRows = 2_000
    /// An answer is a class or a number; longer ones belong into the caller's own store.
    package static let outputBytes = 4_096
    /// Equally right answers to one request.
    package static let truths = 64
    /// The WAL is cut back to this after a checkpoint (E5).
    package static let walBytes = 64 * 1024 * 1024
}
