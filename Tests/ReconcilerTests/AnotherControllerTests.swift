import Reconciler
import RolloutCore
import Testing

/// What another controller did, of which nothing is known here.
@Suite struct AnotherControllerTests {
    /// Leaves a step back that git does not know of.
    private func lowerWithoutGit(
        _ route: Route, _ world: World, _ controller: Controller
    ) async throws -> RolloutStatus {
        try world.lockGit(true)
        world.router.tamper(route.with(.all, generation: route.generation + 4))
        return try await controller.until("lowered") {
            $0.generation > route.generation + 4 && $0.unrecorded == 1
        }
    }

    // Seed 21015: a controller came back with old knowledge while the branch was away, and put a
    // candidate back that had been superseded long ago.
    @Test(
        "B1, D7: a version that no record here explains is displaced once git knows, not before",
        arguments: [false, true])
    func anotherVersionIsDisplacedOnceGitKnows(_ isStable: Bool) async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        if isStable {
            try await controller.feed(failing: 300)
            try await controller.until("rolled back") { $0.candidate == nil && $0.unrecorded == 0 }
            try await controller.settled()
        }
        let route = try #require(world.router.served(in: World.eu))
        let other = Route.Backend(
            reference: VersionReference(
                version: World.id("1.6.0"), digest: route.stable.reference.digest),
            endpoint: route.stable.endpoint)
        // It may be what another controller recorded, which is not known here.
        let newer = Route(
            rollout: route.rollout, region: route.region, generation: route.generation + 4,
            run: route.run, salt: route.salt, stickyBy: route.stickyBy,
            stable: isStable ? other : route.stable, candidate: isStable ? nil : other,
            share: isStable ? .zero : Share(clamping: 5_000), mirror: .zero, fallback: nil)
        try world.lockGit(true)
        world.router.tamper(newer)
        try await controller.until("tried") { $0.trouble != nil }
        try await controller.turns()
        #expect(world.router.served(in: World.eu) == newer)
        try world.lockGit(false)
        world.clock.pass(seconds: 120)
        try await controller.until("corrected") { $0.generation > newer.generation }
        try await controller.settled()
        await controller.stop()
        #expect(world.router.served(in: World.eu)?.candidate == route.candidate)
        #expect(world.router.served(in: World.eu)?.stable == route.stable)
        #expect(try await world.recorded().last == "drift-correction")
        for sighting in world.seen.all where sighting.asked.generation > newer.generation {
            #expect(sighting.recorded >= sighting.asked.generation)
        }
    }

    /// Found by simulated world 491303: a controller saw an old branch and lowered what it took for a
    /// stranger's, again and again. What it had taken added up to a newer generation than the one of
    /// another controller's run, and nothing but that was asked.
    @Test(
        "B1, D7: nor is it displaced by what was taken and is not in git yet",
        arguments: [Share(clamping: 5_000), .zero])
    func anotherVersionIsNotDisplacedByWhatGitDoesNotHave(_ share: Share) async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        let (eu, us) = (
            try #require(world.router.served(in: World.eu)),
            try #require(world.router.served(in: World.us))
        )
        let status = try await lowerWithoutGit(us, world, controller)
        try await controller.until("told everywhere") { _ in
            [World.eu, World.us].allSatisfy {
                world.router.served(in: $0)?.generation == status.generation
            }
        }
        let other = Route.Backend(
            reference: VersionReference(
                version: World.id("1.6.0"), digest: eu.stable.reference.digest),
            endpoint: eu.stable.endpoint)
        let newer = eu.with(share, generation: status.generation - 1, candidate: other)
            .under(status.generation - 1, mirror: share == .zero ? .all : .zero)
        let before = world.seen.all.count
        // As another controller would leave it.
        world.router.tamper(newer)
        for _ in 0..<3 {
            world.clock.pass(seconds: 15)
            try await controller.turns()
        }
        #expect(world.router.served(in: World.eu) == newer)
        #expect(world.router.served(in: World.us)?.share == us.share)
        try world.lockGit(false)
        world.clock.pass(seconds: 120)
        try await controller.until("displaced") { _ in
            world.router.served(in: World.eu)?.candidate != other
        }
        await controller.stop()
        for sighting in world.seen.all.dropFirst(before) where sighting.asked.region == World.eu {
            #expect(sighting.recorded >= sighting.asked.generation)
        }
    }

    /// Simulated world 868: one controller was without git and another was not. They served the same, and
    /// corrected each other's generation every few seconds, each time with a commit.
    @Test("B1, D7: a generation alone is corrected once git has what was taken")
    func controllersThatServeTheSameDoNotCorrectEachOther() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        let us = try #require(world.router.served(in: World.us))
        _ = try await lowerWithoutGit(us, world, controller)
        try await controller.settled()
        // As another controller would correct it.
        for region in [World.eu, World.us] {
            let served = try #require(world.router.served(in: region))
            world.router.tamper(served.under(served.generation + 3))
        }
        let left = world.router.served(in: World.us)
        let calls = world.router.calls.count
        for _ in 0..<3 {
            world.clock.pass(seconds: 15)
            try await controller.turns()
        }
        #expect(await controller.status?.unrecorded == 1)
        #expect(world.router.calls.count == calls)
        // Who is given more in the meantime is lowered as before.
        let raised = try #require(left).with(.all, generation: us.generation + 9)
        world.router.tamper(raised)
        try await controller.until("lowered once more") { _ in
            world.router.served(in: World.us)?.share == us.share
        }
        try world.lockGit(false)
        world.clock.pass(seconds: 120)
        try await controller.until("recorded") { $0.unrecorded == 0 }
        try await controller.settled()
        await controller.stop()
        #expect(try await world.recorded().last == "drift-correction")
    }

    /// Simulated world 285: one waited for its next try while another one corrected what it had done.
    @Test("A1: what git did not take is tried again once git has news, before its time")
    func newsIsAReasonToTryAgain() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        let us = try #require(world.router.served(in: World.us))
        _ = try await lowerWithoutGit(us, world, controller)
        try await controller.until("refused") { $0.trouble != nil }
        try world.lockGit(false)
        // Time stands still, so the next try does not come by itself.
        await controller.reconciler.sync()
        try await controller.turns()
        #expect(await controller.status?.unrecorded == 1)

        let before = try await world.recorded().count
        let other = try await Controller(in: world, disk: "other")
        try await other.until("corrected by another one") {
            $0.decisions > before && $0.unrecorded == 0
        }
        try await other.settled()
        await other.stop()
        await controller.reconciler.sync()
        try await controller.until("recorded") { $0.unrecorded == 0 }
        await controller.stop()
        #expect(try await world.recorded().count > before)
    }
}
