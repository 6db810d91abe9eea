import RolloutCore
import Testing

/// What `decide` does, in one word, so that the rules can be read as a table.
func word(_ decision: Decision) -> String {
    switch decision.next {
    case .apply: "apply"
    case .serveStable: "serve stable"
    case .act(let action, _):
        switch action {
        case .advance(let step, _): "advance \(step)"
        case .stepBack(let step, _): "step-back \(step)"
        default: action.kind
        }
    case .wait(let wait):
        switch wait.reason {
        case .upToDate: "up to date"
        case .soaking: "soaking"
        case .undecided: "undecided"
        case .approvals: "approval"
        case .capacity: "capacity"
        case .conflict: "conflict"
        case .window: "window"
        case .notAdmitted: "not admitted"
        case .heldByBreach: "held"
        case .heldByOrder: "hold order"
        case .stopped: "stopped"
        case .halted: "halted"
        case .clockUnsteady: "clock"
        case .broken: "broken"
        case .refused: "refused"
        case .noBaseline: "no baseline"
        case .noSafeTarget: "no safe target"
        case .router: "router"
        case .withdrawn: "withdrawn"
        }
    }
}

struct Row: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let input: DecisionInput
    let expected: String

    init(_ name: String, _ input: DecisionInput, _ expected: String) {
        testDescription = name
        self.input = input
        self.expected = expected
    }
}

private func order(_ action: Order.Action) -> Order {
    Order(name: "o1", action: action, by: "sre@example.org", reason: "because")
}

private let bad = 600  // of 5,000, against 5 %
private let unsure = 255
private let stop = StopOrder(owner: "sre", reason: "incident", since: nil, expires: nil)
private let runID = RunID(rollout: Given.name, firstDecision: 2)
private let eu = Given.regions[0]
private let us = Given.regions[1]
private let ghost = RouterCondition.drifted(raises: false, generation: 9, summary: "ghost")

private func ended(_ cause: Cause) -> RolloutState {
    Given.state().after(.rollBack(cause), number: 3, at: Given.now)
}
private let breached = ended(.breach(guardrail: Given.id("errors"), summary: "errors"))
private let release = order(.release(version: Given.candidate.reference, decision: 3))
private var held: RolloutState {
    let cause = Cause.breach(guardrail: Given.id("errors"), summary: "errors")
    return Given.state(advances: 1).after(.hold(cause), number: 4, at: Given.now)
}
private func hold(onBreach: Reaction, advances: Int = 1) -> RolloutState {
    Given.state(advances: advances, guardrails: [Given.guardrail("errors", onBreach: onBreach)])
}
private func approvalPlan() -> Ask {
    let stages = Given.stages.map {
        StageSpec(
            stage: $0.stage, shares: $0.shares, soak: $0.soak, waves: $0.waves,
            approval: $0.stage == .canary)
    }
    return Given.ask(stages: stages)
}
private var waitingForApproval: RolloutState {
    Given.booted.after(.start(Action.Start(approvalPlan())), number: 2, at: Given.now)
}

