import ArgumentParser
import Foundation
import Ledger
import RolloutCore
import RolloutFiles

/// What will become of one rollout.
struct RolloutPlan: Encodable {
    /// One step of the way.
    struct Step: Encodable {
        let stage: StageKind
        let regions: [RegionName]
        /// Live, or mirrored in shadow.
        let share: String
        /// Seconds that it lasts at least.
        let soakSeconds: Double
        let needsApproval: Bool
        /// Of a candidate as good as stable; `nil` when it cannot be told.
        @OrNull private(set) var seconds: Double?
        @OrNull private(set) var samples: Int?
    }

    let rollout: RolloutName
    @OrNull private(set) var from: VersionReference?
    @OrNull private(set) var to: VersionReference?
    let admission: [AdmissionCheck]
    let steps: [Step]
    let falseRollbackRate: Double
    let guardrails: Int
    let regions: Int
    /// Who must agree, in words; empty when nobody has to.
    let approvers: String
    let excluded: [String]
    let waits: [String]
    let loosened: [String]
    let cannotSee: [String]
    /// Why samples and times could not be told.
    let unknown: [String]
    /// What was taken to be so because nothing recorded tells.
    let assumed: [String]
    @OrNull private(set) var finish: Timestamp?
    let isUsable: Bool

    var isRefused: Bool { !isUsable || admission.contains { !$0.passed } }

    init(
        _ proposal: ProposedChange.Proposal, rate: Double?, baseline: [BaselineOption], runs: Int,
        timeScale: Int64, now: Timestamp
    ) async throws {
        let spec = proposal.after.spec
        rollout = proposal.name
        let stable = proposal.state.stable?.reference
        let served =
            stable
            ?? proposal.before?.spec.flatMap { proposal.before?.versions[$0.version]?.reference }
        from = served
        let asked = spec.flatMap { proposal.after.versions[$0.version]?.reference }
        to = asked
        isUsable = proposal.ask != nil
        admission = asked?.digest == stable?.digest ? [] : proposal.ask?.admission ?? []
        let plan = proposal.ask?.plan ?? Plan(regions: [], steps: [])
        falseRollbackRate = proposal.after.guardrails.reduce(0) { $0 + $1.falseRollbackRate.value }
        guardrails = proposal.after.guardrails.reduce(0) { $0 + $1.guardrails.count }
        regions = plan.regions.count
        let terms = proposal.ask?.approvals
        excluded =
            terms.map { terms in
                terms.excludeAuthors ? proposal.authors.filter { terms.people.contains($0) } : []
            } ?? []
        approvers = terms.map(Self.words) ?? ""
        waits = Self.waits(proposal, now) + Self.servers(proposal, stable: served, rate: rate)
        loosened = Loosening.of(proposal)
        let forecast = try await PlanForecast(
            proposal, plan: plan, rate: rate, baseline: baseline, runs: runs, timeScale: timeScale)
        unknown = forecast.unknown
        assumed = forecast.assumed
        cannotSee = forecast.cannotSee
        steps = plan.steps.indices.map { index in
            let step = plan.steps[index]
            let moved = plan.moved(at: index)
            let known = forecast.steps.indices.contains(index) ? forecast.steps[index] : nil
            return Step(
                stage: step.stage, regions: moved.regions, share: moved.share,
                soakSeconds: Double(step.soak.milliseconds) / 1_000 / Double(timeScale),
                needsApproval: step.approval,
                seconds: known.map { Double($0.milliseconds) / 1_000 },
                samples: known?.answers)
        }
        let total = forecast.steps.reduce(Int64(0)) { $0 + $1.milliseconds }
        finish = forecast.steps.isEmpty ? nil : now + TimeSpan(milliseconds: total)
    }

    private static func words(_ terms: ApprovalTerms) -> String {
        "\(terms.minApprovals) of \(terms.names.joined(separator: ", "))"
            + terms.required.map { ", one of them of \($0.name)" }.joined()
            + (terms.channels == [.signed] ? ", signed" : "")
    }

