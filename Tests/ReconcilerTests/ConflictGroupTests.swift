import Reconciler
import RolloutCore
import Testing
import Traffic

/// Two rollouts of a conflict group, through the whole loop.
@Suite struct ConflictGroupTests {
    private static let group = "  conflictGroup: edge-gpus\n"

    /// Beside the rollout of every world, one of the same group whose gateway is another one.
    private func world() async throws -> World {
        let files = World.files(soak: "10s", router: "gateway").compactMapValues { $0 }
        var extra: [String: String] = [:]
        for (path, text) in files where path.hasPrefix("rollouts/") {
            let text = text.replacing("  stages:", with: Self.group + "  stages:")
            extra[path] = text
            extra[path.replacing("selector", with: "codec")] = text.replacing(
                "selector", with: "codec"
            ).replacing("router: gateway", with: "router: second")
        }
        return try await World(extra: extra)
    }

    @Test("J6: the second of a group starts when the first has ended, and was seen to have ended")
    func theSecondStartsWhenTheFirstHasEnded() async throws {
        let world = try await world()
        let second = FakeRouter { _, _ in }
        let controller = try await Controller(
            in: world, others: [World.id("second"): second]
        ) { $0.lookInterval = TimeSpan(milliseconds: 20) }
        let codec: RolloutName = World.id("codec")
        func line(_ name: RolloutName) async -> String {
            await controller.reconciler.why(name) ?? ""
        }
        // Either may come first.
        var running: [RolloutName] = []
        for _ in 0..<2_000 where running.isEmpty {
            for name in [codec, World.name] {
                if await controller.reconciler.status(of: name)?.candidate != nil {
                    running.append(name)
                }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        try await controller.turns()
        let first = try #require(running.first)
        let (other, router) =
            first == codec ? (World.name, second) : (codec, world.router)
        #expect(await controller.reconciler.status(of: other)?.candidate == nil)
        #expect(await line(other).contains("waits for \(first), which has 2.0.0 on its way"))
        // It ends, and its gateway does not hear of it.
        router.be(.away)
        try await world.commit([
            "rollouts/\(first)/rollout.yaml": try await world.text(
                of: "rollouts/\(first)/rollout.yaml"
            ).replacing("version: 2.0.0", with: "version: 1.0.0")
        ])
        await controller.reconciler.sync()
        try await wait("unseen") {
            world.clock.pass(seconds: 1)
            return await line(other).contains(
                "\(first), which was not seen to serve stable alone in eu")
        }
        #expect(await controller.reconciler.status(of: other)?.candidate == nil)
        router.be(.honest)
        try await wait("second") {
            world.clock.pass(seconds: 1)
            return await controller.reconciler.status(of: other)?.candidate != nil
        }
        let others = first == codec ? world.router : second
        try await wait("its gateway was told") {
            [World.eu, World.us].allSatisfy { others.served(in: $0)?.candidate != nil }
        }
        try await controller.turns()
        await controller.stop()
    }

    private func wait(_ what: String, _ holds: () async -> Bool) async throws {
        for _ in 0..<4_000 {
            if await holds() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Trouble("never came: \(what)")
    }
}
