import Foundation
import GRDB
import RolloutCore

/// An answer as it is stored, with what has been reported of it.
struct StoredAnswer {
    let id: Int64
    let rollout: Int64
    let answer: Prediction
    /// What the last `labelled` fact said; `nil` when there was none.
    let judged: Bool?
    let paired: Bool

    init(
        id: Int64, rollout: Int64, _ answer: Prediction, judged: Bool? = nil, paired: Bool = false
    ) {
        self.id = id
        self.rollout = rollout
        self.answer = answer
        self.judged = judged
        self.paired = paired
    }

    /// The columns that `init(_:)` reads, of `predictions p`, `streams s` and `rollouts r`.
    static let columns = """
        p.id, p.prediction, p.arm, p.at, p.latency, p.output, p.confidence, p.unit, p.judged,
        p.paired, s.rollout, s.region, s.generation, s.version, s.digest, r.name
        """

    /// - Throws: `HistoryError.damaged` when a column holds what was never written.
    init(_ row: Row) throws {
        let (id, arm, digest): (Int64, String, String) = (row[0], row[2], row[14])
        let confidence: Double? = row[6]
        let unit: Int64 = row[7]
        guard let arm = Arm(rawValue: arm), let digest = Digest(hex: digest) else {
            throw HistoryError.damaged("answer \(id) has an unknown arm or digest")
        }
        do {
            answer = Prediction(
                prediction: row[1], arm: arm, rollout: try RolloutName(row[15]),
                region: try RegionName(row[11]), generation: row[12],
                version: VersionReference(version: try VersionName(row[13]), digest: digest),
                at: Timestamp(milliseconds: row[3]), latencyMicroseconds: row[4], output: row[5],
                confidence: confidence.flatMap { FiniteDouble($0) }, unit: UInt64(bitPattern: unit))
        } catch {
            throw HistoryError.damaged("answer \(id): \(error)")
        }
        self.id = id
        rollout = row[10]
        judged = row[8]
        paired = row[9]
    }
}

/// Everything known of one request.
struct Meeting {
    /// At most one an arm, in the order of `Arm.allCases`.
    var answers: [StoredAnswer] = []
    /// The right answers; `nil` while there is no label.
    var truth: Set<String>?
    /// When the truth was known.
    var labelledAt = Timestamp(milliseconds: 0)
    /// Measurements that no fact has reported, by metric.
    var measurements: [(metric: String, value: FiniteDouble)] = []

    func arm(_ arm: Arm) -> StoredAnswer? { answers.first { $0.answer.arm == arm } }

    /// The answer that the caller used: the fallback's, else the one that was chosen.
    var served: StoredAnswer? {
        [Arm.fallback, .candidate, .stable].lazy.compactMap(arm).first { !$0.answer.failed }
    }

    static func load(_ database: Database, ids: ArraySlice<String>) throws -> [String: Meeting] {
        // The ids are of a-z 0-9 -, so that joining them is JSON.
        let list = "[" + ids.map { "\"\($0)\"" }.joined(separator: ",") + "]"
        var meetings: [String: Meeting] = [:]
        let answers = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT \(StoredAnswer.columns) FROM predictions p
                    JOIN streams s ON s.id = p.stream JOIN rollouts r ON r.id = s.rollout
                    WHERE p.prediction IN (SELECT value FROM json_each(?))
                    """), arguments: [list])
        while let row = try answers.next() {
            let stored = try StoredAnswer(row)
            meetings[stored.answer.prediction, default: Meeting()].answers.append(stored)
        }
        let order = Arm.allCases
        for id in Array(meetings.keys) {
            meetings[id]?.answers.sort {
                order.firstIndex(of: $0.answer.arm) ?? 0 < order.firstIndex(of: $1.answer.arm) ?? 0
            }
        }
        let labels = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT prediction, truth, at FROM labels
                    WHERE prediction IN (SELECT value FROM json_each(?))
                    """), arguments: [list])
        while let row = try labels.next() {
            meetings[row[0], default: Meeting()].truth = try Truth.decode(row[1])
            meetings[row[0]]?.labelledAt = Timestamp(milliseconds: row[2])
        }
        let measurements = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT prediction, metric, value FROM measurements
                    WHERE prediction IN (SELECT value FROM json_each(?)) AND met = 0
                    ORDER BY prediction, metric
                    """), arguments: [list])
        while let row = try measurements.next() {
            let metric: String = row[1]
            guard let value = FiniteDouble(row[2] as Double) else {
                throw HistoryError.damaged("measurement \(metric) is not finite")
            }
            meetings[row[0], default: Meeting()].measurements.append((metric, value))
        }
        return meetings
    }
}

/// Equally right answers as one column: a JSON array, sorted and without doubles.
enum Truth {
    static func encode(_ truth: [String]) throws -> String {
        let sorted = Set(truth).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return String(decoding: try JSONEncoder().encode(sorted), as: UTF8.self)
    }

    static func decode(_ text: String) throws -> Set<String> {
        do { return try JSONDecoder().decode(Set<String>.self, from: Data(text.utf8)) } catch {
            throw HistoryError.damaged("a label is not a list of answers")
        }
    }
}
