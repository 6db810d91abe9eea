import History
import RolloutCore
import Synchronization

/// A disk that takes observations and says that it did not, or cannot be read.
final class MumblingDisk: ControllerDisk {
    private let store: HistoryStore
    private let mood = Mutex((mumbles: false, isBlind: false))

    init(_ store: HistoryStore) { self.store = store }

    var mumbles: Bool {
        get { mood.withLock { $0.mumbles } }
        set { mood.withLock { $0.mumbles = newValue } }
    }

    var isBlind: Bool {
        get { mood.withLock { $0.isBlind } }
        set { mood.withLock { $0.isBlind = newValue } }
    }

    private static let trouble = HistoryError.failed("the disk mumbles")

    func ingest(_ batch: [Observation]) throws(HistoryError) -> IngestResult {
        let result = try store.ingest(batch)
        if mumbles { throw Self.trouble }
        return result
    }

    func facts(
        after sequence: Int64, rollout: RolloutName, fromGeneration generation: Int, limit: Int
    ) throws(HistoryError) -> [Fact] {
        if isBlind { throw Self.trouble }
        return try store.facts(
            after: sequence, rollout: rollout, fromGeneration: generation, limit: limit)
    }

    var steps: any StepJournal { store.steps }
    func steadyElapsed() throws(HistoryError) -> Int64 { try store.steadyElapsed() }
    func heartbeat(elapsed milliseconds: Int64) throws(HistoryError) {
        try store.heartbeat(elapsed: milliseconds)
    }
    func stepStart(_ record: Digest, now: Int64) throws(HistoryError) -> Int64 {
        try store.stepStart(record, now: now)
    }
    func firstSeen(_ payload: Digest, now: Timestamp) throws(HistoryError) -> Timestamp {
        try store.firstSeen(payload, now: now)
    }
    func record(_ entry: DecisionEntry) throws(HistoryError) { try store.record(entry) }
    func loadEvidence(key: String) throws(HistoryError) -> HistoryStore.EvidenceSnapshot {
        try store.loadEvidence(key: key)
    }
    func saveEvidence(
        key: String, lastFact sequence: Int64, bytes: [UInt8]
    ) throws(HistoryError) {
        try store.saveEvidence(key: key, lastFact: sequence, bytes: bytes)
    }
    func maintain(keepingAnswersFrom oldest: Timestamp, atMost answers: Int) throws(HistoryError) {
        try store.maintain(keepingAnswersFrom: oldest, atMost: answers)
    }
}