@Suite struct DecideTests {
    static let rows: [Row] = [
        // Beginnings
        Row(
            "nothing known, bootstrap named", Given.input(RolloutState(name: Given.name)),
            "bootstrap"),
        Row(
            "J12: nothing known, and no version named to begin with",
            Given.input(
                RolloutState(name: Given.name), request: .asked(Given.ask(bootstrap: nil))),
            "no baseline"),
        Row("a new version starts", Given.input(Given.booted), "start"),
        Row(
            "J17: stable asked for",
            Given.input(Given.booted, request: .asked(Given.ask(Given.stable))),
            "up to date"),
        Row(
            "no start while halted",
            Given.input(Given.booted, conditions: Conditions(halted: "rewritten")), "halted"),
        Row(
            "no start while stopped", Given.input(Given.booted, conditions: Conditions(stop: stop)),
            "stopped"),
        Row(
            "no start while held", Given.input(Given.booted, orders: [order(.hold(expires: nil))]),
            "hold order"),
        Row(
            "an expired hold holds nothing",
            Given.input(Given.booted, orders: [order(.hold(expires: Given.now))]), "start"),
        Row(
            "no start from a broken spec",
            Given.input(Given.booted, request: .broken(summary: "x")), "broken"),

        // Forward
        Row("passed and soaked", Given.input(Given.state()), "advance 1"),
        Row("not soaked", Given.input(Given.state(), atStep: .seconds(9)), "soaking"),
        Row("canary goes to gradual", Given.input(Given.state(advances: 1)), "advance 2"),
        Row(
            "the last gradual step goes to full", Given.input(Given.state(advances: 5)), "advance 6"
        ),
        Row("full completes", Given.input(Given.state(advances: 6)), "complete"),
        Row(
            "approval is waited for",
            Given.input(waitingForApproval, request: .asked(approvalPlan())), "approval"),
        Row(
            "promote skips soak, proof and approval",
            Given.input(
                waitingForApproval, request: .asked(approvalPlan()),
                orders: [order(.promote(run: runID, step: 0))], atStep: .zero, failures: nil),
            "advance 1"),
        Row(
            "H15: promote of another step does nothing",
            Given.input(
                Given.state(), orders: [order(.promote(run: runID, step: 1))], atStep: .zero),
            "soaking"),

        // Undecided never advances
        Row("C1, C2: no evidence", Given.input(Given.state(), failures: nil), "undecided"),
        Row("too few samples", Given.input(Given.state(), trials: 99), "undecided"),
        Row(
            "C4: stale evidence",
            Given.input(Given.state(), freshest: Given.now - .seconds(301)), "undecided"),
        Row("never fresh", Given.input(Given.state(), freshest: nil), "undecided"),
        Row(
            "undecided at the end of gradual",
            Given.input(Given.state(advances: 5), failures: unsure), "undecided"),
        Row(
            "a guardrail that cannot be measured",
            Given.input(
                Given.state(guardrails: [Given.guardrail("gpu", .prometheus(query: "x"))]),
                failures: nil), "undecided"),
        Row(
            "an advisory guardrail gates nothing",
            Given.input(hold(onBreach: .alert), failures: nil), "advance 2"),

        // Breach beats everything
        Row("breach", Given.input(Given.state(), failures: bad), "rollback"),
        Row(
            "breach beats soak", Given.input(Given.state(), atStep: .zero, failures: bad),
            "rollback"),
        Row(
            "J13, J14: breach at the end of full",
            Given.input(Given.state(advances: 6), failures: bad), "rollback"),
        Row(
            "breach while halted",
            Given.input(Given.state(), conditions: Conditions(halted: "x"), failures: bad),
            "rollback"),
        Row(
            "breach while stopped",
            Given.input(Given.state(), conditions: Conditions(stop: stop), failures: bad),
            "rollback"),
        Row(
            "breach while the clock jumped",
            Given.input(Given.state(), conditions: Conditions(clockSteady: false), failures: bad),
            "rollback"),
        Row("breach while held", Given.input(held, failures: bad), "rollback"),
        Row(
            "breach with a broken spec",
            Given.input(Given.state(), request: .broken(summary: "x"), failures: bad), "rollback"),
        Row(
            "breach with an unreachable router",
            Given.input(Given.state(), failures: bad, routers: [eu: .unreachable(reason: "x")]),
            "rollback"),
        Row(
            "breach beats promote",
            Given.input(
                Given.state(), orders: [order(.promote(run: runID, step: 0))], failures: bad),
            "rollback"),
        Row(
            "step-back on breach",
            Given.input(hold(onBreach: .stepBack), failures: bad), "step-back 0"),
        Row(
            "step-back from the first step is a rollback",
            Given.input(hold(onBreach: .stepBack, advances: 0), failures: bad), "rollback"),
        Row("hold on breach", Given.input(hold(onBreach: .hold), failures: bad), "hold"),
        Row(
            "an alert does nothing", Given.input(hold(onBreach: .alert), failures: bad), "advance 2"
        ),

        // What people change while a run is on its way
        Row(
            "F13, J7: a policy that was loosened meanwhile excuses no breach",
            Given.input(
                Given.state(), request: .asked(Given.ask(guardrails: [])), failures: bad),
            "rollback"),
        Row(
            "J7: nor does it let anything on",
            Given.input(
                Given.state(), request: .asked(Given.ask(guardrails: [])), failures: nil),
            "undecided"),

        // Holds and conditions
        Row("held", Given.input(held), "held"),
        Row("resumed", Given.input(held, orders: [order(.resume(decision: 4))]), "resume"),
        Row(
            "H15: resume of another hold", Given.input(held, orders: [order(.resume(decision: 3))]),
            "held"),
        Row(
            "hold order", Given.input(Given.state(), orders: [order(.hold(expires: nil))]),
            "hold order"),
        Row("stopped", Given.input(Given.state(), conditions: Conditions(stop: stop)), "stopped"),
        Row("halted", Given.input(Given.state(), conditions: Conditions(halted: "x")), "halted"),
        Row(
            "clock", Given.input(Given.state(), conditions: Conditions(clockSteady: false)), "clock"
        ),
        Row(
            "broken spec keeps the share",
            Given.input(Given.state(), request: .broken(summary: "x")), "broken"),

        // Orders and new requests
        Row("abort", Given.input(Given.state(), orders: [order(.abort(run: runID))]), "abort"),
        Row(
            "H15: abort of another run",
            Given.input(
                Given.state(),
                orders: [order(.abort(run: RunID(rollout: Given.name, firstDecision: 9)))]),
            "advance 1"),
        Row(
            "J10: abort beats hold",
            Given.input(
                Given.state(), orders: [order(.hold(expires: nil)), order(.abort(run: runID))]),
            "abort"),
        Row(
            "J5: another version supersedes",
            Given.input(Given.state(), request: .asked(Given.ask(Given.served("3.0.0", "e")))),
            "supersede"),
        Row(
            "J8: an edited plan supersedes",
            Given.input(Given.state(), request: .asked(Given.ask(spec: "f"))), "supersede"),
        Row(
            "J5: another version waits in the queue",
            Given.input(
                Given.state(),
                request: .asked(Given.ask(Given.served("3.0.0", "e"), rule: .queue))), "advance 1"),
        Row(
            "J5: another version is rejected",
            Given.input(
                Given.state(),
                request: .asked(Given.ask(Given.served("3.0.0", "e"), rule: .reject))), "refuse"),
        Row(
            "stable asked for again",
            Given.input(Given.state(), request: .asked(Given.ask(Given.stable))), "withdraw"),
        Row("the rollout is removed", Given.input(Given.state(), request: .withdrawn), "withdraw"),
        Row("J4: a rolled-back digest is refused", Given.input(breached), "refused"),
        Row("a released digest starts again", Given.input(breached, orders: [release]), "start"),
        Row(
            "a superseded digest may start", Given.input(ended(.superseded(summary: "x"))), "start"),
        Row(
            "H15: a release of another decision",
            Given.input(
                breached,
                orders: [order(.release(version: Given.candidate.reference, decision: 2))]),
            "refused"),
        Row(
            "J3: rollback without an earlier good version",
            Given.input(
                Given.booted, orders: [order(.rollback(from: Given.stable.reference))]),
            "no safe target"),

        // Routers
        Row(
            "a raise that a router never heard of",
            Given.input(Given.state(advances: 1), routers: [eu: .owed(raises: true)]), "apply"),
        Row(
            "no raise is applied while halted",
            Given.input(
                Given.state(advances: 1), conditions: Conditions(halted: "x"),
                routers: [eu: .owed(raises: true)]), "halted"),
        Row(
            "a lowering is applied while halted",
            Given.input(
                Given.booted, conditions: Conditions(halted: "x"),
                routers: [eu: .owed(raises: false)]), "apply"),
        Row(
            "breach beats a raise that is owed",
            Given.input(
                Given.state(advances: 1), failures: bad, routers: [eu: .owed(raises: true)]),
            "rollback"),
        Row(
            "too much is lowered at once", Given.input(Given.state(), routers: [eu: ghost]),
            "drift-correction"),
        Row(
            "too little is raised when all pass",
            Given.input(
                Given.state(advances: 1),
                routers: [us: .drifted(raises: true, generation: 3, summary: "x")]),
            "drift-correction"),
        Row(
            "too little stays when not all pass",
            Given.input(
                Given.state(advances: 1), failures: nil,
                routers: [us: .drifted(raises: true, generation: 3, summary: "x")]), "router"),
        Row(
            "an unreachable router blocks",
            Given.input(Given.state(), routers: [eu: .unreachable(reason: "x")]), "router"),
    ]

