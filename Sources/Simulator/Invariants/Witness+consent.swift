import Git
import Ledger
import RolloutCore

// Who may agree, and how often one yes counts.
extension Witness {
    /// Whether a person may agree to a run: nobody who wrote the change, and nobody whose key had
    /// ended.
    func mayApprove(_ answer: People.Answer, _ run: Run) -> Bool {
        if answer.person == People.engineer || answer.person == ghostwriter(of: run) {
            return false
        }
        let isEnding = plan.hasForgers && answer.person == People.expiring && !hasWrongClocks
        return !isEnding || answer.at < People.keyEnds
    }

    private func ghostwriter(of run: Run) -> String? {
        let digest = run.candidate.reference.digest
        let version = ProjectText.versions.first {
            ProjectText.digest(run.id.rollout, $0) == digest
        }
        return version.flatMap { plan.ghostwriter(of: $0) }
    }

    /// A history that goes back brings unused approvals back.
    private var goesBack: Bool {
        plan.events.contains { timed in
            switch timed.event {
            case .rewindRemote, .deleteBranch: true
            default: false
            }
        }
    }

    /// A controller whose clock was set back sees an ended key as one that lasts.
    private var hasWrongClocks: Bool {
        plan.events.contains { if case .jumpClock = $0.event { true } else { false } }
    }

    /// Each use takes a yes of as many people as are needed, and takes it up. Without the list of
    /// lost keys there is none.
    func checkUses(_ accepted: Accepted) {
        let record = accepted.record
        guard case .advance(_, _?) = record.action, let run = accepted.before.state.run,
            let terms = run.approvals
        else { return }
        if let read = ObjectID(hex: record.inputsCommit),
            let tree = try? remote.objects.commit(read).info.tree,
            (try? remote.objects.entry(at: "policies/revoked-signers", inTree: tree)) == nil
        {
            fail(.revoke, "\(record.id) was agreed to while nobody knew which keys are lost")
        }
        guard !goesBack else { return }
        let uses = self.accepted(record.rollout).count(where: { earlier in
            guard case .advance(_, _?) = earlier.record.action else { return false }
            return earlier.before.state.run?.id == run.id
        })
        let given = people.answers(to: run.id).count(where: {
            $0.isApproval && mayApprove($0, run)
        })
        if given < uses * terms.minApprovals {
            fail(
                .once,
                "\(record.id) is use \(uses) of \(given) approvals, each takes "
                    + "\(terms.minApprovals)")
        }
    }
}
