import Git
import Ledger
import RolloutCore
import RolloutFiles

/// What one record says of itself, and whether the decision in it is made again from its input.
struct RecordAudit {
    let record: DecisionRecord
    let commit: String

    private func problem(_ code: AuditProblem.Code, _ message: String) -> AuditProblem {
        AuditProblem(code, record.rollout, record.number, commit: commit, message)
    }

    /// Approvals that the decision used up.
    var used: [Digest] {
        guard case .advance(_, let consent?) = record.action else { return [] }
        return consent.payloads
    }

    func problems(path: String, name: RolloutName, commit info: CommitInfo) -> [AuditProblem] {
        var found: [AuditProblem] = []
        if record.rollout != name || RecordFile.decision(record) != path {
            found.append(
                problem(
                    .alteredRecord,
                    "\(path) holds decision \(record.number) of \(record.rollout), a "
                        + record.kind))
        }
        if record.schema != DecisionRecord.schemaNow {
            found.append(
                problem(.unreadableRecord, "it has schema \(record.schema)"))
        }
        // git keeps whole seconds.
        if info.committer.epochMilliseconds / 1_000 != record.at.milliseconds / 1_000 {
            found.append(
                problem(
                    .backDated,
                    "the commit is of another time than the decision, \(record.at)"))
        }
        if record.kind != record.action.kind {
            found.append(problem(.alteredRecord, "it is called \(record.kind) and is not"))
        }
        return found
    }

    /// Whether the decision was made on a state that others had changed when it was recorded: only
    /// a step that was taken already is put onto another one.
    func isRebased(_ prior: RolloutState?) -> Bool {
        !record.action.isForward && prior.map { $0 != record.input.state } ?? false
    }

    /// Makes the decision again, and compares.
    func replay(onto prior: RolloutState?) -> [AuditProblem] {
        let again = decide(record.input)
        var found: [AuditProblem] = []
        if again.verdicts != record.verdicts {
            found.append(problem(.replayDiffers, "its evidence gives other verdicts"))
        }
        if again.quorum != record.quorum {
            found.append(problem(.replayDiffers, "its approvals give another quorum"))
        }
        guard case .act(let action, let reason) = again.next else {
            return found + [
                problem(.replayDiffers, "its input leads to no action at all")
            ]
        }
        let prior = prior ?? RolloutState(name: record.rollout)
        let draft = DecisionDraft(
            id: record.id, action: action, reason: reason, input: record.input,
            verdicts: again.verdicts, inputsCommit: record.inputsCommit)
        let expected = isRebased(prior) ? draft.rebased(onto: prior) : action
        if expected != record.action || reason != record.reason {
            found.append(
                problem(
                    .replayDiffers,
                    "its input leads to \(action.kind) (\(reason)), and it says \(record.kind) "
                        + "(\(record.reason))"))
        }
        let after = prior.after(record.action, number: record.number, at: record.at)
        if record.change != RecordedChange(from: prior, to: after) {
            found.append(problem(.changeDiffers, "the shares that it tells are not those it set"))
        }
        return found
    }
}
