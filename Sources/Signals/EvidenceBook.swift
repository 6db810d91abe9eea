package import History
package import RolloutCore

/// All evidence of one candidate beside one stable version, and the traffic of the present step.
///
/// It goes on over the steps and stages of a run, and over a second run of the same two versions: a
/// fresh start would be a fresh chance of a false alarm. A guardrail that was edited begins anew.
package struct EvidenceBook: Codable, Sendable, Hashable {
    package let key: EvidenceKey
    /// The newest fact that was folded in.
    package private(set) var lastFact: Int64
    private var stepGeneration: Int
    private var meters: [GuardrailMeter] = []
    private var cohorts: LabelCohorts
    private var traffic: [RegionName: RegionCount] = [:]
    /// Of all callers, over all steps: it says what a larger share would come to.
    private var loads: [RegionName: RegionLoad] = [:]
    /// What was asked for from each generation on; answers carry theirs.
    private var steps: [Int: StepNote] = [:]
    /// The newest time that any fact tells of.
    private var clock = Timestamp(milliseconds: 0)
    private var restartEvery: TimeSpan
    private var restarted: Int64?
    /// A fifth of what a candidate may be silent: five pauses in a row are no outage.
    private var pauseMax: TimeSpan?
    /// The newest step that any answer is of.
    private var newestStep: Int?

    private var isLabelled: Bool { meters.contains { $0.guardrail.metric == .accuracy } }

    /// What a generation served; no visit when the candidate was not served.
    private struct StepNote: Codable, Sendable, Hashable {
        let visit: StageVisit?
        let shares: [RegionName: Share]
    }

    /// Begins at the step in which the run is now.
    package init(_ run: Run, of state: RolloutState) {
        key = EvidenceKey(run, of: state)
        lastFact = 0
        stepGeneration = run.stepGeneration
        cohorts = Self.cohorts(run)
        restartEvery = Self.restartInterval(run)
        follow(run, of: state)
    }

    /// The first generation whose answers count.
    package var firstGeneration: Int { steps.keys.min() ?? 0 }

    /// Takes over a new step, stage or run.
    package mutating func follow(_ run: Run, of state: RolloutState) {
        // Newer ones are of a history that people gave up: answers would be taken for those of a run
        // that has ended there.
        steps = steps.filter { $0.key <= run.stepGeneration }
        steps[run.stepGeneration] = StepNote(
            visit: StageVisit(run), shares: run.currentStep?.shares ?? [:])
        let isNewStep = run.stepGeneration != stepGeneration
        stepGeneration = run.stepGeneration
        let known = meters
        meters = Self.meters(run, of: state).map { wanted in
            guard var meter = known.first(where: { $0.measures(wanted) }) else { return wanted }
            if isNewStep { meter.beginStep() }
            return meter
        }
        for index in meters.indices { meters[index].enter(StageVisit(run)) }
        cohorts.follow(Self.cohorts(run))
        let silent = run.guardrails.flatMap(\.guardrails).filter(\.isRequired).map(\.maxSilent)
        pauseMax = silent.min().map { TimeSpan(milliseconds: $0.milliseconds / 5) }
        if isNewStep { traffic = [:] }
    }

    /// The run is over: answers of later generations are not the candidate's.
    package mutating func close(at generation: Int) {
        steps[generation] = StepNote(visit: nil, shares: [:])
    }

    private static func meters(_ run: Run, of state: RolloutState) -> [GuardrailMeter] {
        footings(run).map { guardrail, isPaired in
            GuardrailMeter(
                guardrail, isPaired: isPaired, regions: run.plan.regions,
                begins: run.evidenceBegins(guardrail.name),
                isSticky: state.stickyBy != .requestID, restarts: restarts(run))
        }
    }

    /// What is measured over a run: each guardrail on the same requests, side by side, or both.
    static func footings(_ run: Run) -> [(guardrail: GuardrailSpec, isPaired: Bool)] {
        run.guardrails.flatMap(\.guardrails).flatMap { guardrail in
            let stages = StageKind.allCases.filter {
                run.plan.covers($0) && guardrail.applies(in: $0)
            }
            let footings = Set(stages.map { guardrail.isPaired(in: $0) })
            return [true, false].filter(footings.contains).map { (guardrail, $0) }
        }
    }

    private static func cohorts(_ run: Run) -> LabelCohorts {
        let guardrails = run.guardrails.flatMap(\.guardrails)
        let rules = guardrails.compactMap(\.labels)
        let renewed = guardrails.filter { $0.metric == .accuracy }
            .compactMap { run.evidenceBegins($0.name) }.max()
        return LabelCohorts(
            after: rules.compactMap(\.after).max(), most: rules.map(\.maxLag).max(),
            renewed: renewed, first: max(renewed ?? 0, run.stepGeneration))
    }

    /// Hourly, or rarer for a plan that would use up the restarts before its end.
    static func restartInterval(_ run: Run) -> TimeSpan {
        max(
            .seconds(3_600),
            TimeSpan(milliseconds: planned(run) / Int64(GuardrailProcess.restartsMax)))
    }

    private static func planned(_ run: Run) -> Int64 {
        let planned = run.plan.steps.reduce(Int64(0)) { sum, step in
            sum.addingReportingOverflow(step.soak.milliseconds).partialValue
        }
        return max(planned, 0)
    }

    /// One for each step and each period of twice the plan: each restart that is kept in hand makes
    /// all of them weaker.
    static func restarts(_ run: Run) -> Int {
        let periods = planned(run) / max(restartInterval(run).milliseconds, 1)
        return min(
            2 * (run.plan.steps.count + Int(periods)) + 2, 2 * GuardrailProcess.restartsMax)
    }

    /// Takes in one fact. Facts come in rising order; one that was taken is passed over.
    package mutating func fold(_ fact: Fact) {
        guard fact.sequence > lastFact else { return }
        lastFact = fact.sequence
        let answer = fact.answer
        guard answer.rollout == key.rollout else { return }
        // Whoever answered: a caller is a caller.
        if case .answered = fact.event, answer.arm.isLive {
            loads[answer.region, default: RegionLoad()].add(answer.at)
        }
        guard key.covers(answer),
            // A generation without a step of its own is a correction: the step is the last one.
            let generation = steps.keys.filter({ $0 <= answer.generation }).max(),
            let note = steps[generation], let visit = note.visit
        else { return }
        // Of answers only: gateways stamp those, while a label's time is whatever its sender says.
        clock = max(clock, answer.at)
        restart(inStepOf: generation)
        if answer.generation >= stepGeneration, case .answered = fact.event {
            traffic[answer.region, default: RegionCount()].add(answer, pauseMax: pauseMax)
        }
        if isLabelled { cohorts.fold(fact, in: visit, clock: clock) }
        let asked = note.shares[answer.region] ?? .zero
        for index in meters.indices {
            meters[index].fold(fact, in: visit, asked: asked, clock: clock)
        }
        for (stratum, tally) in cohorts.mature(clock: clock) {
            for index in meters.indices { meters[index].fold(tally, of: stratum, clock: clock) }
        }
    }

    /// With each step and each period, before the fact that shows it: a restart must not depend on
    /// how things turn out. A version may be well in shadow and fail its first caller.
    private mutating func restart(inStepOf generation: Int) {
        let period = clock.milliseconds / max(restartEvery.milliseconds, 1)
        let isNewPeriod = restarted.map { period > $0 } ?? false
        let isNewStep = newestStep.map { generation > $0 } ?? false
        restarted = max(restarted ?? period, period)
        newestStep = max(newestStep ?? generation, generation)
        guard isNewPeriod || isNewStep else { return }
        for index in meters.indices { meters[index].restart() }
    }

    /// What `decide` looks at, in the order of the policies.
    package func evidence() -> [GuardrailEvidence] {
        let labels = cohorts.coverage
        return meters.map { $0.evidence(labels: labels) }
    }

    package var regionTraffic: [RegionName: RegionTraffic] {
        var told: [RegionName: RegionTraffic] = [:]
        for region in Set(traffic.keys).union(loads.keys) {
            told[region] = (traffic[region] ?? RegionCount())
                .told(busiest: loads[region]?.busiest)
        }
        return told
    }
}

/// What evidence is about: these bytes beside those, in one rollout.
package struct EvidenceKey: Codable, Sendable, Hashable, CustomStringConvertible {
    package let rollout: RolloutName
    package let candidate: Digest
    /// `nil` before there is a stable version.
    package let stable: Digest?

    package init(_ run: Run, of state: RolloutState) {
        rollout = state.name
        candidate = run.candidate.reference.digest
        stable = state.stable?.reference.digest
    }

    package var description: String { "\(rollout)/\(candidate.hex)/\(stable?.hex ?? "none")" }

    /// Whether an answer is one of these two versions in its role.
    func covers(_ answer: Prediction) -> Bool {
        switch answer.arm {
        case .candidate, .mirror: answer.version.digest == candidate
        case .stable: answer.version.digest == stable
        case .fallback: true
        }
    }
}
