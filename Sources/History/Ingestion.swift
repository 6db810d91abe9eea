import GRDB
import RolloutCore

extension HistoryStore {
    /// Stores a batch in one transaction: all of it, or nothing.
    ///
    /// The same item again is a duplicate, whatever it says; labels and measurements may come before
    /// their answer. Of two labels the one with the later `at` holds (at the same time, the one whose
    /// sorted answers are later), so the outcome does not depend on the order of arrival.
    /// - Throws: `.refused` with the item's index, `.storageFull`, `.busy`, `.damaged`, `.failed`.
    package func ingest(_ batch: [Observation]) throws(HistoryError) -> IngestResult {
        for (index, item) in batch.enumerated() {
            if let problem = item.problem { throw .refused("item \(index): \(problem)") }
        }
        if isFull { throw .storageFull }
        return try write { database in
            var ingestion = try Ingestion(database)
            for item in batch { try ingestion.store(item) }
            try ingestion.join()
            try ingestion.countTraffic()
            return ingestion.result
        }
    }
}

/// One batch on its way into the database.
///
/// Everything is stored first and joined second: what has met is found from the rows, so it makes no
/// difference which of them was there before.
private struct Ingestion {
    var result = IngestResult()
    private let database: Database
    private let sweptBefore: Int64
    private var streams: [Stream: (id: Int64, rollout: Int64)] = [:]
    private var touched: [String] = []
    private var known: Set<String> = []
    private var late: [String: Int] = [:]
    private var traffic: [TrafficKey: (answers: Int, failures: Int)] = [:]

    init(_ database: Database) throws {
        self.database = database
        sweptBefore =
            try Int64.fetchOne(database, sql: "SELECT before FROM swept WHERE id = 1") ?? .min
    }

    mutating func store(_ item: Observation) throws {
        let at =
            switch item {
            case .prediction(let value): value.at
            case .measurement(let value): value.at
            case .label(let value): value.at
            }
        // A swept item must not come back as a new one.
        guard at.milliseconds >= sweptBefore else {
            result.expired += 1
            return
        }
        let isNews =
            switch item {
            case .prediction(let value): try store(value)
            case .measurement(let value): try store(value)
            case .label(let value): try store(value)
            }
        if isNews, known.insert(item.prediction).inserted { touched.append(item.prediction) }
    }

    private mutating func store(_ answer: Prediction) throws -> Bool {
        let stream = try identify(answer)
        try database.cachedStatement(
            sql: """
                INSERT INTO predictions
                (prediction, arm, stream, at, latency, output, confidence, unit)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """
        ).execute(arguments: [
            answer.prediction, answer.arm.rawValue, stream.id, answer.at.milliseconds,
            answer.latencyMicroseconds, answer.output, answer.confidence?.value,
            Int64(bitPattern: answer.unit),
        ])
        guard database.changesCount == 1 else {
            result.duplicates += 1
            return false
        }
        result.accepted += 1
        let row = StoredAnswer(id: database.lastInsertedRowID, rollout: stream.rollout, answer)
        try append(.answered, about: row)
        traffic[TrafficKey(answer), default: (0, 0)].answers += 1
        if answer.failed { traffic[TrafficKey(answer), default: (0, 0)].failures += 1 }
        return true
    }

    private mutating func store(_ measurement: Measurement) throws -> Bool {
        try database.cachedStatement(
            sql: """
                INSERT INTO measurements (prediction, metric, value, at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """
        ).execute(arguments: [
            measurement.prediction, measurement.metric, measurement.value.value,
            measurement.at.milliseconds,
        ])
        guard database.changesCount == 1 else {
            result.duplicates += 1
            return false
        }
        result.accepted += 1
        late[measurement.prediction, default: 0] += 1
        return true
    }

    private mutating func store(_ label: Label) throws -> Bool {
        let truth = try Truth.encode(label.truth)
        let row = try Row.fetchOne(
            database.cachedStatement(sql: "SELECT at, truth FROM labels WHERE prediction = ?"),
            arguments: [label.prediction])
        guard let row else {
            try database.cachedStatement(
                sql: "INSERT INTO labels (prediction, truth, at) VALUES (?, ?, ?)"
            ).execute(arguments: [label.prediction, truth, label.at.milliseconds])
            result.accepted += 1
            late[label.prediction, default: 0] += 1
            return true
        }
        let (knownAt, knownTruth): (Int64, String) = (row[0], row[1])
        let isLater =
            label.at.milliseconds == knownAt
            ? knownTruth.utf8.lexicographicallyPrecedes(truth.utf8)
            : label.at.milliseconds > knownAt
        guard isLater else {
            result.duplicates += 1
            return false
        }
        try database.cachedStatement(
            sql: "UPDATE labels SET truth = ?, at = ? WHERE prediction = ?"
        ).execute(arguments: [truth, label.at.milliseconds, label.prediction])
        if truth == knownTruth {
            result.duplicates += 1
            return false
        }
        result.corrected += 1
        return true
    }

    /// Reports everything that has met now and had not been reported.
    mutating func join() throws {
        var rest = touched[...]
        while !rest.isEmpty {
            let ids = rest.prefix(StorageLimits.joinedIDs)
            rest = rest.dropFirst(ids.count)
            let rows = try Meeting.load(database, ids: ids)
            for id in ids { try join(rows[id] ?? Meeting(), id: id) }
        }
    }