    // C1, C2, C4, F13, H15, J3, J4, J5, J7, J8, J10, J12, J13, J14, J17: each has rows here.
    @Test(arguments: rows) func decides(_ row: Row) {
        #expect(word(decide(row.input)) == row.expected)
    }

    @Test("C11, C22: silent candidate steps down while its control is served")
    func silentCandidateStepsDownWhileItsControlIsServed() {
        let traffic = [
            eu: RegionTraffic(
                candidate: 10, stable: 900, candidateLast: Given.now - .seconds(302),
                stableLast: Given.now,
                alone: .init(since: Given.now - .seconds(301), users: 500))
        ]
        let input = Given.input(
            Given.state(advances: 1), atStep: .seconds(400), failures: nil, traffic: traffic)
        #expect(word(decide(input)) == "step-back 0")
        let both = [
            eu: RegionTraffic(
                candidate: 10, stable: 900, candidateLast: Given.now - .seconds(301),
                stableLast: Given.now - .seconds(301),
                alone: .init(since: Given.now - .seconds(800), users: 500))
        ]
        let silent = Given.input(
            Given.state(advances: 1), atStep: .seconds(400), failures: nil, traffic: both)
        #expect(word(decide(silent)) == "undecided")
    }

    // The first request after a quiet night: stable has answered, the copy has not come back yet.
    // And a handful of callers who all belong to stable.
    @Test(
        "C11: time without traffic is not the candidates silence",
        arguments: [(since: Int64(1), users: 900), (301, 20)])
    func timeWithoutTrafficIsNotTheCandidatesSilence(_ alone: (since: Int64, users: Int)) {
        let traffic = [
            eu: RegionTraffic(
                candidate: 10, stable: 900, candidateLast: Given.now - .seconds(30_000),
                stableLast: Given.now,
                alone: .init(since: Given.now - .seconds(alone.since), users: alone.users))
        ]
        let input = Given.input(
            Given.state(advances: 1), atStep: .seconds(40_000), failures: nil, traffic: traffic)
        #expect(word(decide(input)) == "undecided")
    }

