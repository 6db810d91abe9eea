import History
import RolloutCore
import Synchronization

/// The disk of one controller. It outlives the process, and loses what was not synced when the power
/// goes.
package final class SimulatedDisk: Sendable {
    struct Content: Sendable {
        var observations = ObservationTable()
        var evidence: [String: (sequence: Int64, bytes: [UInt8])] = [:]
        var elapsed: Int64 = 0
        var stepStarts: [Digest: Int64] = [:]
        var firstSeen: [Digest: Timestamp] = [:]
        var decisions: [String: DecisionEntry] = [:]
    }

    struct Step: Sendable {
        var entry: JournalEntry
        var readBack: [UInt8]?
        var recordedAs: Int?
    }

    /// How the disk answers now.
    package struct Condition: Sendable, Hashable {
        package var isFull = false
        /// A sync fails once: the kernel may have dropped pages, and the journal must stay failed.
        package var syncFails = false
        /// Observations and evidence cannot be read back.
        package var readsFail = false

        package init() {}
    }

    private struct State: Sendable {
        var content = Content()
        /// As of the last sync of SQLite's log, which commits alone do not bring about.
        var synced = Content()
        /// The journal syncs at each append.
        var steps: [Step] = []
        var condition = Condition()
        var appended: [(id: String, rollout: RolloutName, at: Int64)] = []
        var writes = 0
    }

    private let state = Mutex(State())
    /// Whether the power may go; keeping what was synced costs a copy now and then.
    private let mayLosePower: Bool

    package init(mayLosePower: Bool = true) { self.mayLosePower = mayLosePower }

    package var condition: Condition {
        get { state.withLock { $0.condition } }
        set { state.withLock { $0.condition = newValue } }
    }

    /// Everything that was ever journalled, with the time of the world.
    var appended: [(id: String, rollout: RolloutName, at: Int64)] {
        state.withLock { $0.appended }
    }

    /// Journalled steps without a decision.
    var pendingSteps: [Step] { state.withLock { $0.steps.filter { $0.recordedAs == nil } } }

    package func cutPower() { state.withLock { $0.content = $0.synced } }

    func read<Value>(_ body: (Content) -> Value) -> Value {
        state.withLock { body($0.content) }
    }

    func write<Value: Sendable>(
        _ body: (inout Content) -> Value
    ) throws(HistoryError) -> Value {
        let result: Result<Value, HistoryError> = state.withLock { state in
            if state.condition.isFull { return .failure(.storageFull) }
            let value = body(&state.content)
            state.writes += 1
            // SQLite syncs its log now and then, on its own.
            if mayLosePower, state.writes.isMultiple(of: Self.writesASync) {
                state.synced = state.content
            }
            return .success(value)
        }
        return try result.get()
    }

    private static let writesASync = 16

    /// - Parameter now: what is new is noted with this time, whether the caller hears of it or not.
    func changeSteps(
        at now: Int64, _ body: (inout [Step]) throws(HistoryError) -> Void
    ) throws(HistoryError) {
        let result: Result<Void, HistoryError> = state.withLock { state in
            // A full disk has the reserve that the journal lives on.
            if state.condition.syncFails { return .failure(.failed("fsync: input/output error")) }
            do throws(HistoryError) {
                let before = state.steps.count
                try body(&state.steps)
                state.appended += state.steps.dropFirst(before).map {
                    ($0.entry.id, $0.entry.rollout, now)
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}

/// The disk as one life of a controller reaches it.
struct MountedDisk: ControllerDisk {
    let disk: SimulatedDisk
    let life: Life
    let journal: MountedJournal
    /// Told of what the disk takes in, whether the controller hears of it or not.
    private let stored: @Sendable ([Fact]) -> Void
    var steps: any StepJournal { journal }

    init(
        _ disk: SimulatedDisk, life: Life, scheduler: Scheduler,
        stored: @escaping @Sendable ([Fact]) -> Void
    ) {
        self.disk = disk
        self.life = life
        self.stored = stored
        journal = MountedJournal(disk: disk, life: life, scheduler: scheduler)
    }

    private func store<Value: Sendable>(
        _ effect: Effect, _ body: (inout SimulatedDisk.Content) -> Value
    ) throws(HistoryError) -> Value {
        do {
            return try life.attempt(effect) { try disk.write(body) }
        } catch let error as HistoryError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
    }

    private func readBack<Value>(
        _ body: (SimulatedDisk.Content) -> Value
    ) throws(HistoryError) -> Value {
        if disk.condition.readsFail { throw .failed("read: input/output error") }
        return disk.read(body)
    }

    func steadyElapsed() throws(HistoryError) -> Int64 { disk.read(\.elapsed) }

    func heartbeat(elapsed milliseconds: Int64) throws(HistoryError) {
        try store(.heartbeat) { $0.elapsed = max($0.elapsed, milliseconds) }
    }

    func stepStart(_ record: Digest, now: Int64) throws(HistoryError) -> Int64 {
        if let known = disk.read({ $0.stepStarts[record] }) { return known }
        return try store(.keepTime) { content in
            content.stepStarts[record] = max(now, 0)
            content.elapsed = max(content.elapsed, now)
            return max(now, 0)
        }
    }

    func firstSeen(_ payload: Digest, now: Timestamp) throws(HistoryError) -> Timestamp {
        if let known = disk.read({ $0.firstSeen[payload] }) { return known }
        return try store(.keepTime) { content in
            content.firstSeen[payload] = now
            return now
        }
    }

    func record(_ entry: DecisionEntry) throws(HistoryError) {
        try store(.indexDecision) { $0.decisions["\(entry.rollout)/\(entry.number)"] = entry }
    }

    func ingest(_ batch: [Observation]) throws(HistoryError) -> IngestResult {
        try store(.ingest) { content in
            let result = content.observations.ingest(batch)
            stored(result.facts)
            return result
        }
    }

    func facts(
        after sequence: Int64, rollout: RolloutName, fromGeneration generation: Int, limit: Int
    ) throws(HistoryError) -> [Fact] {
        try readBack {
            $0.observations.facts(
                after: sequence, rollout: rollout, fromGeneration: generation, limit: limit)
        }
    }

    func loadEvidence(key: String) throws(HistoryError) -> HistoryStore.EvidenceSnapshot {
        guard let (sequence, bytes) = try readBack({ $0.evidence[key] }) else { return .missing }
        return .found(sequence: sequence, bytes: bytes)
    }

    func saveEvidence(
        key: String, lastFact sequence: Int64, bytes: [UInt8]
    ) throws(HistoryError) {
        try store(.saveEvidence) { $0.evidence[key] = (sequence, bytes) }
    }

    func maintain(
        keepingAnswersFrom oldest: Timestamp, atMost answers: Int
    ) throws(HistoryError) {}
}

/// The journal as one life of a controller reaches it: after one error it stays failed.
final class MountedJournal: StepJournal {
    private let disk: SimulatedDisk
    private let life: Life
    private let scheduler: Scheduler
    private let broken = Mutex<String?>(nil)

    init(disk: SimulatedDisk, life: Life, scheduler: Scheduler) {
        self.disk = disk
        self.life = life
        self.scheduler = scheduler
    }

    var failure: String? { broken.withLock { $0 } }

    private func change(
        _ effect: Effect, _ body: (inout [SimulatedDisk.Step]) throws(HistoryError) -> Void
    ) throws(HistoryError) {
        if let failure { throw .failed(failure) }
        do {
            try life.attempt(effect) { try disk.changeSteps(at: scheduler.now, body) }
        } catch let error as HistoryError {
            if case .failed(let cause) = error { broken.withLock { $0 = $0 ?? cause } }
            throw error
        } catch {
            broken.withLock { $0 = $0 ?? "\(error)" }
            throw .failed("\(error)")
        }
    }

    func append(_ entry: JournalEntry) throws(HistoryError) {
        try change(.appendStep) { steps throws(HistoryError) in
            if let known = steps.first(where: { $0.entry.id == entry.id }) {
                guard known.entry == entry else {
                    throw .refused("journal entry \(entry.id) exists with other content")
                }
                return
            }
            steps.append(SimulatedDisk.Step(entry: entry))
        }
    }

    func pending() throws(HistoryError) -> Journal.Pending {
        Journal.Pending(
            entries: disk.pendingSteps.map {
                JournalEntry(
                    id: $0.entry.id, rollout: $0.entry.rollout, bytes: $0.entry.bytes,
                    at: $0.entry.at, readBack: $0.readBack)
            }, damaged: [])
    }

    func markRouted(_ id: String, readBack: [UInt8]) throws(HistoryError) {
        try change(.markRouted) { steps throws(HistoryError) in
            try Self.update(id, &steps) { $0.readBack = readBack }
        }
    }

    func markRecorded(
        _ id: String, decision number: Int, commit: String
    ) throws(HistoryError) {
        try change(.markRecorded) { steps throws(HistoryError) in
            try Self.update(id, &steps) { $0.recordedAs = number }
        }
    }

    private static func update(
        _ id: String, _ steps: inout [SimulatedDisk.Step],
        _ body: (inout SimulatedDisk.Step) -> Void
    ) throws(HistoryError) {
        guard let index = steps.firstIndex(where: { $0.entry.id == id }) else {
            throw .refused("there is no journal entry \(id)")
        }
        body(&steps[index])
    }
}
