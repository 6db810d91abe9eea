import Ledger
import RolloutCore

/// One rollout, and the decisions that may be made of it.
enum Story {
    static let name: RolloutName = id("selector")
    static let eu: RegionName = id("eu")
    static let now = Timestamp(milliseconds: 1_790_000_000_000)
    static let stable = served("1.0.0", "a")
    static let candidate = served("2.0.0", "b")

    static func id<Subject>(_ text: String) -> Identifier<Subject> {
        guard let name = try? Identifier<Subject>(text) else { preconditionFailure(text) }
        return name
    }

    static func digest(_ letter: Character) -> Digest {
        guard let digest = Digest(hex: String(repeating: letter, count: 64)) else {
            preconditionFailure()
        }
        return digest
    }

    static func served(_ version: String, _ letter: Character) -> ServedVersion {
        ServedVersion(
            reference: VersionReference(version: id(version), digest: digest(letter)),
            endpoints: [eu: "http://\(version)"])
    }

    static var ask: Ask { ask() }

    static func ask(in group: ConflictGroupName? = nil) -> Ask {
        let stages = [
            StageSpec(
                stage: .shadow, shares: [.all], soak: .zero, waves: [[eu]], approval: false),
            StageSpec(
                stage: .canary, shares: [Share(clamping: 500)], soak: .zero, waves: [[eu]],
                approval: false),
            StageSpec(stage: .full, shares: [.all], soak: .zero, waves: [[eu]], approval: false),
        ]
        return Ask(
            candidate: candidate, bootstrap: stable, fallback: nil, stickyBy: .requestID,
            onNewVersion: .replace, conflictGroup: group, plan: Plan(stages: stages, regions: [eu]),
            guardrails: [],
            specDigest: digest("c"), policyDigest: digest("d"))
    }

    static let bootstrap = Action.bootstrap(
        Action.Bootstrap(version: stable, fallback: nil, regions: [eu], stickyBy: .requestID))
    static let start = Action.start(Action.Start(ask))
    static let abort = Action.rollBack(
        .ordered(order: "abort-1", by: "ana", summary: "ana: wrong features"))

    static func draft(
        _ action: Action, on state: RolloutState, id: String? = nil, reason: String = "because",
        at now: Timestamp = now, confirms: Confirmation? = nil
    ) -> DecisionDraft {
        DecisionDraft(
            id: id ?? "\(state.name)-\(state.decisions + 1)-\(action.kind)", action: action,
            reason: reason,
            input: DecisionInput(
                now: now, state: state, request: .asked(ask), orders: [], conditions: Conditions(),
                atStep: .zero, timeScale: 1, evidence: [], traffic: [:], routers: [:]),
            verdicts: [], inputsCommit: String(repeating: "0", count: 40), confirms: confirms)
    }
}

extension Ledger.Outcome {
    var word: String {
        switch self {
        case .acknowledged(let record, _, _): "acknowledged \(record.number) \(record.kind)"
        case .alreadyRecorded: "already"
        case .overtaken: "overtaken"
        case .refused(let text): "refused: \(text)"
        case .unknown(let text): "unknown: \(text)"
        }
    }

    var state: RolloutState? {
        switch self {
        case .acknowledged(_, let state, _), .alreadyRecorded(let state): state
        case .overtaken, .refused, .unknown: nil
        }
    }
}

extension Ledger {
    /// Records one action after another, each on the state that the one before led to.
    @discardableResult
    func tell(
        _ actions: Action..., of name: RolloutName = Story.name
    ) async throws -> RolloutState {
        var state = RolloutState(name: name)
        if let tip = await sync().tip { state = try await currentState(of: name, at: tip).state }
        for action in actions {
            let outcome = await record(Story.draft(action, on: state), taken: false)
            guard case .acknowledged(_, let next, _) = outcome else {
                throw Trouble("\(action.kind): \(outcome.word)")
            }
            state = next
        }
        return state
    }
}
