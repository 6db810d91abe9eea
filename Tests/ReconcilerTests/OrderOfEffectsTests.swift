import History
import Ledger
import Reconciler
import RolloutCore
import Testing

/// Record before raising, lower before recording.
@Suite struct OrderOfEffectsTests {
    @Test func raisesComeAfterTheirRecord() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        await controller.stop()
        #expect(try await world.recorded() == ["bootstrap", "start", "advance"])
        #expect(world.router.served(in: World.eu)?.share == Share(clamping: 500))
        #expect(world.router.served(in: World.us)?.share == Share(clamping: 500))
        let raises = world.seen.all.filter(\.raises)
        #expect(raises.count >= 4)
        for raise in raises { #expect(raise.recorded >= raise.asked.generation) }
    }

    @Test func aBreachIsJournalledThenRoutedThenRecorded() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        let before = try #require(await controller.status).generation
        try await controller.feed(failing: 300)
        try await controller.until("rolled back") { $0.candidate == nil && $0.unrecorded == 0 }
        #expect(try controller.history.journal.pending().entries.isEmpty)
        try await controller.turns()
        await controller.stop()
        let lowered = world.seen.all.filter { $0.lowers && $0.asked.generation > before }
        #expect(lowered.count == 2)
        for step in lowered {
            #expect(step.journalled == 1 && step.recorded == before)
            #expect(step.asked.share == .zero && step.asked.candidate == nil)
        }
        #expect(try await world.recorded().suffix(2) == ["advance", "rollback"])
        // The record says what routers served by then.
        let record = try #require(try await world.newestRecord())
        #expect(record.readBack?.count == 2 && record.late == nil)
        let refused = try #require(await controller.status).refused
        #expect(refused.map(\.reference.version.rawValue) == ["2.0.0"])
    }

    // Git is out of reach: traffic goes back all the same, and the record comes later, once.
    @Test func aRollbackNeedsNoGit() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        try world.lockGit(true)
        try await controller.feed(failing: 300)
        try await controller.until("lowered") { $0.candidate == nil && $0.trouble != nil }
        for region in [World.eu, World.us] {
            #expect(world.router.served(in: region)?.candidate == nil)
        }
        let status = try #require(await controller.status)
        #expect(status.unrecorded == 1)
        #expect(status.trouble?.hasPrefix("the step back is not recorded yet") ?? false)
        #expect(try await world.recorded() == ["bootstrap", "start", "advance"])
        try world.lockGit(false)
        world.clock.pass(seconds: 2)
        try await controller.until("recorded") { $0.unrecorded == 0 && $0.trouble == nil }
        try await controller.turns()
        await controller.stop()
        #expect(try await world.recorded() == ["bootstrap", "start", "advance", "rollback"])
        #expect(try await world.newestRecord()?.late != nil)
    }

    // Nothing is raised while the record does not arrive.
    @Test func withoutARecordNothingIsRaised() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        try world.lockGit(true)
        try await controller.feed()
        let status = try await controller.until("trouble", soaking: 11) { $0.trouble != nil }
        #expect(status.trouble?.hasSuffix("nothing was raised") ?? false)
        #expect(world.router.served(in: World.eu)?.share == .zero)
        try world.lockGit(false)
        world.clock.pass(seconds: 2)
        try await controller.until("canary") { $0.stage == .canary }
        await controller.stop()
        #expect(try await world.recorded() == ["bootstrap", "start", "advance"])
    }

    @Test func anAbortByHandGoesTheSameWay() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        let run = RunID(rollout: World.name, firstDecision: 2)
        let order = Order(
            name: "abort-1", action: .abort(run: run), by: "ana@example.org", reason: "wrong")
        let answer = try await controller.reconciler.submit(order, to: World.name)
        #expect(answer?.hasPrefix("selector: abort is in force now") ?? false)
        try await controller.until("aborted") { $0.candidate == nil && $0.unrecorded == 0 }
        await controller.stop()
        #expect(try await world.recorded().last == "abort")
        #expect(world.router.served(in: World.eu)?.candidate == nil)
    }

    @Test func aRemovedRolloutIsLoweredThoughNothingNamesItsRouter() async throws {
        let world = try await World()
        // With a second router, the only one there is cannot be guessed.
        let controller = try await Controller(
            in: world, others: [World.id("other"): FakeRouter { _, _ in }])
        try await controller.reach(.canary)
        try await world.commit(
            World.files(soak: "10s", router: "gateway").filter { $0.key.hasPrefix("rollouts/") }
                .mapValues { _ in nil })
        await controller.reconciler.sync()
        try await controller.until("withdrawn") { $0.candidate == nil && $0.unrecorded == 0 }
        try await controller.settled()
        await controller.stop()
        #expect(world.router.served(in: World.eu)?.candidate == nil)
        #expect(try await world.recorded().last == "withdraw")
    }
}
