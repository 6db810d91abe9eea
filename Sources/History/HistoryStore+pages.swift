import GRDB
package import RolloutCore

/// One decision as the pages list it. Git holds the record; this is a copy.
package struct DecisionEntry: Codable, Sendable, Hashable {
    package let rollout: RolloutName
    package let number: Int
    package let kind: String
    package let at: Timestamp
    package let commit: String
    package let subject: String
    package let from: String?
    package let to: String?
    package let digest: String?

    package init(
        rollout: RolloutName, number: Int, kind: String, at: Timestamp, commit: String,
        subject: String, from: String?, to: String?, digest: String?
    ) {
        self.rollout = rollout
        self.number = number
        self.kind = kind
        self.at = at
        self.commit = commit
        self.subject = subject
        self.from = from
        self.to = to
        self.digest = digest
    }
}

/// What a pass said of a rollout, such as why it holds.
package struct PassNote: Codable, Sendable, Hashable {
    package let rollout: RolloutName
    package let at: Timestamp
    package let text: String

    package init(rollout: RolloutName, at: Timestamp, text: String) {
        self.rollout = rollout
        self.at = at
        self.text = text
    }
}

/// Answers of one arm in one minute, for charts.
package struct TrafficCount: Codable, Sendable, Hashable {
    package let region: RegionName
    package let arm: Arm
    /// Minutes since 1970 in UTC.
    package let minute: Int64
    package let answers: Int
    package let failures: Int
}

extension HistoryStore {
    package static func minute(of time: Timestamp) -> Int64 {
        let (quotient, rest) = time.milliseconds.quotientAndRemainder(dividingBy: 60_000)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// Adds one decision, or replaces the one with its number.
    /// - Throws: `.refused`, `.storageFull`, `.busy`, `.damaged` or `.failed`.
    package func record(_ decision: DecisionEntry) throws(HistoryError) {
        try write { try insert(decision, $0) }
    }

    /// Replaces all decisions by those of git and counts the traffic again, in one transaction.
    ///
    /// Observations cannot come from git: what the sweep has taken stays taken.
    /// - Throws: as `record`.
    package func reindex(_ decisions: [DecisionEntry]) throws(HistoryError) {
        try write { database in
            try database.execute(sql: "DELETE FROM decisions; DELETE FROM traffic")
            for decision in decisions { try insert(decision, database) }
            try database.execute(
                sql: """
                    INSERT INTO traffic
                    SELECT r.name, s.region, p.arm,
                        (p.at - ((p.at % 60000) + 60000) % 60000) / 60000 AS minute,
                        count(*), sum(p.output IS NULL)
                    FROM predictions p JOIN streams s ON s.id = p.stream
                    JOIN rollouts r ON r.id = s.rollout GROUP BY r.name, s.region, p.arm, minute
                    """)
        }
    }

    /// The newest decisions of a rollout, newest first.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func decisions(of rollout: RolloutName, limit: Int)
        throws(HistoryError) -> [DecisionEntry]
    {
        try read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM decisions WHERE rollout = ? ORDER BY number DESC LIMIT ?",
                arguments: [rollout.rawValue, max(limit, 0)]
            ).map { row in
                DecisionEntry(
                    rollout: rollout, number: row["number"], kind: row["kind"],
                    at: Timestamp(milliseconds: row["at"]), commit: row["commit"],
                    subject: row["subject"], from: row["from"], to: row["to"],
                    digest: row["digest"])
            }
        }
    }

    /// Adds a note, unless the newest note of the rollout says the same.
    /// - Throws: `.storageFull`, `.busy`, `.damaged` or `.failed`.
    package func add(_ note: PassNote) throws(HistoryError) {
        try write { database in
            let newest = try String.fetchOne(
                database, sql: "SELECT text FROM notes WHERE rollout = ? ORDER BY id DESC LIMIT 1",
                arguments: [note.rollout.rawValue])
            if newest == note.text { return }
            try database.execute(
                sql: "INSERT INTO notes (rollout, at, text) VALUES (?, ?, ?)",
                arguments: [note.rollout.rawValue, note.at.milliseconds, note.text])
        }
    }

    /// The newest notes of a rollout, newest first.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func notes(of rollout: RolloutName, limit: Int) throws(HistoryError) -> [PassNote] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT at, text FROM notes WHERE rollout = ? ORDER BY id DESC LIMIT ?",
                arguments: [rollout.rawValue, max(limit, 0)]
            ).map { row in
                PassNote(
                    rollout: rollout, at: Timestamp(milliseconds: row["at"]), text: row["text"])
            }
        }
    }

    /// Counts of a rollout from one minute on, by minute, region and arm.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func traffic(of rollout: RolloutName, fromMinute minute: Int64)
        throws(HistoryError) -> [TrafficCount]
    {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT region, arm, minute, answers, failures FROM traffic
                    WHERE rollout = ? AND minute >= ? ORDER BY minute, region, arm
                    """, arguments: [rollout.rawValue, minute]
            ).map { row in
                guard let region = try? RegionName(row["region"]),
                    let arm = Arm(rawValue: row["arm"])
                else { throw HistoryError.damaged("a traffic count has an unknown region or arm") }
                return TrafficCount(
                    region: region, arm: arm, minute: row["minute"], answers: row["answers"],
                    failures: row["failures"])
            }
        }
    }
}

private func insert(_ decision: DecisionEntry, _ database: Database) throws {
    try database.execute(
        sql: "INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
            decision.rollout.rawValue, decision.number, decision.kind, decision.at.milliseconds,
            decision.commit, decision.subject, decision.from, decision.to, decision.digest,
        ])
}
