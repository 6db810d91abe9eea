import Foundation
import Gateway
import Ledger
import RolloutCore
import Synchronization
import Testing

@testable import gatewright

extension EndToEnd {
    /// The watch that other tests and `gatewright soak` rely on sees what must never be.
    @Suite(.serialized) struct WatchTests {
        private func worldInCanary(
            _ version: String
        ) async throws -> (world: World, controller: Controller) {
            let world = try await World(Project(stages: Project.twoStages), calling: false)
            let controller = try world.controller()
            try await world.ask(for: version)
            try await world.candidateIsServed(at: 1_000)
            return (world, controller)
        }

        private func expectViolation(
            _ invariant: String, _ words: String, _ log: @escaping () -> [ObservedViolation]
        ) async throws {
            try await eventually("\(invariant) is seen", within: .seconds(10)) { !log().isEmpty }
            let first = try #require(log().first)
            #expect(first.invariant == invariant && first.evidence.contains(words), "\(first)")
        }

        // Invariants 1 and 9
        @Test func aStrangerWhoRaisesIsSeen() async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            controller.child.kill()
            let gateway = try #require(world.gateways.first)
            let served = try #require(gateway.table.route(RolloutName("scorer")))
            let more = Route(
                rollout: served.rollout, region: served.region, generation: served.generation + 1,
                run: served.run, salt: served.salt, stickyBy: served.stickyBy,
                stable: served.stable, candidate: served.candidate,
                share: try #require(Share(basisPoints: 5_000)), mirror: .zero, fallback: nil)
            _ = try await gateway.table.apply(more)
            try await expectViolation("1 EXPOSE", "2.0.0 at 50%") {
                world.watch.findings.violations
            }
            _ = try await world.end()
        }

        // Invariant 7
        @Test func aLostRecordIsSeen() async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            controller.child.kill()
            _ = try Surroundings.git(
                "-C", world.remote.path, "update-ref", "refs/heads/main", "main~1")
            try await expectViolation("7 DURABLE", "lacks it") { world.watch.findings.violations }
            _ = try await world.end()
        }

        // Invariant 8
        @Test func aStateThatNoRecordLedToIsSeen() async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            controller.child.kill()
            let path = "state/scorer/current.json"
            let text = try Surroundings.git("-C", world.remote.path, "show", "main:\(path)")
            let other = text.replacing("\"raisedGeneration\": 2", with: "\"raisedGeneration\": 1")
            #expect(other != text)
            try await world.remote.commit([path: other + "\n"])
            try await expectViolation("8 CHAIN", "not the fold") {
                world.watch.findings.violations
            }
            _ = try await world.end()
        }

        // A busy machine kept it from looking for so long that tables came and went within a look.
        @Test func tablesThatComeDuringALookAreNotMissed() async throws {
            let world = try await World(Project(stages: Project.twoStages), calling: false)
            let told = ToldTables()
            let version = Mutex(0)
            let watch = ExposureWatch(
                gateways: [
                    WatchedGateway(
                        region: try #require(world.gateways.first?.table.region),
                        table: {
                            version.withLock { version in
                                for _ in 0..<2 {
                                    version += 1
                                    told.add(WatchedGateway.Table(version: version, routes: []))
                                }
                                return WatchedGateway.Table(version: version, routes: [])
                            }
                        }, told: told.take)
                ], remote: world.remote, violations: ViolationLog(), interval: .milliseconds(1))
            watch.start()
            try await eventually("it has looked") { watch.findings.changes > 20 }
            let findings = try await watch.stop()
            #expect(findings.missed == 0, "\(findings.missed) of \(findings.changes)")
            _ = try await world.end()
        }

        // A gateway that could not be reached may go on as before for a while; any other may not.
        @Test(arguments: [true, false])
        func onlyAGatewayThatWasAwayMayBeBehind(_ wasAway: Bool) async throws {
            let (world, controller) = try await worldInCanary("3.0.0")
            let served = try #require(
                world.gateways.first?.table.route(RolloutName("scorer")))
            world.callers.start()
            try await world.chapterEnds("3.0.0")
            let violations = ViolationLog()
            let watch = ExposureWatch(
                gateways: [
                    WatchedGateway(
                        region: served.region,
                        table: { WatchedGateway.Table(version: 1, routes: [served]) },
                        wasAway: { wasAway })
                ], remote: world.remote, violations: violations, interval: .milliseconds(1))
            watch.start()
            try await eventually("it has looked") {
                watch.findings.overdue > 10 || !violations.all.isEmpty
            }
            let findings = try await watch.stop()
            #expect(findings.violations.isEmpty == wasAway, "\(findings.violations)")
            #expect((findings.overdue > 10) == wasAway)
            #expect(try await controller.child.terminate() == 0)
            #expect(try await world.end().violations == [])
        }
    }
}
