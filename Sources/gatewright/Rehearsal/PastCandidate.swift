import History
import Ledger
import RolloutCore
import Signals

/// What guardrails would have done to a candidate, at the first look at which they did anything.
struct RehearsedStep {
    enum Kind: String, Encodable {
        case rolledBack = "rolled-back"
        case steppedBack = "stepped-back"
        case held
        /// The record raised it, and these guardrails were not proven yet.
        case waited
    }

    let kind: Kind
    let guardrail: GuardrailName?
    let stage: StageKind
    let reason: String
    /// The candidate's answers so far, mirrored ones included.
    let requests: Int
    /// What the guardrail had seen of the candidate.
    let observations: Int?
}

/// A candidate of the record, judged again over its own observations: runs of the same versions
/// that were only interrupted by another plan are one.
struct PastCandidate {
    let candidate: VersionReference
    let began: Timestamp
    let firstDecision: Int
    private(set) var end = RecordedEnd.onItsWay
    /// The first action of the guardrails, and the first raise that they would have put off.
    private(set) var stop: RehearsedStep?
    private(set) var wait: RehearsedStep?
    /// The candidate's answers until its recorded end.
    private(set) var requests = 0
    /// The most observations that any recorded verdict rested on.
    private var recorded = 0
    private let key: EvidenceKey
    private let firstGeneration: Int
    private var state: RolloutState
    private var stepBegan: Timestamp
    private var clock: Timestamp
    private var book: EvidenceBook
    /// As it was at the last look, and the facts since then.
    private var looked: EvidenceBook
    private var lookedRequests = 0
    private var unlooked: [Fact] = []

    /// Facts between two looks; where something is found, each of them is looked at.
    private static let looksEvery = 100

    init(_ run: Run, _ start: ReplayedDecision) {
        candidate = run.candidate.reference
        began = start.record.at
        firstDecision = start.record.number
        key = EvidenceKey(run, of: start.state)
        firstGeneration = run.stepGeneration
        state = start.state
        stepBegan = start.record.at
        clock = start.record.at
        book = EvidenceBook(run, of: start.state)
        looked = book
    }

    /// What is known at the end, for what a simulation can learn from it.
    var evidence: [GuardrailEvidence] { book.evidence() }

    /// Whether every observation is there that the record rests on.
    func isWhole(sweptBefore: Timestamp?) -> Bool {
        requests > 0 && requests >= recorded && (sweptBefore.map { $0 <= began } ?? true)
    }

    mutating func note(_ decision: ReplayedDecision) {
        recorded = decision.record.verdicts.reduce(recorded) { max($0, $1.candidateCount) }
    }

    /// A new step, or a new run of the same versions.
    mutating func follow(_ decision: ReplayedDecision) {
        look()
        state = decision.state
        stepBegan = decision.record.at
        guard let run = state.run else { return }
        book.follow(run, of: state)
        looked = book
    }

    mutating func close(_ end: RecordedEnd, at generation: Int) {
        look()
        self.end = end
        book.close(at: generation)
        looked = book
    }

    mutating func revoke(_ reason: String) { end = .revoked(reason: reason) }

    mutating func fold(_ fact: Fact) {
        unlooked.append(fact)
        if unlooked.count >= Self.looksEvery { look() }
    }

    /// Judges what came since the last look.
    private mutating func look() {
        guard !unlooked.isEmpty else { return }
        for fact in unlooked { take(fact) }
        if stop == nil, decided() != nil {
            (book, requests) = (looked, lookedRequests)
            for fact in unlooked {
                take(fact)
                if stop == nil { stop = decided() }
            }
        }
        (looked, lookedRequests) = (book, requests)
        unlooked = []
    }

    private mutating func take(_ fact: Fact) {
        let answer = fact.answer
        clock = max(clock, answer.at)
        if case .answered = fact.event, answer.arm == .candidate || answer.arm == .mirror,
            answer.version.digest == candidate.digest, answer.generation >= firstGeneration
        {
            requests += 1
        }
        book.fold(fact)
    }

    /// What the controller would do now, if that takes the candidate back or holds it.
    private func decided() -> RehearsedStep? {
        guard let run = state.run, let step = run.currentStep else { return nil }
        let decision = decide(input(run))
        guard case .act(let action, let reason) = decision.next else { return nil }
        let kind: RehearsedStep.Kind
        let cause: Cause
        switch action {
        case .rollBack(let found): (kind, cause) = (.rolledBack, found)
        case .stepBack(_, let found): (kind, cause) = (.steppedBack, found)
        case .hold(let found): (kind, cause) = (.held, found)
        default: return nil
        }
        let verdict = decision.verdicts.first {
            $0.guardrail == cause.guardrail && $0.verdict.word == "breach"
        }
        return RehearsedStep(
            kind: kind, guardrail: cause.guardrail, stage: step.stage, reason: reason,
            requests: requests, observations: verdict?.candidateCount)
    }

    /// Whether the raise that was recorded now would have had to wait for a guardrail.
    mutating func raise() {
        look()
        guard stop == nil, wait == nil, let run = state.run, let step = run.currentStep else {
            return
        }
        let open = decide(input(run)).verdicts.first {
            $0.required && $0.verdict.word == "undecided"
        }
        guard let open, case .undecided(let reason) = open.verdict else { return }
        wait = RehearsedStep(
            kind: .waited, guardrail: open.guardrail, stage: step.stage, reason: reason,
            requests: requests, observations: open.candidateCount)
    }

    private func input(_ run: Run) -> DecisionInput {
        let ask = Ask(
            candidate: run.candidate, bootstrap: nil, fallback: nil, stickyBy: state.stickyBy,
            onNewVersion: .queue, plan: run.plan, guardrails: run.guardrails,
            specDigest: run.specDigest, policyDigest: run.policyDigest)
        return DecisionInput(
            now: clock, state: state, request: .asked(ask), orders: [], conditions: Conditions(),
            atStep: clock - stepBegan, timeScale: 1, evidence: book.evidence(),
            traffic: book.regionTraffic, routers: [:])
    }
}
