import Foundation
import History
import Ledger
import Reconciler
import RolloutCore
import Testing

/// A controller that ends at any moment, and the next one.
@Suite struct RestartTests {
    // 10: journalled and lowered, not recorded.
    @Test("B5: a step that git never heard of is recorded once")
    func aStepThatGitNeverHeardOfIsRecordedOnce() async throws {
        let world = try await World()
        var controller = try await Controller(in: world)
        try await controller.reach(.canary)
        try world.lockGit(true)
        try await controller.feed(failing: 300)
        try await controller.until("lowered") { $0.candidate == nil && $0.trouble != nil }
        await controller.stop()
        try world.lockGit(false)

        controller = try await Controller(in: world)
        try await controller.until("recorded") { $0.unrecorded == 0 && $0.candidate == nil }
        #expect(try controller.history.journal.pending().entries.isEmpty)
        await controller.stop()
        #expect(try await world.recorded() == ["bootstrap", "start", "advance", "rollback"])
        let record = try #require(try await world.newestRecord())
        #expect(record.late == "the controller was restarted before it was recorded")
        #expect(record.readBack?.count == 2)

        controller = try await Controller(in: world)
        try await controller.turns()
        await controller.stop()
        #expect(try await world.recorded().count == 4)
    }

    // Journalled and nothing else: the next controller lowers, whatever it has not read yet.
    @Test func aStepThatRoutersNeverHeardOfIsTaken() async throws {
        let world = try await World()
        var controller = try await Controller(in: world)
        try await controller.reach(.canary)
        world.router.be(.away)
        try world.lockGit(true)
        try await controller.feed(failing: 300)
        try await controller.until("journalled") { $0.unrecorded == 1 }
        await controller.stop()
        #expect(world.router.served(in: World.eu)?.share == Share(clamping: 500))

        world.router.be(.honest)
        controller = try await Controller(in: world)
        try await controller.until("lowered") { _ in
            [World.eu, World.us].allSatisfy { world.router.served(in: $0)?.candidate == nil }
        }
        // The attempt that git refuses is over; the next one comes when its time has come.
        try await controller.until("refused") { $0.trouble != nil }
        try world.lockGit(false)
        world.clock.pass(seconds: 100)
        try await controller.until("recorded") { $0.unrecorded == 0 }
        await controller.stop()
        #expect(try await world.recorded().suffix(2) == ["advance", "rollback"])
    }

    // Acknowledged, not routed: the next controller tells the routers.
    @Test("B3: a raise that was recorded is made good")
    func aRaiseThatWasRecordedIsMadeGood() async throws {
        let world = try await World()
        var controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        world.router.be(.deaf)
        try await controller.feed()
        try await controller.until("canary", soaking: 11) { $0.stage == .canary }
        await controller.stop()
        world.router.be(.honest)
        controller = try await Controller(in: world)
        try await controller.settled()
        await controller.stop()
        #expect(world.router.served(in: World.us)?.share == Share(clamping: 500))
        #expect(try await world.recorded() == ["bootstrap", "start", "advance"])
    }

    // Soak is time that a controller watched: a restart does not end it and does not begin it anew.
    @Test("B9: soak is watched time across restarts")
    func soakIsWatchedTimeAcrossRestarts() async throws {
        let world = try await World(soak: "100s")
        var controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        try await controller.feed()
        world.clock.pass(seconds: 60)
        try await controller.until("watched") { $0.why?.line.contains("40 s to go") ?? false }
        try await controller.turns()
        await controller.stop()

        // Nobody watches.
        world.clock.pass(seconds: 10_000)
        controller = try await Controller(in: world)
        try await controller.until("the rest") { $0.why?.line.contains("40 s to go") ?? false }
        world.clock.pass(seconds: 39)
        try await controller.turns()
        #expect(await controller.step() == 0)
        world.clock.pass(seconds: 2)
        try await controller.until("canary") { $0.stage == .canary }
        await controller.stop()
    }

