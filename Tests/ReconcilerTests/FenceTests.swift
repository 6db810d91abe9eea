import Reconciler
import RolloutCore
import Testing
import Traffic

/// Calls that arrive late, after something else was decided.
@Suite struct FenceTests {
    /// Found by simulated world 141866: a controller was paused while its raise was on its way. Another
    /// one stepped back meanwhile; the region served less than that, and knew of no newer decision.
    @Test("B2: a late raise does not come through where a raise has to wait")
    func aLateRaiseIsRefusedWhereARaiseHasToWait() async throws {
        let world = try await World()
        let controller = try await Controller(in: world)
        try await controller.reach(.canary)
        world.clock.pass(seconds: 90_000)
        let route = try #require(world.router.served(in: World.us))
        // Nothing newer than a lowering is recorded, and evidence is too old for a raise.
        world.router.tamper(route.with(.all, generation: route.generation + 4, in: World.eu))
        let status = try await controller.until("corrected") {
            $0.generation > route.generation + 4 && $0.unrecorded == 0
        }
        try await controller.settled()
        world.router.tamper(route.with(.zero, generation: route.generation))
        try await controller.until("us is fenced") { _ in
            world.router.served(in: World.us)?.generation == status.generation - 1
        }
        let late = route.with(.all, generation: status.generation - 1)
        await #expect(throws: RouterFailure.self) {
            try await world.router.apply(late, onlyLowering: false)
        }
        let calls = world.router.calls.count
        try await controller.turns()
        // Once is enough.
        #expect(world.router.calls.count == calls)
        #expect(world.router.served(in: World.us)?.share == .zero)
        // What is recorded still comes through.
        try await controller.feed()
        try await controller.until("us comes back with evidence") { _ in
            (world.router.served(in: World.us)?.share ?? .zero) >= Share(clamping: 500)
        }
        await controller.stop()
    }

    /// Found by simulated world 862012: a controller was stopped for three minutes while another one took a
    /// candidate back, and a region had heard of neither. The first thing it did was to raise it there.
    @Test("B2: who was stopped for minutes raises nothing before git was asked again")
    func nothingIsRaisedOnOldNews() async throws {
        let world = try await World()
        let controller = try await Controller(in: world) { $0.syncMaxAge = .seconds(100) }
        try await controller.reach(.canary)
        let us = try #require(world.router.served(in: World.us))
        world.clock.pass(seconds: 101)
        world.router.tamper(us.with(.zero, generation: us.generation))
        let status = try await controller.until("noticed") {
            $0.why?.line.contains("git was not asked for longer than 100 s") ?? false
        }
        try await controller.turns()
        #expect(world.router.served(in: World.us)?.share == .zero)
        // Who has too much is lowered all the same.
        world.router.tamper(us.with(.all, generation: status.generation, in: World.eu))
        try await controller.until("lowered") { _ in
            world.router.served(in: World.eu)?.share == us.share
        }
        try await controller.feed()
        try await controller.turns()
        #expect(world.router.served(in: World.us)?.share == .zero)
        await controller.reconciler.sync()
        try await controller.until("raised again") { _ in
            (world.router.served(in: World.us)?.share ?? .zero) >= us.share
        }
        await controller.stop()
    }
}
