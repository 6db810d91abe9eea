import Foundation
import Gateway
import Ledger
import RolloutCore
import Testing

@testable import gatewright

extension EndToEnd {
    @Suite(.serialized) struct PeopleTests {
        private func worldInCanary(
            _ version: String, _ project: Project = Project(stages: Project.twoStages)
        ) async throws -> (world: World, controller: Controller) {
            let world = try await World(project, calling: false)
            let controller = try world.controller()
            try await world.ask(for: version)
            try await world.candidateIsServed(at: 1_000)
            return (world, controller)
        }

        private func end(_ world: World, _ controller: Controller) async throws {
            try await eventually("gateways settle") { try await world.isSettled() }
            #expect(try await controller.child.terminate() == 0)
            #expect(try await world.end().violations == [])
        }

        /// A person's clone, and the commands that are given in it.
        private func command(_ world: World, _ words: String...) throws {
            let clone = world.folder + "/clone"
            if !FileManager.default.fileExists(atPath: clone) {
                let url = "git://127.0.0.1:\(world.daemon.port)/remote.git"
                _ = try Surroundings.git("clone", "--quiet", url, clone)
            }
            _ = try Surroundings.git("-C", clone, "pull", "--quiet", "--rebase")
            try Surroundings.run(
                try Surroundings.gatewright(),
                words + ["--reason", "a test", "--by", "ana@example.org", "--repository", clone])
        }

        private func kinds(_ world: World) async throws -> [String] {
            try await world.remote.records().map(\.kind)
        }

        @Test func holdAndResume() async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            try command(world, "hold", "scorer")
            try await eventually("it is held") {
                try await controller.why().contains("is held by ana@example.org")
            }
            world.callers.start()
            try await Task.sleep(for: .milliseconds(1_200))
            #expect(try world.shares() == [1_000, 1_000])
            try command(world, "resume", "scorer")
            try await world.chapterEnds("2.0.0")
            #expect(try await kinds(world) == ["bootstrap", "start", "advance", "complete"])
            #expect(try await world.remote.problems() == [])
            try await end(world, controller)
        }

