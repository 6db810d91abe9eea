import GRDB
package import RolloutCore

// Elapsed time that only a running controller adds to. Soak is counted in it, so neither a jump
// of the wall clock nor a restart shortens a stage (B7, B9). A lost file starts at zero: longer.
extension HistoryStore {
    /// Milliseconds that controllers have run on this directory, as of the last heartbeat.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func steadyElapsed() throws(HistoryError) -> Int64 {
        try read { database in
            try Int64.fetchOne(database, sql: "SELECT elapsed FROM steady WHERE id = 1") ?? 0
        }
    }

    /// Keeps the total so far: the value at the start plus the monotonic time since. Never lowers.
    /// - Throws: `.storageFull`, `.busy`, `.damaged` or `.failed`.
    package func heartbeat(elapsed milliseconds: Int64) throws(HistoryError) {
        try write { database in
            try database.execute(
                sql: "UPDATE steady SET elapsed = max(elapsed, ?) WHERE id = 1",
                arguments: [milliseconds])
        }
    }

    /// When an approval was first seen; `now` is kept when this is the first time.
    ///
    /// A lost file makes it later, and so never lets a key count that did not.
    /// - Throws: `.storageFull`, `.busy`, `.damaged` or `.failed`.
    package func firstSeen(_ payload: Digest, now: Timestamp) throws(HistoryError) -> Timestamp {
        try write { database in
            let known = try Int64.fetchOne(
                database, sql: "SELECT at FROM approvals_seen WHERE payload = ?",
                arguments: [payload.hex])
            if let known { return Timestamp(milliseconds: known) }
            try database.execute(
                sql: "INSERT INTO approvals_seen VALUES (?, ?)",
                arguments: [payload.hex, now.milliseconds])
            return now
        }
    }

    /// The steady time at which a step was first seen; `now` is kept when this is the first time.
    ///
    /// - Parameter record: of the file of the decision that began the step. Its number comes again
    ///   after a part of history was given up.
    /// - Throws: `.storageFull`, `.busy`, `.damaged` or `.failed`.
    package func stepStart(_ record: Digest, now: Int64) throws(HistoryError) -> Int64 {
        try write { database in
            let known = try Int64.fetchOne(
                database, sql: "SELECT elapsed FROM step_starts WHERE record = ?",
                arguments: [record.hex])
            if let known { return known }
            try database.execute(
                sql: "INSERT INTO step_starts VALUES (?, ?)", arguments: [record.hex, max(now, 0)])
            // A controller that dies before its next heartbeat was here until now all the same;
            // otherwise the next one would first have to live for as long as this one did.
            try database.execute(
                sql: "UPDATE steady SET elapsed = max(elapsed, ?) WHERE id = 1", arguments: [now])
            return max(now, 0)
        }
    }
}