    private mutating func join(_ meeting: Meeting, id: String) throws {
        let waiting = late[id] ?? 0
        if let truth = meeting.truth, !meeting.answers.isEmpty {
            for row in meeting.answers {
                let correct = row.answer.output.map(truth.contains) ?? false
                guard row.judged != correct else { continue }
                let event = Fact.Event.labelled(
                    correct: correct, previously: row.judged, at: meeting.labelledAt)
                try append(event, about: row)
                try set("judged = \(correct ? 1 : 0)", of: row)
            }
            try compare(meeting, truth)
        }
        if let mirror = meeting.arm(.mirror), let stable = meeting.arm(.stable), !mirror.paired,
            mirror.rollout == stable.rollout, mirror.answer.region == stable.answer.region,
            let output = mirror.answer.output, let served = stable.answer.output
        {
            try append(.paired(agree: output == served), about: mirror)
            try set("paired = 1", of: mirror)
        }
        if let served = meeting.served {
            for (metric, value) in meeting.measurements {
                try append(.measured(metric: metric, value: value), about: served)
                try database.cachedStatement(
                    sql: "UPDATE measurements SET met = 1 WHERE prediction = ? AND metric = ?"
                ).execute(arguments: [id, metric])
            }
        } else if waiting > 0 {
            result.waiting +=
                meeting.answers.isEmpty ? waiting : min(waiting, meeting.measurements.count)
        }
    }

    /// Tells once how both answers to a mirrored request compare with the truth.
    private mutating func compare(_ meeting: Meeting, _ truth: Set<String>) throws {
        guard let mirror = meeting.arm(.mirror), let stable = meeting.arm(.stable),
            mirror.judged == nil || stable.judged == nil, mirror.rollout == stable.rollout,
            mirror.answer.region == stable.answer.region
        else { return }
        let event = Fact.Event.compared(
            candidate: mirror.answer.output.map(truth.contains) ?? false,
            stable: stable.answer.output.map(truth.contains) ?? false)
        try append(event, about: mirror)
    }

    private func set(_ assignment: String, of row: StoredAnswer) throws {
        try database.cachedStatement(sql: "UPDATE predictions SET \(assignment) WHERE id = ?")
            .execute(arguments: [row.id])
    }

    private mutating func append(_ event: Fact.Event, about row: StoredAnswer) throws {
        let columns = FactColumns(event)
        try database.cachedStatement(
            sql: """
                INSERT INTO facts
                (rollout, generation, answer, event, metric, value, result, previously)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            row.rollout, row.answer.generation, row.id, columns.event, columns.metric,
            columns.value, columns.result, columns.previously,
        ])
        result.facts.append(
            Fact(sequence: database.lastInsertedRowID, answer: row.answer, event: event))
    }

    private mutating func identify(_ answer: Prediction) throws -> (id: Int64, rollout: Int64) {
        let stream = Stream(answer)
        if let known = streams[stream] { return known }
        try database.execute(
            sql: "INSERT INTO rollouts (name) VALUES (?) ON CONFLICT DO NOTHING",
            arguments: [answer.rollout.rawValue])
        try database.execute(
            sql: """
                INSERT INTO streams (rollout, region, generation, arm, version, digest)
                SELECT id, ?, ?, ?, ?, ? FROM rollouts WHERE name = ? ON CONFLICT DO NOTHING
                """,
            arguments: [
                answer.region.rawValue, answer.generation, answer.arm.rawValue,
                answer.version.version.rawValue, answer.version.digest.hex,
                answer.rollout.rawValue,
            ])
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT s.id, r.id FROM streams s JOIN rollouts r ON r.id = s.rollout
                WHERE r.name = ? AND region = ? AND generation = ? AND arm = ? AND version = ?
                AND digest = ?
                """,
            arguments: [
                answer.rollout.rawValue, answer.region.rawValue, answer.generation,
                answer.arm.rawValue, answer.version.version.rawValue, answer.version.digest.hex,
            ])
        guard let row else { throw HistoryError.damaged("a stream is missing after its insertion") }
        let found: (id: Int64, rollout: Int64) = (row[0], row[1])
        streams[stream] = found
        return found
    }

    func countTraffic() throws {
        for (key, count) in traffic {
            try database.cachedStatement(
                sql: """
                    INSERT INTO traffic VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
                    SET answers = answers + excluded.answers,
                        failures = failures + excluded.failures
                    """
            ).execute(arguments: [
                key.rollout.rawValue, key.region.rawValue, key.arm.rawValue, key.minute,
                count.answers, count.failures,
            ])
        }
    }
}

/// What all answers of one arm of one route share.
private struct Stream: Hashable {
    let rollout: RolloutName
    let region: RegionName
    let generation: Int
    let arm: Arm
    let version: VersionReference

    init(_ answer: Prediction) {
        rollout = answer.rollout
        region = answer.region
        generation = answer.generation
        arm = answer.arm
        version = answer.version
    }
}

private struct TrafficKey: Hashable {
    let rollout: RolloutName
    let region: RegionName
    let arm: Arm
    let minute: Int64

    init(_ answer: Prediction) {
        rollout = answer.rollout
        region = answer.region
        arm = answer.arm
        minute = HistoryStore.minute(of: answer.at)
    }
}