    private static func waits(
        _ proposal: ProposedChange.Proposal, _ now: Timestamp
    ) -> [String] {
        var waits: [String] = []
        let clocks = proposal.after.windows.map { WindowClock($0, around: now) }
        let windows = WindowsNow(clocks, at: now)
        for window in windows.closed {
            let opens = windows.opens.map { "opens \($0)" } ?? "does not open for nine days"
            waits.append("window \(window.name) (\(window.timeZone)): \(opens); \(window.reason)")
        }
        if let stop = proposal.stop, stop.isInForce(at: now) {
            waits.append("stop.yaml (\(stop.owner)): \(stop.reason)")
        }
        for order in proposal.after.orders {
            guard case .hold(let expires) = order.action, expires.map({ now < $0 }) ?? true else {
                continue
            }
            waits.append("hold by \(order.by): \(order.reason)")
        }
        if let rival = proposal.rival, let group = proposal.ask?.conflictGroup {
            waits.append(
                "\(rival.rollout), which \(rival.why); both are of conflict group \(group)")
        }
        if let run = proposal.state.run, let spec = proposal.after.spec,
            run.candidate.reference.version != spec.version
        {
            switch spec.onNewVersion {
            case .queue: waits.append("\(run.candidate.reference), which is on its way, to end")
            case .replace:
                waits.append(
                    "nothing: \(run.candidate.reference), on its way now, goes to zero first")
            case .reject:
                waits.append("\(run.candidate.reference), on its way now; this version is refused")
            }
        }
        if let digest = proposal.ask?.candidate.reference.digest,
            let refusal = proposal.state.refusal(of: digest)
        {
            waits.append(
                "a release: these bytes were taken back by decision \(refusal.decision) "
                    + "(\(refusal.reason))")
        }
        return waits
    }
}

extension Plan {
    /// The regions that a step moves, and to which share.
    func moved(at index: Int) -> (regions: [RegionName], share: String) {
        guard let step = step(index) else { return ([], "") }
        guard step.stage != .shadow else {
            return (regions, "\(step.mirrors.values.max() ?? .zero) mirrored")
        }
        let before = self.step(index - 1)?.shares ?? [:]
        let moved = regions.filter { before[$0] != step.shares[$0] }
        let share = moved.compactMap { step.shares[$0] }.max() ?? step.largestShare
        return (moved.isEmpty ? regions : moved, "\(share)")
    }
}

/// What a change takes away from what was promised before it.
enum Loosening {
    /// Policies that are still named, and ask less of the artifact's signature.
    private static func signatures(
        _ before: [AdmissionPolicy], _ after: [AdmissionPolicy]
    ) -> [String] {
        before.compactMap { old in
            guard let keys = old.signedBy, let new = after.first(where: { $0.name == old.name })
            else { return nil }
            guard let now = new.signedBy else {
                return "\(old.name) does not ask for a signed artifact any more"
            }
            let added = now.count { !keys.contains($0) }
            guard added > 0 else { return nil }
            return "\(old.name): \(added) more \(added == 1 ? "key" : "keys") may sign the artifact"
        }
    }

    static func of(_ proposal: ProposedChange.Proposal) -> [String] {
        guard let before = proposal.before else { return [] }
        var found: [String] = []
        let (old, new) = (
            before.guardrails.flatMap(\.guardrails),
            proposal.after.guardrails.flatMap(\.guardrails)
        )
        for guardrail in old {
            guard let now = new.first(where: { $0.name == guardrail.name }) else {
                found.append("guardrail \(guardrail.name) is gone")
                continue
            }
            if now.criterion != guardrail.criterion {
                found.append(
                    "guardrail \(guardrail.name): \(guardrail.bound) becomes \(now.bound)")
            }
            if guardrail.isRequired, !now.isRequired {
                found.append("guardrail \(guardrail.name) cannot stop a version any more")
            }
        }
        for name in before.spec?.windows ?? []
        where !(proposal.after.spec?.windows ?? []).contains(name) {
            found.append("window \(name) does not apply any more")
        }
        for name in before.spec?.admission ?? []
        where !(proposal.after.spec?.admission ?? []).contains(name) {
            found.append("the offline gates \(name) are not asked any more")
        }
        found += signatures(before.admission, proposal.after.admission)
        if let old = proposal.baseTerms {
            guard let new = proposal.ask?.approvals else {
                return found + ["nobody has to approve any more"]
            }
            if new.minApprovals < old.minApprovals {
                found.append("approvals needed: \(new.minApprovals) instead of \(old.minApprovals)")
            }
            let added = new.people.filter { !old.people.contains($0) }
            if !added.isEmpty { found.append("\(added.joined(separator: ", ")) may approve too") }
            for group in old.required where !new.required.contains(group) {
                found.append("nobody of \(group.name) has to be among the approvers any more")
            }
            if old.excludeAuthors, !new.excludeAuthors {
                found.append("authors may approve their own changes")
            }
        }
        let (gates, left) = (before.spec?.stages ?? [], proposal.after.spec?.stages ?? [])
        for stage in gates {
            guard let now = left.first(where: { $0.stage == stage.stage }) else {
                found.append("the stage \(stage.stage.rawValue) is gone")
                continue
            }
            if stage.approval, !now.approval {
                found.append("\(stage.stage.rawValue) needs no approval any more")
            }
            if now.soak < stage.soak {
                found.append(
                    "\(stage.stage.rawValue) lasts \(now.soak.spoken) instead of "
                        + stage.soak.spoken)
            }
        }
        return found
    }
}
