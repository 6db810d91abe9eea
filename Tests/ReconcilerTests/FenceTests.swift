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
}
