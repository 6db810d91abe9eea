import Calibration
import Evidence
import RolloutCore
import Signals

/// How one made-up candidate ended.
struct SimulatedEnd: Sendable {
    enum Kind: String, Sendable {
        case completed, undecided
        case rolledBack = "rolled-back"
        case steppedBack = "stepped-back"
        case held
    }

    let kind: Kind
    /// What was breached, or what stayed undecided.
    let guardrail: GuardrailName?
    let stage: StageKind
    /// Since the beginning, and since that of the stage.
    let milliseconds: Int64
    let inStage: Int64
    /// Answers of the candidate, and those of them that a caller got.
    let requests: Int
    let live: Int
    /// What each step of the plan took, as far as the candidate came.
    let steps: [Step]
    /// Guardrails that only tell somebody, and when.
    let alerts: [GuardrailName: Int64]

    /// One step of the plan.
    struct Step: Sendable {
        /// From its beginning until the next one was decided.
        let milliseconds: Int64
        /// Answers of the candidate in it, mirrored ones too.
        let answers: Int
    }

    var isCaught: Bool { kind == .rolledBack || kind == .steppedBack || kind == .held }
}

/// The way of one made-up candidate through the plan: the evidence and decisions of the controller
/// on drawn counts.
struct SimulatedRun {
    private let levels: [Double]
    private let restartEvery: Int64
    private var traffic: SimulatedTraffic
    private var state: RolloutState
    private var evidence: [CountedEvidence]
    private var random: SeededRandom
    private let shortest: Int64
    private var now: Int64 = 0
    private var stepBegan: Int64 = 0
    private var stageBegan: Int64 = 0
    private var nextLook: Int64 = 0
    private var restarted: Int64 = 0
    private var requests = 0
    private var steps: [SimulatedEnd.Step] = []
    private var requestsBefore = 0
    private var live = 0
    private var due = 0
    private var labelled = 0
    private var alerts: [GuardrailName: Int64] = [:]

    /// Who is undecided for so long after the soak is over stays so.
    private static let patience = GuardrailVerdict.etaMax.milliseconds
    /// A block is this part of the time since its step began: looks are never rarer.
    private static let growth: Int64 = 20
    /// Requests of the first block of a step: those of a block of the controller.
    private static let firstBlock = 100.0

    init?(
        _ start: RolloutState, _ baseline: Baseline, _ regression: Regression?,
        _ random: SeededRandom
    ) {
        guard let run = start.run, let step = run.currentStep else { return nil }
        state = start
        traffic = SimulatedTraffic(baseline, regression)
        evidence = CountedEvidence.all(of: run)
        levels = evidence.map { evidence in
            run.guardrails.first { $0.guardrails.contains(evidence.guardrail) }.map {
                ErrorBudget.rollbackLevel(of: evidence.guardrail, in: $0, plan: run.plan)
            } ?? 0
        }
        restartEvery = max(1, CountedEvidence.restartInterval(run).milliseconds)
        let first = Self.firstBlock * 1_000 / max(baseline.rate, 1e-6)
        shortest = max(1, Int64(exactly: min(first, 1e12).rounded(.up)) ?? 1)
        self.random = random
        for index in evidence.indices {
            evidence[index].enter(step.stage)
            let effect = baseline.designEffect(evidence[index].guardrail.metric)
            if effect > 1 { evidence[index].assume(designEffect: effect) }
        }
    }

    mutating func end() -> SimulatedEnd {
        while let run = state.run, let step = run.currentStep {
            advance(step)
            let soaked = now - stepBegan >= step.soak.milliseconds
            guard mayBreach || (soaked && now >= nextLook) else { continue }
            nextLook = now + max(shortest, (now - stepBegan) / Self.growth)
            if let end = look(run, step) { return end }
        }
        return ended(.completed, nil, .full)
    }

