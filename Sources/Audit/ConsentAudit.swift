import Git
import Identity
import Ledger
import RolloutCore
import RolloutFiles

/// Checks the approvals of one record anew: from the signatures, not from what the record says of
/// them.
struct ConsentAudit {
    let record: DecisionRecord
    let commit: ObjectID
    let policies: CommittedFiles.Policies
    /// Payloads that lay in the repository when the decision was made.
    let approvals: Set<Digest>

    private func problem(_ code: AuditProblem.Code, _ message: String) -> AuditProblem {
        AuditProblem(code, record.rollout, record.number, commit: commit.hex, message)
    }

    func problems(_ origin: RunOrigin?) throws -> [AuditProblem] {
        let consent = record.input.consent
        guard let run = record.input.state.run, run.approvals != nil, consent != .none else {
            return quorum()
        }
        var found: [AuditProblem] = []
        if consent.signers != policies.signers.condition {
            found.append(
                problem(.signersDiffer, "policies/signers was not as the record says"))
        }
        if consent.controllers != policies.controllers {
            found.append(
                problem(.signersDiffer, "group controllers was not as the record says"))
        }
        for seen in consent.approvals { found += try check(seen, origin) }
        if let origin {
            if consent.runDigest != origin.recordDigest {
                found.append(
                    problem(.signersDiffer, "it names another record as the run's first"))
            }
            if consent.before != origin.before?.terms {
                found.append(
                    problem(.signersDiffer, "other terms were in force before the change"))
            }
            if consent.authors != origin.authors(policies.signers) {
                found.append(
                    problem(.authorsDiffer, "the change was written by others than it says"))
            }
        } else {
            found.append(problem(.authorsDiffer, "the run's first record is missing"))
        }
        return found + quorum()
    }

    private func check(_ seen: SeenApproval, _ origin: RunOrigin?) throws -> [AuditProblem] {
        var found: [AuditProblem] = []
        let who = seen.principal ?? seen.fingerprint ?? "somebody"
        let message = try ApprovalFile.message(seen.approval)
        if RecordFile.digest(message) != seen.payload {
            found.append(problem(.approvalForged, "the approval of \(who) says something else"))
        }
        if seen.firstSeen > record.at {
            found.append(
                problem(.approvalLate, "the approval of \(who) was first seen after the decision"))
        }
        switch seen.channel {
        case .signed:
            if !approvals.contains(seen.payload) {
                found.append(
                    problem(
                        .approvalUnknown,
                        "the approval of \(who) was not in the repository at "
                            + record.inputsCommit.prefix(7)))
            }
            let file = ApprovalFile(approval: seen.approval, signature: seen.signature)
            // Whether its commit is known is told by the record itself: then it has a problem.
            let again = try FoundApproval(path: "", file, isKnownCommit: true)
                .seen(policies.signers, before: origin?.before, firstSeen: seen.firstSeen)
            if seen.problem == nil, again.problem != nil || again.principal != seen.principal {
                found.append(
                    problem(
                        .approvalForged,
                        "the approval of \(who) does not hold: \(again.problem ?? "another's key")")
                )
            }
        case .ui:
            if let reason = PageApproval.objection(to: seen, policies.signers, policies.controllers)
            {
                found.append(problem(.approvalForged, "the approval of \(who): \(reason)"))
            }
        }
        return found
    }

    /// Counts the people behind what was used up, apart from `decide`.
    private func quorum() -> [AuditProblem] {
        guard case .advance(let step, let used) = record.action,
            let run = record.input.state.run, let next = run.plan.step(step)
        else { return [] }
        guard let used else {
            return next.approval
                ? [problem(.quorumMissing, "\(next.stage.rawValue) needs approval and has none")]
                : []
        }
        guard let terms = run.approvals else {
            return [problem(.quorumMissing, "no policy says who may approve")]
        }
        let payloads = Set(used.payloads)
        let people = Set(
            record.input.consent.approvals.filter { payloads.contains($0.payload) }
                .compactMap(\.principal))
        let authors = Set(record.input.consent.authors.compactMap(\.principal))
        var found: [AuditProblem] = []
        if people.count < terms.minApprovals + (used.isHotfix ? 1 : 0) {
            found.append(
                problem(
                    .quorumMissing,
                    "\(people.count) people agreed, \(terms.minApprovals) are needed"))
        }
        if terms.excludeAuthors, let author = people.intersection(authors).sorted().first {
            found.append(problem(.quorumMissing, "\(author) wrote the change and approved it"))
        }
        return found
    }
}
