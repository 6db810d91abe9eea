import Testing

@testable import RolloutCore

@Suite struct RoutesTests {
    private let eu = Given.regions[0]
    private let us = Given.regions[1]

    @Test func nothingIsServedBeforeTheBootstrap() {
        #expect(RolloutState(name: Given.name).routes.isEmpty)
    }

    // 5: without a run nobody but stable is served, whatever came before.
    @Test func withoutARunThereIsNoCandidate() {
        for seed in 0..<500 as Range<UInt64> {
            var drawn = Drawn(seed: seed)
            let state = drawn.rollout()
            for (region, route) in state.routes {
                #expect(route.region == region && route.generation == state.generation)
                #expect(route.stable.reference == state.stable?.reference)
                guard let run = state.run, let step = run.currentStep else {
                    #expect(route.candidate == nil && route.run == nil)
                    #expect(route.share == .zero && route.mirror == .zero)
                    continue
                }
                #expect(route.candidate?.reference == run.candidate.reference)
                #expect(route.share == step.shares[region] && route.mirror == step.mirrors[region])
                // 3: in shadow the candidate answers nobody.
                if step.stage == .shadow { #expect(route.share == .zero) }
            }
        }
    }

    @Test func sharesFollowTheWaves() {
        let shares = (0...6).map { step in
            let routes = Given.state(advances: step).routes
            return [eu, us].map { routes[$0].map { "\($0.share)/\($0.mirror)" } ?? "-" }
        }
        #expect(
            shares == [
                ["0%/100%", "0%/100%"], ["5%/0%", "5%/0%"], ["25%/0%", "5%/0%"],
                ["100%/0%", "5%/0%"], ["100%/0%", "25%/0%"], ["100%/0%", "100%/0%"],
                ["100%/0%", "100%/0%"],
            ])
    }

    // 27
    @Test func aPlanMovesOneWaveAtATimeAndNeverDown() {
        let plan = Plan(stages: Given.stages, regions: Given.regions)
        #expect(
            plan.steps.map(\.stage.rawValue) == [
                "shadow", "canary", "gradual", "gradual", "gradual", "gradual", "full",
            ])
        for (step, next) in zip(plan.steps, plan.steps.dropFirst()) {
            let moved = Given.regions.filter { step.shares[$0] != next.shares[$0] }
            if next.stage == .gradual { #expect(moved.count == 1) }
            for region in Given.regions {
                #expect((step.shares[region] ?? .all) <= (next.shares[region] ?? .zero))
            }
        }
        #expect(plan.steps.map(\.approval).contains(true) == false)
        #expect(plan.step(-1) == nil && plan.step(7) == nil)
    }

    @Test func approvalIsAskedOnceAStage() {
        let stages = Given.stages.map {
            StageSpec(
                stage: $0.stage, shares: $0.shares, soak: $0.soak, waves: $0.waves,
                approval: $0.stage == .gradual)
        }
        let plan = Plan(stages: stages, regions: Given.regions)
        #expect(plan.steps.map(\.approval) == [false, false, true, false, false, false, false])
    }

    @Test func aVersionWithoutAnAddressIsNotServedThere() {
        let only = ServedVersion(
            reference: Given.candidate.reference, endpoints: [eu: "http://a"])
        let state = Given.booted.after(
            .start(Action.Start(Given.ask(only))), number: 2, at: Given.now
        ).after(.advance(step: 1), number: 3, at: Given.now)
        #expect(state.routes[eu]?.share == Share(clamping: 500))
        #expect(state.routes[us]?.candidate == nil && state.routes[us]?.share == .zero)
    }

    // MARK: Fencing (12)

    private func route(
        _ generation: Int, _ share: Int, mirror: Int = 0,
        candidate: ServedVersion? = Given.candidate,
        stable: ServedVersion = Given.stable
    ) -> Route {
        func backend(_ version: ServedVersion) -> Route.Backend {
            Route.Backend(reference: version.reference, endpoint: version.endpoints[eu] ?? "")
        }
        return Route(
            rollout: Given.name, region: eu, generation: generation, run: nil, salt: "s",
            stickyBy: .requestID, stable: backend(stable), candidate: candidate.map(backend),
            share: Share(clamping: share), mirror: Share(clamping: mirror), fallback: nil)
    }