    @Test func aHoldSurvivesARestartAndIsLiftedByHand() async throws {
        let world = try await World()
        var controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        let hold = Order(
            name: "hold-1", action: .hold(expires: nil), by: "ana", reason: "incident")
        _ = try await controller.reconciler.submit(hold, to: World.name)
        try await controller.feed()
        try await controller.until("held", soaking: 11) {
            $0.why?.line.contains("is held by ana") ?? false
        }
        await controller.stop()

        controller = try await Controller(in: world)
        try await controller.until("held") { $0.why?.line.contains("is held by ana") ?? false }
        try await controller.turns()
        #expect(await controller.step() == 0)
        let resume = Order(
            name: "resume-1", action: .resume(decision: 1), by: "ana", reason: "over")
        _ = try await controller.reconciler.submit(resume, to: World.name)
        try await controller.until("canary") { $0.stage == .canary }
        // There is nothing more to lift, and what raises comes from git alone.
        await #expect(throws: Reconciler.OrderRefusal.self) {
            try await controller.reconciler.submit(resume, to: World.name)
        }
        let promote = Order(
            name: "p", action: .promote(run: RunID(rollout: World.name, firstDecision: 2), step: 1),
            by: "ana", reason: "now")
        await #expect(throws: Reconciler.OrderRefusal.self) {
            try await controller.reconciler.submit(promote, to: World.name)
        }
        #expect(try await controller.reconciler.submit(hold, to: World.id("nobody")) == nil)
        await controller.stop()
    }

    // 33 and B7: increases wait until both clocks agree again.
    @Test func aJumpingClockBlocksIncreases() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        let jumping = Task {
            while !Task.isCancelled {
                world.clock.jump(seconds: 5)
                try await Task.sleep(for: .milliseconds(4))
            }
        }
        try await controller.until("noticed") { status in
            status.why?.line.contains("until the clock is steady") ?? false
        }
        try await controller.feed()
        world.clock.pass(seconds: 11)
        try await controller.turns()
        #expect(await controller.step() == 0)
        jumping.cancel()
        _ = await jumping.result
        try await controller.until("canary") { $0.stage == .canary }
        await controller.stop()
        #expect(try await world.recorded() == ["bootstrap", "start", "advance"])
    }

    @Test("B8: a machine that slept has not soaked; it goes on from what was watched")
    func sleepIsNoSoak() async throws {
        let world = try await World(soak: "100s")
        let controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        try await controller.feed()
        world.clock.pass(seconds: 60)
        try await controller.until("watched") { $0.why?.line.contains("40 s to go") ?? false }
        // Ten hours of which only the clock on the wall knows.
        world.clock.jump(seconds: 36_000)
        try await controller.turns()
        try await controller.until("the rest") { $0.why?.line.contains("40 s to go") ?? false }
        world.clock.pass(seconds: 39)
        try await controller.turns()
        #expect(await controller.step() == 0)
        world.clock.pass(seconds: 2)
        try await controller.until("canary") { $0.stage == .canary }
        await controller.stop()
    }

    @Test("E9: an old data directory is brought back; what it owes was recorded long ago")
    func anOldDataDirectoryChangesNothing() async throws {
        let world = try await World()
        let (data, backup) = (world.folder + "/data", world.folder + "/backup")
        var controller = try await Controller(in: world)
        try await controller.reach(.canary)
        try world.lockGit(true)
        try await controller.feed(failing: 300)
        try await controller.until("lowered") { $0.candidate == nil && $0.trouble != nil }
        await controller.stop()
        try FileManager.default.copyItem(atPath: data, toPath: backup)
        try world.lockGit(false)
        controller = try await Controller(in: world)
        try await controller.until("recorded") { $0.unrecorded == 0 && $0.candidate == nil }
        await controller.stop()
        let recorded = try await world.recorded()
        #expect(recorded == ["bootstrap", "start", "advance", "rollback"])

        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.moveItem(atPath: backup, toPath: data)
        controller = try await Controller(in: world)
        try await controller.until("nothing is owed") { $0.unrecorded == 0 && $0.decisions == 4 }
        try await controller.turns()
        #expect(try controller.history.journal.pending().entries.isEmpty)
        let why = await controller.reconciler.why(World.name)
        #expect(why?.contains("is refused: 2.0.0") ?? false, "\(why ?? "")")
        await controller.stop()
        #expect(try await world.recorded() == recorded)
        #expect(world.router.served(in: World.eu)?.candidate == nil)
    }

    @Test(
        "A13: a repository that cannot be read keeps no controller from starting, and raises nothing"
    )
    func anUnreadableRepositoryHaltsIncreases() async throws {
        let world = try await World()
        var controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        try await controller.feed()
        await controller.stop()
        let objects = world.folder + "/main.git/objects"
        try FileManager.default.moveItem(atPath: objects, toPath: objects + "-away")
        try FileManager.default.createDirectory(
            atPath: objects, withIntermediateDirectories: false)
        controller = try await Controller(in: world)
        world.clock.pass(seconds: 11)
        try await controller.turns()
        let halted = await controller.reconciler.status().halted
        #expect(halted?.contains("cannot be read") ?? false, "\(halted ?? "")")
        // Whoever knows nothing touches nothing.
        #expect(await controller.status == nil)
        #expect(world.router.served(in: World.eu)?.mirror == .all)

        try FileManager.default.removeItem(atPath: objects)
        try FileManager.default.moveItem(atPath: objects + "-away", toPath: objects)
        await controller.reconciler.sync()
        try await controller.until("canary", soaking: 11) { $0.stage == .canary }
        await controller.stop()
        #expect(try await world.recorded() == ["bootstrap", "start", "advance"])
    }

    // 41: git comes back, and what waited for it goes on though nothing in git has changed.
    @Test func whatWaitedForGitGoesOnWhenItIsBack() async throws {
        let world = try await World()
        let main = world.folder + "/main.git/refs/heads/main"
        let controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        try await controller.until("soaking") { $0.why?.line.contains("soaks at") ?? false }
        try await controller.turns()
        try FileManager.default.moveItem(atPath: main, toPath: main + "-away")
        await controller.reconciler.sync()
        try await controller.until("halted") { $0.why?.line.contains("may not be raised") ?? false }
        try await controller.turns()
        try FileManager.default.moveItem(atPath: main + "-away", toPath: main)
        await controller.reconciler.sync()
        try await controller.until("soaking") { $0.why?.line.contains("soaks at") ?? false }
        await controller.stop()
    }

    // Nothing may be raised on a state that somebody edited, and nothing is recorded over it.
    @Test("F16: an edited state stalls its rollout")
    func anEditedStateStallsItsRollout() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.shadow)
        try await world.commit(["state/selector/current.json": nil])
        await controller.reconciler.sync()
        try await controller.feed()
        let status = try await controller.until("stalled", soaking: 11) { status in
            status.why?.line.contains("current.json is missing") ?? false
        }
        #expect(status.why?.consequence == .stalled)
        try await controller.turns()
        #expect(await controller.step() == 0)
        await controller.stop()
    }
}
