import Git
import History
import Ledger
package import RolloutCore
package import RolloutFiles

/// What one rollout is doing, for people and for tools.
package struct RolloutStatus: Codable, Sendable {
    package let rollout: RolloutName
    package let stable: VersionReference?
    package let candidate: VersionReference?
    /// What an abort or a promotion names; `nil` while no candidate is on its way.
    package let run: RunID?
    package let stage: StageKind?
    package let step: Int?
    package let steps: Int?
    package let shares: [RegionName: Share]
    package let mirrors: [RegionName: Share]
    /// What routers said last, by region.
    package let serving: [RegionName: String]
    package let decisions: Int
    package let generation: Int
    /// Backward steps that git has not heard of.
    package let unrecorded: Int
    package let verdicts: [GuardrailVerdict]
    /// What each guardrail demands, by its name.
    package let bounds: [GuardrailName: String]
    package let refused: [RolloutState.Refusal]
    package let why: Explanation?
    package let trouble: String?

    /// What can be said from the recorded state; `live` adds what a controller sees.
    package init(_ state: RolloutState, why: Explanation?) {
        self.init(state, live: nil, why: why)
    }

    init(_ state: RolloutState, live: LiveRollout?, why: Explanation?) {
        let step = state.run?.currentStep
        let guardrails = state.run?.guardrails.flatMap(\.guardrails) ?? []
        rollout = state.name
        stable = state.stable?.reference
        candidate = state.run?.candidate.reference
        run = state.run?.id
        stage = step?.stage
        self.step = state.run?.step
        steps = state.run?.plan.steps.count
        shares = step?.shares ?? [:]
        mirrors = step?.mirrors ?? [:]
        serving = live?.found.mapValues(\.spoken) ?? [:]
        decisions = state.decisions
        generation = state.generation
        unrecorded = live?.taken.count ?? 0
        verdicts = live?.last?.decision.verdicts ?? []
        bounds = Dictionary(
            guardrails.map { ($0.name, $0.bound) }, uniquingKeysWith: { first, _ in first })
        refused = state.refused
        self.why = why
        trouble = live?.trouble
    }
}

package struct ControllerStatus: Codable, Sendable {
    package let at: Timestamp
    package let commit: String?
    package let syncedAt: Timestamp?
    package let halted: String?
    package let journalFailure: String?
    package let diagnostics: [Diagnostic]
    package let rollouts: [RolloutStatus]

    package init(
        at: Timestamp, commit: String?, syncedAt: Timestamp?, halted: String?,
        journalFailure: String?, diagnostics: [Diagnostic], rollouts: [RolloutStatus]
    ) {
        self.at = at
        self.commit = commit
        self.syncedAt = syncedAt
        self.halted = halted
        self.journalFailure = journalFailure
        self.diagnostics = diagnostics
        self.rollouts = rollouts
    }
}

extension Reconciler {
    package func status() -> ControllerStatus {
        ControllerStatus(
            at: clock.now(), commit: snapshot?.commit.hex, syncedAt: syncedAt, halted: halted,
            journalFailure: disk.steps.failure, diagnostics: snapshot?.diagnostics ?? [],
            rollouts: rollouts.keys.sorted().compactMap { status(of: $0) })
    }

    package func status(of name: RolloutName) -> RolloutStatus? {
        guard let live = rollouts[name] else { return nil }
        return RolloutStatus(live.effective, live: live, why: live.last?.why)
    }

    package func why(_ name: RolloutName) -> String? {
        guard let live = rollouts[name] else { return nil }
        let line = live.last?.why.line ?? "\(name) has not been looked at yet."
        return live.trouble.map { "\(line)\n  \($0)" } ?? line
    }
}

extension RouteReadBack {
    fileprivate var spoken: String {
        switch self {
        case .serving(let route): route.spoken
        case .nothing: "nothing"
        case .unknown(let reason): "unknown: \(reason)"
        }
    }
}