    @Test("J14: rollback of stable goes to the last good version")
    func rollbackOfStableGoesToTheLastGoodVersion() {
        var state = Given.state(advances: 6).after(.complete, number: 9, at: Given.now)
        #expect(state.stable == Given.candidate)
        #expect(state.knownGood.map(\.reference.version.rawValue) == ["2.0.0", "1.0.0"])
        let undo = order(.rollback(from: Given.candidate.reference))
        guard case .act(let action, _) = decide(Given.input(state, orders: [undo])).next else {
            Issue.record("nothing was done")
            return
        }
        state = state.after(action, number: 10, at: Given.now)
        #expect(state.stable == Given.stable)
        #expect(word(decide(Given.input(state, orders: [undo]))) == "refused")
    }

    @Test("J15: regions that come or go during a run start it again, from nothing")
    func editedRegionsStartTheRunAgain() throws {
        let ap: RegionName = Given.id("ap")
        func served(_ version: ServedVersion) -> ServedVersion {
            ServedVersion(
                reference: version.reference,
                endpoints: version.endpoints.merging([ap: "http://ap"]) { $1 })
        }
        func asked(_ regions: [RegionName]) -> Ask {
            let stages = Given.stages.map {
                StageSpec(
                    stage: $0.stage, shares: $0.shares, soak: $0.soak, waves: [regions],
                    approval: false)
            }
            return Given.ask(
                served(Given.candidate), stages: stages, regions: regions, spec: "f")
        }
        let booted = RolloutState(name: Given.name).after(
            .bootstrap(
                Action.Bootstrap(
                    version: served(Given.stable), fallback: nil, regions: Given.regions,
                    stickyBy: .requestID)), number: 1, at: Given.now)
        for regions in [[eu, us, ap], [eu]] {
            var state = booted.after(
                .start(Action.Start(Given.ask(served(Given.candidate)))), number: 2, at: Given.now)
            for step in 1...2 {
                state = state.after(.advance(step: step), number: step + 2, at: Given.now)
            }
            let request = Request.asked(asked(regions))
            guard case .act(let back, _) = decide(Given.input(state, request: request)).next,
                back.kind == "supersede"
            else {
                Issue.record("the run goes on over other regions")
                continue
            }
            state = state.after(back, number: 5, at: Given.now)
            // Where it was served it is taken back first, also in a region that is to go.
            #expect(Set(state.routes.keys) == Set(Given.regions))
            #expect(state.routes.values.allSatisfy { $0.candidate == nil && $0.share == .zero })
            guard case .act(let start, _) = decide(Given.input(state, request: request)).next,
                start.kind == "start"
            else {
                Issue.record("it does not start again")
                continue
            }
            state = state.after(start, number: 6, at: Given.now)
            #expect(Set(state.routes.keys) == Set(regions))
            #expect(state.routes.values.allSatisfy { $0.share == .zero && $0.mirror == .all })
        }
    }

