import Git
import Ledger
import RolloutCore
import RolloutFiles

/// The next decision of a rollout as somebody else writes it who may push: consistent in itself, and
/// decided by nobody.
struct ForgedDecision: Sendable {
    /// What it writes, and what stood there before.
    let files: [String: [UInt8]?]
    let before: [String: [UInt8]?]

    /// `nil` where no candidate is on its way.
    init?(of rollout: RolloutName, at tip: ObjectID, in objects: ObjectPool, now: Int64) {
        guard let tree = try? objects.commit(tip).info.tree,
            let entry = try? objects.entry(at: RecordFile.current(rollout), inTree: tree),
            let bytes = try? objects.blob(entry.id),
            // Nobody builds on what somebody has spoilt.
            !String(decoding: bytes, as: UTF8.self).contains(World.bad),
            let current = try? CanonicalJSON.decode(CurrentState.self, from: bytes),
            let run = current.state.run,
            let files = try? Self.files(current, run, tip, now)
        else { return nil }
        self.files = files
        before = files.mapValues { _ in nil }.merging([RecordFile.current(rollout): bytes]) { $1 }
    }

    private static func files(
        _ current: CurrentState, _ run: Run, _ tip: ObjectID, _ now: Int64
    ) throws -> [String: [UInt8]?] {
        let state = current.state
        let action =
            run.plan.step(run.step + 1) == nil ? Action.complete : .advance(step: run.step + 1)
        let number = state.decisions + 1
        let at = max(Timestamp(milliseconds: now), state.decidedAt ?? .init(milliseconds: now))
        let next = state.after(action, number: number, at: at)
        let input = DecisionInput(
            now: at, state: state, request: .withdrawn, orders: [], conditions: Conditions(),
            atStep: .zero, timeScale: 1, evidence: [], traffic: [:], routers: [:])
        let record = DecisionRecord(
            schema: DecisionRecord.schemaNow, id: "\(state.name)-\(number)-forged",
            number: number, previous: current.head, rollout: state.name, at: at,
            kind: action.kind, action: action, reason: "so it is", input: input, verdicts: [],
            quorum: nil, change: RecordedChange(from: state, to: next),
            after: try RecordFile.digest(of: next), inputsCommit: tip.hex,
            writer: RecordWriter(name: ProjectText.controllerName, software: "simulation"),
            confirms: nil, readBack: nil, late: nil)
        let file = try RecordFile.bytes(record)
        let written = CurrentState(
            schema: DecisionRecord.schemaNow, head: RecordFile.digest(file), state: next)
        return [
            RecordFile.decision(record): file,
            RecordFile.current(state.name): try RecordFile.bytes(written),
        ]
    }
}

extension People {
    /// Writes the next decision of a rollout, signed by a person who is no controller.
    func forge(_ rollout: RolloutName) async throws -> ForgedDecision? {
        var forged: ForgedDecision?
        try await commit(by: Self.engineer, signedBy: Self.engineer) { tip in
            forged = tip.flatMap {
                ForgedDecision(of: rollout, at: $0, in: remote.objects, now: wallTime)
            }
            return forged?.files ?? [:]
        }
        return forged
    }

    /// Puts back what stood there, where it is still as it was forged.
    func takeBack(_ forged: ForgedDecision) async throws {
        try await commit(by: Self.engineer) { tip in
            guard let tip, let tree = try? remote.objects.commit(tip).info.tree else { return [:] }
            let isThere = forged.files.allSatisfy { path, bytes in
                guard let entry = try? remote.objects.entry(at: path, inTree: tree) else {
                    return false
                }
                return (try? remote.objects.blob(entry.id)) == bytes
            }
            return isThere ? forged.before : [:]
        }
    }
}