    /// Lets time pass until the next look.
    private mutating func advance(_ step: Step) {
        let soak = stepBegan + step.soak.milliseconds
        var until = now + max(shortest, (now - stepBegan) / Self.growth)
        until = min(until, (now / restartEvery + 1) * restartEvery)
        if now < soak { until = min(until, soak) }
        let needsLabels = evidence.contains { $0.guardrail.metric == .accuracy }
        let blocks = traffic.block(step, milliseconds: until - now, &random)
        if now % restartEvery == 0 { restart() }
        now = until
        for block in blocks {
            requests += block.candidate + block.mirror
            live += block.candidate
            for index in evidence.indices where evidence[index].counts(step.stage) {
                guard let outcome = traffic.outcome(block, evidence[index], &random) else {
                    continue
                }
                evidence[index].observe(outcome, in: block.region, stage: step.stage, at: time)
            }
            if needsLabels { traffic.label(block, step.stage, at: now, &random) }
        }
        for labels in traffic.ripe(at: now) {
            due += labels.due
            labelled += labels.candidate.labelled
            for index in evidence.indices where evidence[index].guardrail.metric == .accuracy {
                evidence[index].observe(
                    labels.outcome(evidence[index]), in: labels.region, stage: labels.stage,
                    at: time)
            }
        }
    }

    private var time: Timestamp { Timestamp(milliseconds: now) }

    /// Once at a time: a step may begin with a period.
    private mutating func restart() {
        guard now > restarted else { return }
        restarted = now
        for index in evidence.indices { evidence[index].restart() }
    }

    /// Whether a guardrail may have been breached that has not told anybody yet.
    private var mayBreach: Bool {
        evidence.indices.contains { index in
            alerts[evidence[index].guardrail.name] == nil
                && evidence[index].mayBreach(at: levels[index])
        }
    }

    /// Asks what the controller would do now.
    private mutating func look(_ run: Run, _ step: Step) -> SimulatedEnd? {
        let decision = decide(input(run))
        for verdict in decision.verdicts
        where !verdict.required && verdict.verdict.word == "breach" {
            alerts[verdict.guardrail] = alerts[verdict.guardrail] ?? now
        }
        switch decision.next {
        case .act(.rollBack(let cause), _): return ended(.rolledBack, cause.guardrail, step.stage)
        case .act(.stepBack(_, let cause), _):
            return ended(.steppedBack, cause.guardrail, step.stage)
        case .act(.hold(let cause), _): return ended(.held, cause.guardrail, step.stage)
        case .act(.complete, _): return ended(.completed, nil, step.stage)
        case .act(.advance(let next, _), _): move(to: next)
        case .act, .apply, .serveStable: return ended(.undecided, nil, step.stage)
        case .wait(let wait):
            switch wait.reason {
            // As if people agreed at once.
            case .approvals: move(to: run.step + 1)
            case .soaking: return nil
            case .undecided(let open):
                guard now - stepBegan - step.soak.milliseconds > Self.patience else { return nil }
                return ended(.undecided, open.first?.guardrail, step.stage)
            default: return ended(.undecided, nil, step.stage)
            }
        }
        return nil
    }

    private mutating func move(to step: Int) {
        leave()
        let stage = state.run?.currentStep?.stage
        state = state.after(.advance(step: step), number: state.decisions + 1, at: time)
        guard let next = state.run?.currentStep else { return }
        stepBegan = now
        if next.stage != stage { stageBegan = now }
        nextLook = now
        for index in evidence.indices { evidence[index].enter(next.stage) }
        restart()
    }

    private mutating func leave() {
        steps.append(
            SimulatedEnd.Step(
                milliseconds: now - stepBegan, answers: requests - requestsBefore))
        requestsBefore = requests
    }

    private func input(_ run: Run) -> DecisionInput {
        let ask = Ask(
            candidate: run.candidate, bootstrap: nil, fallback: nil, stickyBy: state.stickyBy,
            onNewVersion: .queue, plan: run.plan, guardrails: run.guardrails,
            specDigest: run.specDigest, policyDigest: run.policyDigest)
        let labels = LabelCoverage(due: due, arrived: min(labelled, due))
        return DecisionInput(
            now: time, state: state, request: .asked(ask), orders: [], conditions: Conditions(),
            atStep: TimeSpan(milliseconds: now - stepBegan), timeScale: 1,
            evidence: evidence.map { $0.evidence(labels: labels) }, traffic: [:], routers: [:])
    }

    private mutating func ended(
        _ kind: SimulatedEnd.Kind, _ guardrail: GuardrailName?, _ stage: StageKind
    ) -> SimulatedEnd {
        leave()
        return SimulatedEnd(
            kind: kind, guardrail: guardrail, stage: stage, milliseconds: now,
            inStage: now - stageBegan, requests: requests, live: live, steps: steps,
            alerts: alerts)
    }
}