    @Test("B2: a route that is older replaces nothing")
    func fencingTable() {
        let current = route(5, 2_500, mirror: 1_000)
        let other = Given.served("3.0.0", "e")
        let table: [(String, Route, Bool)] = [
            ("older, lower", route(4, 0), false),
            ("older, higher", route(4, 10_000), false),
            ("newer, higher", route(6, 10_000), true),
            ("newer, lower", route(6, 0), true),
            ("newer, another candidate", route(6, 9_000, candidate: other), true),
            ("equal, the same", current, true),
            ("equal, lower share", route(5, 2_499, mirror: 1_000), true),
            ("equal, lower mirror", route(5, 2_500, mirror: 999), true),
            ("equal, no candidate", route(5, 0, candidate: nil), true),
            ("equal, higher share", route(5, 2_501), false),
            ("equal, higher mirror", route(5, 2_500, mirror: 1_001), false),
            ("equal, lower share but higher mirror", route(5, 0, mirror: 10_000), false),
            ("equal, another candidate", route(5, 1, candidate: other), false),
            ("equal, another stable", route(5, 0, stable: other), false),
        ]
        for (name, route, expected) in table {
            #expect(route.mayReplace(current) == expected, "\(name)")
        }
    }

    // B2
    @Test func aFenceKeepsEarlierCallsOut() throws {
        let wanted = route(7, 2_500)
        for served in [route(3, 500), route(3, 0, mirror: 10_000), route(3, 0, candidate: nil)] {
            let fence = try #require(wanted.fence(over: served))
            #expect(fence.share == served.share && fence.mirror == served.mirror)
            #expect(fence.candidate == served.candidate && fence.stable == served.stable)
            #expect(fence.mayReplace(served) && wanted.mayReplace(fence))
            for late in 3...6 { #expect(!route(late, 5_000).mayReplace(fence)) }
        }
        // Copies for the candidate of a run that is over end.
        let other = Given.served("3.0.0", "e")
        let ended = try #require(
            wanted.fence(over: route(3, 0, mirror: 10_000, candidate: other)))
        #expect(ended == wanted.stableAlone && ended.candidate == nil && ended.generation == 6)
        // Also where no earlier call is to be kept out (seed 610242).
        let next = try #require(wanted.fence(over: route(6, 0, mirror: 10_000, candidate: other)))
        #expect(next == wanted.stableAlone && wanted.mayReplace(next))
        // Nobody asked for copies for a candidate that answers callers (seed 562618).
        let both = try #require(wanted.fence(over: route(3, 500, mirror: 10_000)))
        #expect(both.share == wanted.fence(over: route(3, 500))?.share && both.mirror == .zero)
        // It is fenced already, or is to serve less.
        #expect(wanted.fence(over: route(6, 500)) == nil)
        #expect(wanted.fence(over: route(9, 500)) == nil)
        #expect(wanted.fence(over: route(3, 2_500)) == nil)
        #expect(wanted.fence(over: route(3, 5_000)) == nil)
        #expect(route(7, 0, candidate: nil).fence(over: route(3, 500)) == nil)
    }

    // MARK: What routers say

    @Test func conditionTable() {
        let expected = route(5, 500)
        let other = Given.served("3.0.0", "e")
        func found(_ route: Route) -> RouterCondition {
            RouterCondition(expected: expected, found: .serving(route))
        }
        func drift(_ condition: RouterCondition) -> Bool? {
            if case .drifted(let raises, _, _) = condition { raises } else { nil }
        }
        #expect(found(expected) == .asRecorded)
        #expect(found(route(4, 0, mirror: 10_000)) == .owed(raises: true))
        #expect(found(route(4, 2_500)) == .owed(raises: false))
        #expect(found(route(4, 0, candidate: other)) == .owed(raises: true))
        #expect(drift(found(route(5, 2_500))) == false)
        #expect(drift(found(route(9, 0, candidate: nil))) == true)
        #expect(RouterCondition(expected: expected, found: .nothing) == .empty)
        #expect(RouterCondition(expected: route(5, 0, candidate: nil), found: .nothing) == .empty)
        #expect(
            RouterCondition(expected: expected, found: .unknown(reason: "x"))
                == .unreachable(reason: "x"))
    }

    // 17: the router missed a step back, which nothing may hold up, not even its own hold.
    @Test func aMissedStepBackFromCanaryToShadowIsMadeUpFor() {
        let canary = Given.state(advances: 1)
        let cause = Cause.silent(region: eu, summary: "quiet")
        let back = canary.after(.stepBack(step: 0, cause), number: 4, at: Given.now)
        var routers: [RegionName: RouterCondition] = [:]
        for (region, route) in back.routes {
            guard let served = canary.routes[region] else { continue }
            routers[region] = RouterCondition(expected: route, found: .serving(served))
        }
        #expect(decide(Given.input(back, routers: routers)).next == .apply)
    }

    // 5: a candidate that was rolled back may still be served where nobody answers.
    @Test("D3: nothing starts while a router is away")
    func nothingStartsWhileARouterIsAway() {
        let input = Given.input(Given.booted, routers: [us: .unreachable(reason: "away")])
        #expect(
            decide(input).next == .wait(Wait(.router(region: us, summary: "away"))))
    }
}
