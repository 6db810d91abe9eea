import GRDB
package import RolloutCore

extension HistoryStore {
    /// Facts of a rollout with a greater sequence number, in order.
    ///
    /// - Parameter generation: the first generation of the run; older ones are left out.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func facts(
        after sequence: Int64, rollout: RolloutName, fromGeneration generation: Int, limit: Int
    ) throws(HistoryError) -> [Fact] {
        try read { database in
            try Self.facts(
                after: sequence, rollout: rollout, fromGeneration: generation, limit: limit,
                in: database)
        }
    }

    static func facts(
        after sequence: Int64, rollout: RolloutName, fromGeneration generation: Int, limit: Int,
        in database: Database
    ) throws -> [Fact] {
        let cursor = try Row.fetchCursor(
            database,
            sql: """
                SELECT \(StoredAnswer.columns),
                    f.sequence, f.event, f.metric, f.value, f.result, f.previously
                FROM facts f JOIN predictions p ON p.id = f.answer
                JOIN streams s ON s.id = p.stream JOIN rollouts r ON r.id = s.rollout
                WHERE f.rollout = (SELECT id FROM rollouts WHERE name = ?)
                    AND f.sequence > ? AND f.generation >= ?
                ORDER BY f.sequence LIMIT ?
                """, arguments: [rollout.rawValue, sequence, generation, max(limit, 0)])
        var facts: [Fact] = []
        while let row = try cursor.next() {
            let columns = FactColumns(
                event: row[17], metric: row[18], value: row[19], result: row[20],
                previously: row[21])
            let sequence: Int64 = row[16]
            guard let event = columns.decoded else {
                throw HistoryError.damaged("fact \(sequence) is incomplete")
            }
            facts.append(
                Fact(sequence: sequence, answer: try StoredAnswer(row).answer, event: event))
        }
        return facts
    }

    /// The sequence number of the newest fact of all rollouts, 0 before the first.
    /// - Throws: `.busy`, `.damaged` or `.failed`.
    package func newestFact() throws(HistoryError) -> Int64 {
        try read { database in
            try Int64.fetchOne(
                database, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'facts'") ?? 0
        }
    }
}

/// An event as the columns of `facts`.
struct FactColumns {
    let event: String
    var metric: String?
    var value: Double?
    var result: Bool?
    var previously: Bool?

    init(event: String, metric: String?, value: Double?, result: Bool?, previously: Bool?) {
        self.event = event
        self.metric = metric
        self.value = value
        self.result = result
        self.previously = previously
    }

    init(_ event: Fact.Event) {
        switch event {
        case .answered:
            self.event = "answered"
        case .labelled(let correct, let previously, let at):
            self.event = "labelled"
            result = correct
            self.previously = previously
            // Milliseconds of this and the next 200,000 years are whole numbers of a double.
            value = Double(at.milliseconds)
        case .measured(let metric, let value):
            self.event = "measured"
            self.metric = metric
            self.value = value.value
        case .paired(let agree):
            self.event = "paired"
            result = agree
        case .compared(let candidate, let stable):
            self.event = "compared"
            result = candidate
            previously = stable
        }
    }

    var decoded: Fact.Event? {
        switch event {
        case "answered": .answered
        case "labelled": labelled
        case "measured": measured
        case "paired": result.map { .paired(agree: $0) }
        case "compared": compared
        default: nil
        }
    }

    private var labelled: Fact.Event? {
        guard let result, let at = value.flatMap(Int64.init(exactly:)) else { return nil }
        return .labelled(
            correct: result, previously: previously, at: Timestamp(milliseconds: at))
    }

    private var compared: Fact.Event? {
        guard let result, let previously else { return nil }
        return .compared(candidate: result, stable: previously)
    }

    private var measured: Fact.Event? {
        guard let metric, let value = value.flatMap({ FiniteDouble($0) }) else { return nil }
        return .measured(metric: metric, value: value)
    }
}
