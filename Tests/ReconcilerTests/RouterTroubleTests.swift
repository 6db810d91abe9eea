import Ledger
import Reconciler
import RolloutCore
import Testing
import Traffic

/// What a router says that it took is not what it serves.
@Suite struct RouterTroubleTests {
    @Test(
        "D1, D3: a raise that did not arrive is never counted as done",
        arguments: [FakeRouter.Mood.away, .deaf])
    func aRaiseThatDidNotArriveIsNeverCountedAsDone(_ mood: FakeRouter.Mood) async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        try await controller.feed()
        world.router.be(mood)
        if case .away = mood {
            // Away already: nothing new is decided on routers that nobody hears.
            try await controller.until("noticed") { status in
                status.why?.line.contains("waits for the router of eu") ?? false
            }
            world.clock.pass(seconds: 11)
            try await controller.turns()
            #expect(await controller.step() == 0)
        } else {
            try await controller.until("canary", soaking: 11) { $0.stage == .canary }
            try await controller.feed()
            world.clock.pass(seconds: 11)
            try await controller.turns()
            // It did not go on from a step that no router serves.
            #expect(await controller.step() == 1)
            #expect(world.router.served(in: World.eu)?.share == .zero)
        }
        world.router.be(.honest)
        // Found by a release build, whose turns are shorter: a deaf router was never told again.
        world.clock.pass(seconds: 6)
        try await controller.until("canary") { $0.stage == .canary }
        try await controller.settled()
        await controller.stop()
        #expect(world.router.served(in: World.us)?.share == Share(clamping: 500))
    }

    // The answer was lost, the route was taken: a read-back tells.
    @Test("D2: a lost answer does no harm")
    func aLostAnswerDoesNoHarm() async throws {
        let world = try await World()
        world.router.be(.mumbling)
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        await controller.stop()
        #expect(try await world.recorded() == ["bootstrap", "start", "advance"])
        #expect(world.router.served(in: World.eu)?.share == Share(clamping: 500))
    }

    // 17: the breach comes while a router is away; it is lowered as soon as it is heard again.
    @Test("D1: a missed lowering is made up for")
    func aMissedLoweringIsMadeUpFor() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        world.router.be(.away)
        try await controller.feed(failing: 300)
        try await controller.until("recorded") { $0.candidate == nil && $0.unrecorded == 0 }
        #expect(world.router.served(in: World.eu)?.share == Share(clamping: 500))
        world.router.be(.honest)
        try await controller.settled()
        await controller.stop()
        for region in [World.eu, World.us] {
            #expect(world.router.served(in: region)?.candidate == nil)
        }
    }

    // 32: too much is put back at once, and both are on record.
    @Test("D7: a share that somebody raised is put back")
    func aShareThatSomebodyRaisedIsPutBack() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        let route = try #require(world.router.served(in: World.eu))
        world.router.tamper(route.with(.all, generation: route.generation + 4))
        try await controller.until("corrected") {
            $0.generation > route.generation + 4 && $0.unrecorded == 0
        }
        try await controller.settled()
        try await controller.turns()
        await controller.stop()
        #expect(world.router.served(in: World.eu)?.share == Share(clamping: 500))
        let recorded = try await world.recorded()
        #expect(recorded == ["bootstrap", "start", "advance", "drift-correction"])
        let record = try #require(try await world.newestRecord())
        #expect(record.reason.contains("eu serves 2.0.0 at 100%"))
        // The step and its evidence go on.
        #expect(await controller.step() == 1)
    }

    // Seed 36094: a controller that came back with old knowledge could not read the newest state, and
    // put three regions back to a candidate of long ago.
    @Test("F16, D7: what a damaged state may explain is left as it is")
    func aNewerRouteIsLeftAloneWhileTheStateIsDamaged() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        let path = "state/selector/current.json"
        let text = try await world.text(of: path)
        try await world.commit([path: nil])
        await controller.reconciler.sync()
        try await controller.until("damaged") { $0.why?.line.contains("current.json") ?? false }
        let route = try #require(world.router.served(in: World.eu))
        let newer = route.with(.all, generation: route.generation + 4)
        world.router.tamper(newer)
        try await controller.turns()
        world.clock.pass(seconds: 11)
        try await controller.turns()
        #expect(world.router.served(in: World.eu) == newer)
        // Once it can be read, and explains nothing, the router is put right.
        try await world.commit([path: text])
        await controller.reconciler.sync()
        try await controller.until("corrected") { $0.generation > newer.generation }
        try await controller.settled()
        await controller.stop()
        #expect(world.router.served(in: World.eu)?.share == Share(clamping: 500))
    }

    // 32: what a router forgot is given back only while every guardrail passes.
    @Test("D4: a forgotten share comes back with evidence only")
    func aForgottenShareComesBackWithEvidenceOnly() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        world.clock.pass(seconds: 90_000)
        let route = try #require(world.router.served(in: World.eu))
        world.router.tamper(
            Route(
                rollout: route.rollout, region: route.region, generation: route.generation + 1,
                run: nil, salt: route.salt, stickyBy: route.stickyBy, stable: route.stable,
                candidate: nil, share: .zero, mirror: .zero, fallback: nil))
        try await controller.until("waiting") { status in
            status.why?.line.contains("waits for the router of eu") ?? false
        }
        try await controller.turns()
        #expect(world.router.served(in: World.eu)?.share == .zero)
        try await controller.feed()
        try await controller.until("corrected") { $0.generation > route.generation + 1 }
        try await controller.settled()
        await controller.stop()
        #expect(try await world.recorded().contains("drift-correction"))
    }

    // 32, D8: putting one region down must not put another one up that somebody holds lower.
    @Test func aCorrectionDownwardsRaisesNobodyElse() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        // What was seen is too old to raise anything on.
        world.clock.pass(seconds: 90_000)
        for (region, share) in [(World.eu, Share.all), (World.us, Share.zero)] {
            let route = try #require(world.router.served(in: region))
            world.router.tamper(route.with(share, generation: route.generation + 4, in: region))
        }
        try await controller.until("eu is put back") { _ in
            world.router.served(in: World.eu)?.share == Share(clamping: 500)
        }
        try await controller.turns()
        #expect(world.router.served(in: World.us)?.share == .zero)
        try await controller.feed()
        try await controller.until("us comes back with evidence") { _ in
            (world.router.served(in: World.us)?.share ?? .zero) >= Share(clamping: 500)
        }
        await controller.stop()
    }

    /// Found by simulated worlds 7401 and 8961 (D8): somebody lowered a region between the question
    /// what it serves and the route that was to raise nobody.
    @Test func whoIsLoweredJustBeforeIsNotRaisedByACorrection() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        world.clock.pass(seconds: 90_000)
        let route = try #require(world.router.served(in: World.us))
        let lowered = route.with(Share(clamping: 1), generation: route.generation - 1, in: World.us)
        world.router.onceBeforeARoute(in: World.us) { world.router.tamper(lowered) }
        let eu = try #require(world.router.served(in: World.eu))
        world.router.tamper(eu.with(.all, generation: eu.generation + 4, in: World.eu))
        try await controller.until("eu is put back") { _ in
            world.router.served(in: World.eu)?.share == Share(clamping: 500)
        }
        try await controller.turns()
        // It is fenced there, with what it serves.
        let held = try #require(world.router.served(in: World.us))
        #expect(held.share == lowered.share && held.mirror == lowered.mirror)
        await controller.stop()
    }

    /// Found by simulated world 891 (D4): two gateways came up with older tables, one of them with
    /// more and one with less; telling the first one raised the second one along with it.
    @Test func anOlderTableWithLessIsNotRaisedAlongWithOneThatHadMore() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        world.clock.pass(seconds: 90_000)
        func serve(_ share: Share, in region: RegionName, generation: Int) throws {
            let route = try #require(world.router.served(in: region))
            world.router.tamper(route.with(share, generation: generation, in: region))
        }
        let first = try #require(world.router.served(in: World.eu)).generation
        // After a correction the newest decision is no raise any more.
        try serve(.all, in: World.eu, generation: first + 4)
        try await controller.until("corrected") {
            $0.generation > first + 4 && $0.unrecorded == 0
        }
        try await controller.settled()
        try serve(.zero, in: World.us, generation: first)
        try serve(.all, in: World.eu, generation: first)
        try await controller.until("eu is told again") { _ in
            world.router.served(in: World.eu)?.share == Share(clamping: 500)
        }
        try await controller.turns()
        #expect(world.router.served(in: World.us)?.share == .zero)
        await controller.stop()
    }

    @Test("B11: a rollout whose router never answers holds up no other")
    func aHangingRouterHoldsUpNobodyElse() async throws {
        var neighbour: [String: String] = [:]
        for (path, text) in World.files(soak: "10s", router: "slow")
        where path.hasPrefix("rollouts/") {
            neighbour[path.replacing("selector", with: "neighbour")] = text?.replacing(
                "selector", with: "neighbour")
        }
        let world = try await World(extra: neighbour)
        let hanging = HangingRouter()
        let controller = try await Controller(in: world, others: [World.id("slow"): hanging])
        while hanging.asked == 0 { try await Task.sleep(for: .milliseconds(5)) }
        try await controller.reach(.canary)
        try await controller.feed(failing: 300)
        try await controller.until("rolled back") { $0.candidate == nil && $0.unrecorded == 0 }
        for region in [World.eu, World.us] {
            #expect(world.router.served(in: region)?.candidate == nil)
        }
        await controller.stop()
    }

    // At the new router nobody would take back what the old one still serves.
    @Test("D16: an edited router leaves no candidate behind at the one before")
    func anEditedRouterLeavesNoCandidateBehind() async throws {
        let world = try await World()
        let others: [RouterName: any TrafficRouter] = [
            World.id("other"): FakeRouter { _, _ in }
        ]
        var controller = try await Controller(in: world, others: others)
        try await controller.reach(.canary)
        try await world.commit(World.files(soak: "10s", router: "other"))
        await controller.reconciler.sync()
        // Nor does the next life look elsewhere.
        for life in 0..<2 {
            try await controller.until("a person must act, in life \(life)") {
                $0.why?.line.contains("its router is to be other") ?? false
            }
            try await controller.feed()
            world.clock.pass(seconds: 11)
            try await controller.turns()
            #expect(await controller.step() == 1)
            guard life == 0 else { break }
            await controller.stop()
            controller = try await Controller(in: world, others: others)
        }
        try await controller.feed(failing: 350)
        try await controller.until("rolled back") { $0.candidate == nil && $0.unrecorded == 0 }
        for region in [World.eu, World.us] {
            #expect(world.router.served(in: region)?.candidate == nil)
        }
        // Nothing is left at the first: the next candidate comes to the other one.
        let other = try #require(others[World.id("other")])
        var readBack = await other.readBack(World.name, in: World.eu)
        for _ in 0..<600 where readBack == .nothing {
            try await Task.sleep(for: .milliseconds(10))
            readBack = await other.readBack(World.name, in: World.eu)
        }
        guard case .serving(let route) = readBack else {
            throw Trouble("the other router serves nothing")
        }
        #expect(route.stable.reference.version.rawValue == "1.0.0" && route.candidate == nil)
        await controller.stop()
        #expect(try await world.recorded() == ["bootstrap", "start", "advance", "rollback"])
    }

    @Test func aRouterThatNobodyConfiguredIsNamed() async throws {
        let world = try await World(router: "nowhere")
        let controller = try await Controller(in: world)
        let status = try await controller.until("trouble") {
            $0.trouble != nil && $0.decisions == 1
        }
        #expect(status.trouble?.contains("no router is known for it") ?? false)
        try await controller.turns()
        #expect(world.router.calls.isEmpty)
        #expect(try await world.recorded() == ["bootstrap"])
        // The repaired spec goes on from there.
        try await world.commit(World.files(soak: "10s", router: "gateway"))
        await controller.reconciler.sync()
        try await controller.reach(.shadow)
        try await controller.until("no trouble") { $0.trouble == nil }
        await controller.stop()
    }
}
