import Evidence

@testable import RolloutCore

/// Inputs that nobody thought of: drawn from a seed, so that a failure can be seen again.
struct Drawn {
    /// SplitMix64 (Steele, Lea and Flood 2014): the same draws on every machine.
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A whole number of at least 0 and below `bound`.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    // MARK: Evidence

    /// Built once: a process costs more than everything else here.
    enum Process {
        static let good = GuardrailProcess.proportion(Given.process(trials: 5_000, failures: 0))
        static let bad = GuardrailProcess.proportion(Given.process(trials: 5_000, failures: 600))
        static let unsure = GuardrailProcess.proportion(Given.process(trials: 5_000, failures: 255))
        static let few = GuardrailProcess.proportion(Given.process(trials: 50, failures: 0))
        static let empty = GuardrailProcess.proportion(Given.process(trials: 0, failures: 0))
        static let none = GuardrailProcess.unmeasured(reason: "nobody looks")
    }

    private mutating func process() -> GuardrailProcess {
        chance(60)
            ? Process.good
            : pick([Process.bad, Process.unsure, Process.few, Process.empty, Process.none])
    }

    mutating func guardrails() -> [GuardrailSpec] {
        (0...below(2)).map { index in
            GuardrailSpec(
                name: Given.id("g\(index)"), metric: .errors,
                criterion: .atMost(Given.finite(0.05)),
                onBreach: chance(50) ? .rollback : pick(Reaction.allCases),
                stages: chance(80) ? nil : [pick(StageKind.allCases)],
                slices: chance(20) ? [.region] : [], minSamples: pick([0, 100, 10_000]),
                maxSilent: pick([.seconds(30), .seconds(300)]), labels: nil, severity: .info,
                dryRun: chance(10))
        }
    }

    private mutating func evidence(_ run: Run) -> [GuardrailEvidence] {
        run.guardrails.flatMap(\.guardrails).flatMap { guardrail -> [GuardrailEvidence] in
            guard chance(90) else { return [] }
            let regions = guardrail.slices.isEmpty ? [] : Given.regions
            let slices = regions.map { SliceEvidence(region: $0, process: process()) }
            var mixture = SliceMixture()
            mixture.observe(
                pooled: Double(below(12)), slices: slices.map { _ in Double(below(12)) })
            return [
                GuardrailEvidence(
                    guardrail: guardrail.name, process: process(), slices: slices,
                    mixture: slices.isEmpty ? nil : mixture,
                    freshest: chance(90) ? Given.now - .seconds(Int64(below(600))) : nil,
                    labels: nil)
            ]
        }
    }

    // MARK: States

    mutating func version() -> ServedVersion {
        let (name, letter) = pick([("1.0.0", "a"), ("2.0.0", "b"), ("3.0.0", "e"), ("4.0.0", "f")])
        return Given.served(name, Character(letter))
    }

    mutating func ask() -> Ask {
        let soaks = Given.stages.map { stage in
            StageSpec(
                stage: stage.stage, shares: stage.shares, soak: .seconds(Int64(below(60))),
                waves: stage.waves, approval: chance(10))
        }
        return Given.ask(
            version(), stages: soaks, guardrails: guardrails(),
            rule: pick(NewVersionRule.allCases), spec: pick(["c", "d"]))
    }

    private mutating func cause() -> Cause {
        switch below(5) {
        case 0: .breach(guardrail: Given.id("g0"), summary: "worse")
        case 1: .silent(region: Given.regions[0], summary: "nothing heard")
        case 2: .superseded(summary: "another one")
        case 3: .withdrawn(summary: "not wanted")
        default: .ordered(order: "o", by: "ana", summary: "ana: no")
        }
    }

    /// Any action, also such as makes no sense in the state.
    mutating func action() -> Action {
        switch below(12) {
        case 0:
            .bootstrap(
                Action.Bootstrap(
                    version: version(), fallback: nil, regions: Given.regions,
                    stickyBy: .requestID))
        case 1, 2: .start(Action.Start(ask()))
        case 3: .advance(step: below(9) - 1)
        case 4: .complete
        case 5: .rollBack(cause())
        case 6: .stepBack(step: below(9) - 1, cause())
        case 7: .hold(cause())
        case 8: .resume(order: "o", by: "ana")
        case 9: .revert(to: version(), cause())
        case 10: .refuse(version().reference, "not now")
        default:
            .correct(
                Action.Correction(
                    summary: "x", raises: chance(50),
                    seenGeneration: pick([0, 5, 40, .max, .max - 1, .min])))
        }
    }