    // 200 rollouts of one region stood still for ever at gradual 100 %: a comparison that was not
    // proven had been let through, to where no stable is left to compare with.
    @Test func whatNeedsStableIsProvenWhileStableServes() {
        let plan = Given.ask().plan
        func lastSeen(_ guardrail: GuardrailSpec) -> [Int] {
            plan.steps.indices.filter { step in
                plan.step(step).map(guardrail.isSeen) == true
                    && guardrail.isLastSeen(at: step, of: plan)
            }
        }
        // Shadow, canary, eu at 25 % and 100 %, us at 25 % and 100 %, full.
        #expect(lastSeen(Given.comparison()) == [4])
        #expect(lastSeen(Given.guardrail("traffic-split", .sampleRatio)) == [4])
        #expect(lastSeen(Given.guardrail("errors")) == [5, 6])
        #expect(lastSeen(Given.guardrail("errors", stages: [.canary])) == [1])
    }

    @Test func atEverybodyAComparisonHoldsNothingUp() {
        let guardrails = [Given.guardrail("errors"), Given.comparison()]
        let before = Given.input(Given.state(advances: 4, guardrails: guardrails))
        let after = Given.input(Given.state(advances: 5, guardrails: guardrails))
        #expect(decide(before).verdicts.map(\.guardrail.rawValue) == ["errors", "throughput"])
        #expect(decide(after).verdicts.map(\.guardrail.rawValue) == ["errors"])
        guard case .act(.advance, _) = decide(after).next else {
            Issue.record("\(decide(after).next)")
            return
        }
    }
}
