package import RolloutCore

/// What a controller keeps on its own disk: `HistoryStore`, or a disk of a simulation that can be
/// full, fail to sync, or lose what was not synced. `HistoryStore` says what each call means.
package protocol ControllerDisk: Sendable {
    var steps: any StepJournal { get }

    func steadyElapsed() throws(HistoryError) -> Int64
    func heartbeat(elapsed milliseconds: Int64) throws(HistoryError)
    func stepStart(_ record: Digest, now: Int64) throws(HistoryError) -> Int64
    func firstSeen(_ payload: Digest, now: Timestamp) throws(HistoryError) -> Timestamp
    func record(_ entry: DecisionEntry) throws(HistoryError)

    func ingest(_ batch: [Observation]) throws(HistoryError) -> IngestResult
    func facts(
        after sequence: Int64, rollout: RolloutName, fromGeneration generation: Int, limit: Int
    ) throws(HistoryError) -> [Fact]
    func loadEvidence(key: String) throws(HistoryError) -> HistoryStore.EvidenceSnapshot
    func saveEvidence(key: String, lastFact sequence: Int64, bytes: [UInt8]) throws(HistoryError)

    /// Keeps the disk within its bounds.
    /// - Throws: `HistoryError`; it is tried again a minute later.
    func maintain(keepingAnswersFrom oldest: Timestamp, atMost answers: Int) throws(HistoryError)
}

/// The journal of backward steps; see `Journal`.
package protocol StepJournal: Sendable {
    var failure: String? { get }
    func append(_ entry: JournalEntry) throws(HistoryError)
    func pending() throws(HistoryError) -> Journal.Pending
    func markRouted(_ id: String, readBack: [UInt8]) throws(HistoryError)
    func markRecorded(_ id: String, decision number: Int, commit: String) throws(HistoryError)
}

extension Journal: StepJournal {}

extension HistoryStore: ControllerDisk {
    package var steps: any StepJournal { journal }

    /// Recorded journal entries that are kept, to look at after an incident.
    private static let journalMax = 1_000

    package func maintain(
        keepingAnswersFrom oldest: Timestamp, atMost answers: Int
    ) throws(HistoryError) {
        _ = try sweep(before: oldest, keepingAnswers: answers)
        _ = try journal.sweep(keepingRecorded: Self.journalMax)
        try checkpoint()
        // After the sweep, which may have made the room that the reserve needs.
        if isFull { try restoreReserve() }
    }
}