    /// A state that some row of decisions has led to; mostly in the middle of a run.
    mutating func rollout() -> RolloutState {
        guard chance(95) else { return RolloutState(name: Given.name) }
        var state = Given.booted
        for _ in 0..<below(4) {
            state = state.after(action(), number: state.decisions + 1, at: Given.now)
        }
        guard chance(80) else { return state }
        state = state.after(
            .start(Action.Start(ask())), number: state.decisions + 1, at: Given.now)
        for step in 0..<below(7) {
            state = state.after(
                .advance(step: step + 1), number: state.decisions + 1, at: Given.now)
        }
        if chance(15) {
            state = state.after(.hold(cause()), number: state.decisions + 1, at: Given.now)
        }
        return state
    }

    // MARK: Inputs

    private mutating func orders(_ state: RolloutState) -> [Order] {
        let run = state.run?.id ?? RunID(rollout: Given.name, firstDecision: 1)
        return (0..<(chance(30) ? 1 + below(2) : 0)).map { index in
            let action: Order.Action =
                switch below(6) {
                case 0: .hold(expires: chance(50) ? nil : Given.now + .seconds(Int64(below(3) - 1)))
                case 1: .resume(decision: state.run?.held?.decision ?? 1)
                case 2:
                    .abort(run: chance(70) ? run : RunID(rollout: Given.name, firstDecision: 99))
                case 3: .rollback(from: (state.stable ?? Given.stable).reference)
                case 4: .promote(run: run, step: chance(70) ? state.run?.step ?? 0 : 3)
                default: .release(version: version().reference, decision: below(6))
                }
            return Order(name: "o\(index)", action: action, by: "ana", reason: "so")
        }
    }

    private mutating func capacity() -> [RegionName: RequestRate] {
        Given.regions.reduce(into: [:]) { $0[$1] = RequestRate(perMinute: 1 + below(2_000)) }
    }

    private mutating func routers() -> [RegionName: RouterCondition] {
        var routers: [RegionName: RouterCondition] = [:]
        for region in Given.regions {
            let strange: [RouterCondition] = [
                .owed(raises: true), .owed(raises: false), .unreachable(reason: "away"),
                .drifted(raises: true, generation: below(30), summary: "less"),
                .drifted(raises: false, generation: below(30), summary: "more"),
            ]
            routers[region] = chance(85) ? .asRecorded : pick(strange)
        }
        return routers
    }

    mutating func input() -> DecisionInput {
        let state = rollout()
        let request: Request =
            chance(75) && state.run != nil
            ? .asked(repeated(state)) : pick([.asked(ask()), .broken(summary: "x"), .withdrawn])
        let stop = StopOrder(
            owner: "sre", reason: "incident", since: nil,
            expires: chance(50) ? nil : Given.now + .seconds(Int64(below(3) - 1)))
        var traffic: [RegionName: RegionTraffic] = [:]
        for region in Given.regions where chance(30) {
            traffic[region] = RegionTraffic(
                candidate: below(100), stable: below(1_000),
                candidateLast: chance(80) ? Given.now - .seconds(Int64(below(900))) : nil,
                stableLast: chance(80) ? Given.now - .seconds(Int64(below(900))) : nil,
                alone: chance(60)
                    ? .init(since: Given.now - .seconds(Int64(below(2_000))), users: below(900))
                    : nil)
        }
        return DecisionInput(
            now: Given.now, state: state, request: request, orders: orders(state),
            conditions: Conditions(
                halted: chance(8) ? "rewritten" : nil, stop: chance(12) ? stop : nil,
                clockSteady: chance(92)),
            atStep: pick([.zero, .seconds(30), .seconds(3_600)]), timeScale: pick([1, 1, 60]),
            evidence: state.run.map { evidence($0) } ?? [], traffic: traffic, routers: routers(),
            stableCapacity: chance(20) ? capacity() : nil,
            rivals: chance(20) ? [.unseen(Given.id("other"), in: Given.regions[0])] : nil)
    }

    /// The request that the run began with.
    private func repeated(_ state: RolloutState) -> Ask {
        guard let run = state.run else { return Given.ask() }
        return Ask(
            candidate: run.candidate, bootstrap: nil, fallback: nil, stickyBy: .requestID,
            onNewVersion: .replace, plan: run.plan, guardrails: run.guardrails,
            specDigest: run.specDigest, policyDigest: run.policyDigest)
    }
}