        // Invariants 5, 18
        @Test func abortReleaseAndPromote() async throws {
            let (world, controller) = try await worldInCanary("4.0.0")
            try command(world, "abort", "scorer")
            try await world.candidateIsServed(at: 0)
            try await world.chapterEnds("4.0.0")
            // The spec still asks for it: the refusal alone keeps it away.
            try await eventually("it says that it is refused") {
                try await controller.why().contains("is refused: 4.0.0")
            }
            try await Task.sleep(for: .milliseconds(600))
            #expect(try await kinds(world) == ["bootstrap", "start", "abort"])
            #expect(try world.shares() == [0, 0])
            try command(world, "release", "scorer", "4.0.0")
            try await world.candidateIsServed(at: 1_000)
            // Nobody calls, so nothing but an order can move it.
            try command(world, "promote", "scorer")
            try await world.candidateIsServed(at: 10_000)
            try command(world, "promote", "scorer")
            try await eventually("4.0.0 is stable") {
                try await world.remote.state().stable?.reference.version.rawValue == "4.0.0"
            }
            #expect(
                try await kinds(world)
                    == ["bootstrap", "start", "abort", "start", "advance", "complete"])
            #expect(try await world.remote.problems() == [])
            try await end(world, controller)
        }

        // A1; invariant 18
        @Test("J10: abort by post while git is down")
        func abortByPostWhileGitIsDown() async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            let run = try #require(try await world.remote.state().run).id
            world.daemon.stop()
            let order = #"{"action":"abort","by":"ana@example.org","reason":"now","run":"\#(run)"}"#
            let answer = try await Web.post(
                controller.url + "/v1/rollouts/scorer/orders", Array(order.utf8))
            #expect(answer.status == 202, "\(answer.text)")
            try await world.candidateIsServed(at: 0, within: .seconds(2))
            #expect(try await world.remote.state().run?.id == run)
            try await world.daemon.start()
            try await world.chapterEnds("2.0.0")
            #expect(try await kinds(world) == ["bootstrap", "start", "abort"])
            #expect(try await world.remote.problems() == [])
            try await end(world, controller)
        }

        // J8; invariant 28
        @Test("J5, J8: newer version waits for zero")
        func newerVersionWaitsForZero() async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            try await world.ask(for: "4.0.0")
            try await eventually("4.0.0 is served instead") {
                let name = try RolloutName("scorer")
                return world.gateways.allSatisfy {
                    let route = $0.table.route(name)
                    return route?.candidate?.reference.version.rawValue == "4.0.0"
                        && route?.share.basisPoints == 1_000
                }
            }
            #expect(try await kinds(world) == ["bootstrap", "start", "supersede", "start"])
            for (region, routes) in world.watch.findings.served {
                let candidates = routes.map { $0.candidate?.reference.version.rawValue }
                #expect(candidates.filter { $0 != nil }.count == 2, "\(region): \(candidates)")
                let second = try #require(candidates.lastIndex(of: "4.0.0"))
                #expect(candidates[second - 1] == nil, "\(region): \(candidates)")
            }
            #expect(try await world.remote.problems() == [])
            try await end(world, controller)
        }

        // F4, B11; invariant 43
        @Test func brokenSpecStopsNobodyElse() async throws {
            let project = Project(rollouts: ["ranker", "scorer"], stages: Project.twoStages)
            let (world, controller) = try await worldInCanary("3.0.0", project)
            try await world.remote.commit([
                Project.spec("scorer"): "apiVersion: gatewright.dev/v1\nkind: [unclosed\n",
                Project.spec("ranker"): project.spec(of: "ranker", asking: "2.0.0"),
            ])
            try await world.candidateIsServed(at: 1_000, of: "ranker")
            #expect(try await controller.why().contains("cannot be read"))
            #expect(try world.shares() == [1_000, 1_000])
            world.callers.start()
            try await world.chapterEnds("2.0.0", of: "ranker")
            try await world.chapterEnds("3.0.0")
            #expect(try await kinds(world) == ["bootstrap", "start", "rollback"])
            #expect(try world.shares() == [0, 0])
            #expect(try await world.remote.problems(of: ["ranker", "scorer"]) == [])
            try await end(world, controller)
        }

        /// Changes a gateway behind the controller's back.
        private func tamper(
            _ world: World, share: Int, candidate: String? = nil
        ) async throws -> Route {
            let gateway = try #require(world.gateways.first)
            let now = try #require(gateway.table.route(try RolloutName("scorer")))
            let served = try #require(now.candidate)
            let digest = try #require(Digest(hex: String(repeating: "e", count: 64)))
            let other = try candidate.map {
                Route.Backend(
                    reference: VersionReference(version: try VersionName($0), digest: digest),
                    endpoint: served.endpoint)
            }
            let route = Route(
                rollout: now.rollout, region: now.region, generation: now.generation + 1,
                run: now.run, salt: now.salt, stickyBy: now.stickyBy, stable: now.stable,
                candidate: other ?? served, share: Share(clamping: share), mirror: now.mirror,
                fallback: now.fallback)
            let url = "http://127.0.0.1:\(gateway.adminPort ?? 0)/admin/v1/routes/scorer"
            let answer = try await Web.send("PUT", url, Array(try JSONEncoder().encode(route)))
            #expect(answer.status == 200, "\(answer.text)")
            return route
        }

        // D7; invariant 32
        @Test(arguments: [nil, "9.9.9"])
        func driftUpwardsIsLoweredAndRecorded(_ candidate: String?) async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            try await world.watch.pause()
            let route = try await tamper(world, share: 9_000, candidate: candidate)
            try await eventually("it is lowered", within: .seconds(3)) {
                world.gateways.first?.table.route(route.rollout) != route
            }
            try await eventually("it is recorded, and settled") {
                guard try await kinds(world).last == "drift-correction" else { return false }
                return try await world.isSettled()
            }
            // The other candidate is gone, and this one has what it had, or waits for evidence.
            #expect(try world.shares().allSatisfy { $0 <= 1_000 })
            #expect(try await kinds(world) == ["bootstrap", "start", "drift-correction"])
            world.callers.start()
            try await world.chapterEnds("2.0.0")
            #expect(try await world.remote.problems() == [])
            try await end(world, controller)
        }

        // D8; invariant 32
        @Test func driftDownwardsStaysUntilEverythingPasses() async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            _ = try await tamper(world, share: 100)
            try await eventually("it says so") {
                try await controller.why().contains("waits for the router of eu")
            }
            try await Task.sleep(for: .milliseconds(1_500))
            #expect(try world.shares() == [100, 1_000])
            #expect(try await kinds(world) == ["bootstrap", "start"])
            world.callers.start()
            try await world.chapterEnds("2.0.0")
            #expect(try await kinds(world).prefix(3) == ["bootstrap", "start", "drift-correction"])
            #expect(try await world.remote.problems() == [])
            try await end(world, controller)
        }
    }
}
