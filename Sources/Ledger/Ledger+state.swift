package import Git
package import RolloutCore
import RolloutFiles

extension Ledger {
    /// A record holds the whole input of a decision; this is a hundred times what is usual.
    static let recordBytesMax = 4 << 20

    /// The state of a rollout at a commit; a fresh one when nothing is recorded.
    ///
    /// - Throws: `LedgerError` when the state is not the one that its newest decision led to:
    ///   somebody else wrote below `state/`.
    package func currentState(
        of rollout: RolloutName, at commit: ObjectID
    ) async throws -> CurrentState {
        let path = RecordFile.current(rollout)
        guard let entry = try await repository.entry(at: path, in: commit) else {
            // A rollout with decisions and no state would begin again at decision 1, over the old.
            guard try await repository.entry(at: RecordFile.decisions(rollout), in: commit) == nil
            else {
                throw LedgerError(
                    message: "\(path) is missing although there are decisions: somebody else "
                        + "wrote below state/. Revert that commit; until then the share stays")
            }
            return CurrentState(schema: 1, head: nil, state: RolloutState(name: rollout))
        }
        let bytes = try await repository.blob(entry.id, limitBytes: Self.recordBytesMax)
        let current: CurrentState
        do {
            current = try records.state(bytes)
        } catch {
            throw LedgerError(message: "\(path): \(error)")
        }
        try await check(current, path: path, at: commit)
        return current
    }

    private func check(_ current: CurrentState, path: String, at commit: ObjectID) async throws {
        guard current.schema <= DecisionRecord.schemaNow else {
            throw LedgerError(
                message: "\(path) has schema \(current.schema), written by a newer Gatewright; "
                    + "this one reads \(DecisionRecord.schemaNow)")
        }
        let number = current.state.decisions
        guard number > 0 else { return }
        guard
            let (record, digest) = try await decision(number, of: current.state.name, at: commit)
        else { throw LedgerError(message: "\(path): decision \(number) has no file") }
        guard digest == current.head, record.after == (try records.digest(current.state))
        else {
            throw LedgerError(
                message: "\(path) is not what decision \(number) led to: somebody else wrote "
                    + "below state/. Revert that commit; until then the share stays")
        }
    }

    /// One decision of a rollout with the digest of its file; `nil` when there is no such file.
    package func decision(
        _ number: Int, of rollout: RolloutName, at commit: ObjectID
    ) async throws -> (record: DecisionRecord, file: Digest)? {
        let folder = RecordFile.decisions(rollout)
        guard let tree = try await repository.entry(at: folder, in: commit) else { return nil }
        let prefix = RecordFile.padded(number) + "-"
        let entry = try await repository.tree(tree.id).first {
            $0.name.text?.hasPrefix(prefix) ?? false
        }
        guard let entry else { return nil }
        let bytes = try await repository.blob(entry.id, limitBytes: Self.recordBytesMax)
        let record = try records.decision(bytes)
        return (record, RecordFile.digest(bytes))
    }

    /// Whether one of the decisions since the draft was made is the draft itself.
    ///
    /// Since then by time, not by number: recorded times of a rollout never fall, and after people
    /// gave up a part of history the numbers of the draft are those of another past.
    func isRecorded(
        _ draft: DecisionDraft, in current: CurrentState, at commit: ObjectID
    ) async throws -> Bool {
        guard var at = current.state.decidedAt else { return false }
        var number = current.state.decisions
        while at >= draft.input.now,
            let record = try await decision(number, of: draft.rollout, at: commit)?.record
        {
            if record.id == draft.id { return true }
            number -= 1
            at = record.at
        }
        return false
    }

    /// The file of the decision that began the step at which a run is; `nil` when it is not on the
    /// branch as it is known.
    package func stepRecord(of state: RolloutState) async throws -> Digest? {
        guard let run = state.run, let commit = try await trustedTip() else { return nil }
        var number = state.decisions
        while number >= run.id.firstDecision,
            let (record, file) = try await decision(number, of: state.name, at: commit)
        {
            // What was taken and is not there yet has the number of another decision: it says nothing
            // of when this step began (seed 990286).
            if number == state.decisions, record.at != state.decidedAt { return nil }
            if record.action.beginsStep { return file }
            number -= 1
        }
        return nil
    }

    /// All decisions of a rollout in their order.
    package func decisions(
        of rollout: RolloutName, at commit: ObjectID
    ) async throws -> [(record: DecisionRecord, file: Digest)] {
        let folder = RecordFile.decisions(rollout)
        guard let tree = try await repository.entry(at: folder, in: commit) else { return [] }
        var found: [(record: DecisionRecord, file: Digest)] = []
        for entry in try await repository.tree(tree.id) {
            guard let name = entry.name.text, RecordFile.number(ofFile: name) != nil else {
                throw LedgerError(message: "\(folder)/\(entry.name) is not a decision")
            }
            let bytes = try await repository.blob(entry.id, limitBytes: Self.recordBytesMax)
            let record = try records.decision(bytes)
            guard RecordFile.decision(record) == "\(folder)/\(name)" else {
                throw LedgerError(
                    message: "\(folder)/\(name) holds decision \(record.number) of "
                        + "\(record.rollout), a \(record.kind): files below state/ were renamed")
            }
            found.append((record, RecordFile.digest(bytes)))
        }
        return found.sorted { $0.record.number < $1.record.number }
    }

    /// Folds all decisions of a rollout and compares with `current.json`.
    ///
    /// - Returns: what is wrong, in the order of the decisions; empty when all is well.
    /// - Throws: `LedgerError` when files cannot be read, or are not where they belong, or the state
    ///   is not the one that the newest decision led to.
    package func verify(_ rollout: RolloutName, at commit: ObjectID) async throws -> [String] {
        var problems: [String] = []
        var state = RolloutState(name: rollout)
        var head: Digest?
        var expected = 1
        for (record, file) in try await decisions(of: rollout, at: commit) {
            if record.number != expected {
                problems.append("found decision \(record.number) where \(expected) was expected")
            }
            expected = record.number + 1
            if record.previous != head {
                problems.append("decision \(record.number) does not follow the one before it")
            }
            state = state.after(record.action, number: record.number, at: record.at)
            if record.after != (try records.digest(state)) {
                problems.append("decision \(record.number) leads to another state than it says")
            }
            head = file
        }
        let current = try await currentState(of: rollout, at: commit)
        if current.state != state || current.head != head {
            problems.append("current.json is not the fold of the decisions")
        }
        return problems
    }
}
