import ArgumentParser
import Foundation
import Git
import Ledger
import Reconciler
import RolloutCore
import RolloutFiles

/// What comes next for a candidate that is on its way, as git knows it: what people agree to.
struct NextTransition {
    let run: Run
    let next: Step
    let current: Step
    let terms: ApprovalTerms
    let origin: RunOrigin
    private let input: DecisionInput
    private let signers: SignerFiles
    private let tip: ObjectID

    init(_ rollout: RolloutName, _ recorded: RecordedRepository) async throws {
        let snapshot = try await recorded.snapshot()
        guard snapshot.names.contains(rollout) else {
            throw ValidationError("there is no rollout \(rollout)")
        }
        let state = try recorded.state(of: rollout, snapshot)
        guard let run = state.run, let current = run.currentStep else {
            throw ValidationError("no candidate of \(rollout) is on its way")
        }
        guard let next = run.plan.step(run.step + 1) else {
            throw ValidationError(
                "\(rollout) \(run.candidate.reference) is at its last step; nobody has to agree")
        }
        guard let terms = run.approvals else {
            throw ValidationError(
                "the run of \(rollout) began without an approval policy; nobody has to agree")
        }
        guard let origin = try await recorded.ledger.origin(of: run.id, at: recorded.tip) else {
            throw ValidationError(
                "the record that began \(run.id) is not in this clone; run git fetch")
        }
        self.run = run
        self.next = next
        self.current = current
        self.origin = origin
        signers = snapshot.signers
        tip = recorded.tip
        let requested = snapshot.rollouts[rollout]
        if case .asked(let ask)? = requested?.request {
            self.terms = terms.tightened(by: ask.approvals)
                .tightened(by: origin.before?.terms)
        } else {
            self.terms = terms.tightened(by: origin.before?.terms)
        }
        let now = WallClock.now()
        input = DecisionInput(
            now: now, state: state, request: requested?.request ?? .withdrawn, orders: [],
            conditions: Conditions(), atStep: .zero, timeScale: 1, evidence: [], traffic: [:],
            routers: [:],
            consent: Consent(
                approvals: (requested?.approvals ?? []).filter { $0.approval.run == run.id }
                    .map { $0.seen(snapshot.signers, before: origin.before, firstSeen: now) },
                authors: origin.authors(snapshot.signers), controllers: snapshot.controllers,
                signers: snapshot.signers.condition, runDigest: origin.recordDigest,
                before: origin.before?.terms))
    }

    /// - Throws: `ValidationError` when the next step waits for nobody.
    func checkGate(_ rollout: RolloutName) throws {
        guard !run.needsApproval(of: next) else { return }
        let gated = run.plan.steps.dropFirst(run.step + 1).first(where: \.approval)
        guard let gated else {
            throw ValidationError(
                "no later stage of \(rollout) \(run.candidate.reference) waits for approval")
        }
        let before =
            run.plan.steps.last { step in
                step.stage != gated.stage
                    && StageKind.allCases.firstIndex(of: step.stage) ?? 0
                        < StageKind.allCases.firstIndex(of: gated.stage) ?? 0
            }?.stage.rawValue ?? "the stage before"
        throw ValidationError(
            "\(rollout) \(run.candidate.reference) is in \(current.stage.rawValue); approval of "
                + "\(gated.stage.rawValue) is given once it is in \(before), when there is evidence "
                + "to look at")
    }

    func approval(
        _ answer: Approval.Answer, hotfix: Bool, maxShare: Share?, lasting: TimeSpan?,
        comment: String
    ) throws -> Approval {
        let approval = Approval(
            answer, of: input.state, terms: terms, runDigest: origin.recordDigest,
            baseCommit: tip.hex, hotfix: hotfix, maxShare: maxShare, now: input.now,
            lasting: lasting, nonce: Nonce.make(), comment: comment)
        guard let approval else { throw ValidationError("nothing comes next to approve") }
        return approval
    }

    /// What somebody is about to put their name to.
    func text(_ approval: Approval) -> String {
        let shares = run.plan.steps.filter { $0.stage == next.stage }.map(
            \.largestShare.description)
        var lines = [
            "\(approval.answer.rawValue)  \(approval.rollout) \(approval.baseline) → "
                + "\(approval.candidate)",
            "  artifact   sha256 \(approval.candidate.digest)",
            "  from       \(approval.fromStage.rawValue), since \(run.stageBegan)",
            "  into       \(approval.toStage.rawValue) \(shares.joined(separator: " "))",
            "  regions    \(approval.regions.map(\.rawValue).joined(separator: ", "))",
            "  at most    \(approval.maxShare) of live traffic",
            "  run        \(approval.run), begun by \(origin.inputsCommit.prefix(7))",
            "  written by \(authors)",
            "  needs      \(terms.minApprovals + (approval.hotfix ? 1 : 0)) of "
                + "\(terms.names.joined(separator: ", "))"
                + terms.required.map { ", one of \($0.name)" }.joined(),
            "  until      \(approval.notAfter)",
        ]
        if approval.hotfix { lines.append("  hotfix     without soak, proof and windows") }
        return lines.joined(separator: "\n")
    }

    private var authors: String {
        let people = input.consent.authors.map { author in
            author.principal ?? "\(author.claimed.joined(separator: ", ")) (not proven)"
        }
        return Set(people).sorted().joined(separator: ", ")
    }

    /// Why an approval would not count if it were seen now; `nil` when it would.
    func objection(to file: ApprovalFile) async throws -> String? {
        let found = try FoundApproval(path: "", file, isKnownCommit: true)
        var consent = input.consent
        let seen = found.seen(signers, before: origin.before, firstSeen: input.now)
        consent.approvals = [seen]
        let quorum = Quorum(
            terms, of: next, run,
            DecisionInput(
                now: input.now, state: input.state, request: input.request, orders: [],
                conditions: input.conditions, atStep: .zero, timeScale: 1, evidence: [],
                traffic: [:], routers: [:], consent: consent), hotfix: file.approval.hotfix)
        return quorum.obstacle ?? quorum.discounted.first?.why
    }
}

/// What makes two approvals of the same thing differ.
enum Nonce {
    static func make() -> String {
        (0..<16).map { _ in
            let byte = UInt8.random(in: .min ... .max)
            return String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}
