import Foundation
import Gateway
import Git
import Ledger
import Reconciler
import RolloutCore
import Testing

@testable import gatewright

extension EndToEnd {
    /// Every test begins with a candidate at 10 % and nobody calling: then nothing moves by itself.
    @Suite(.serialized) struct RemoteTroubleTests {
        private func worldInCanary(
            _ version: String
        ) async throws -> (world: World, controller: Controller) {
            let world = try await World(Project(stages: Project.twoStages), calling: false)
            let controller = try world.controller()
            try await world.ask(for: version)
            try await world.candidateIsServed(at: 1_000)
            return (world, controller)
        }

        /// Gives good evidence for longer than an advance takes, and sees none.
        private func expectNoIncrease(_ world: World) async throws {
            let before = try await world.remote.tip()
            world.callers.start()
            try await Task.sleep(for: .milliseconds(1_500))
            #expect(try world.shares() == [1_000, 1_000])
            #expect(try await world.remote.tip() == before)
        }

        private func expectTrouble(
            _ controller: Controller, _ words: String..., within limit: Duration = .seconds(10)
        ) async throws {
            try await eventually("its status speaks of \(words)", within: limit) {
                let status = try await controller.status()
                let texts = [status?.halted, status?.rollouts.first?.trouble].compactMap(\.self)
                let why = try await controller.why()
                return texts.contains { text in words.contains { text.contains($0) } }
                    && words.contains { why.contains($0) }
            }
        }

        /// A breach has to be at zero 2 s after its first observation, whatever the remote does.
        private func expectRollback(_ world: World) async throws {
            world.callers.start()
            try await eventually("the breach is taken back", within: .seconds(2)) {
                try world.shares() == [0, 0]
            }
        }

        private func expectOneLateRollback(_ world: World) async throws {
            try await world.chapterEnds("3.0.0")
            let record = try #require(try await world.remote.records().last)
            #expect(record.kind == "rollback")
            #expect(record.late != nil)
            #expect(try await world.remote.problems() == [])
        }

        private func end(_ world: World, _ controller: Controller) async throws {
            try await eventually("gateways settle") { try await world.isSettled() }
            #expect(try await controller.child.terminate() == 0)
            #expect(try await world.end().violations == [])
        }

        // A1
        @Test func stoppedRemoteAllowsNoIncrease() async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            world.daemon.stop()
            try await expectNoIncrease(world)
            try await expectTrouble(controller, "connect", "unreachable", "refused")
            try await world.daemon.start()
            try await world.chapterEnds("2.0.0")
            #expect(try await world.remote.problems() == [])
            try await end(world, controller)
        }

        // A1, B5; invariants 9, 10, 17
        @Test func stoppedRemoteAllowsRollbackAndHearsOfItLate() async throws {
            let (world, first) = try await worldInCanary("3.0.0")
            let recorded = try await world.remote.tip()
            world.daemon.stop()
            try await expectRollback(world)
            try await eventually("it is owed to the remote") {
                try await first.status()?.rollouts.first?.unrecorded == 1
            }
            // Nor does the next life forget it, or give the candidate anything meanwhile.
            first.child.kill()
            let second = try world.controller()
            try await eventually("it is still owed") {
                try await second.status()?.rollouts.first?.unrecorded == 1
            }
            #expect(try world.shares() == [0, 0])
            #expect(try await world.remote.tip() == recorded)
            try await world.daemon.start()
            try await expectOneLateRollback(world)
            try await end(world, second)
        }

        enum Fault: String, CaseIterable {
            /// A3
            case rewound
            /// A4
            case rewritten
            /// A5
            case deleted
            /// A5
            case unrelated
        }

        private func inflict(
            _ fault: Fault, on remote: BareRemote, at tip: String
        ) throws -> String? {
            let main = "refs/heads/main"
            let other: String
            switch fault {
            case .deleted:
                _ = try Surroundings.git("-C", remote.path, "update-ref", "-d", main)
                return nil
            case .rewound: other = try Surroundings.git("-C", remote.path, "rev-parse", "main~1")
            case .rewritten:
                other = try Surroundings.git(
                    "-C", remote.path, "commit-tree", "main^{tree}", "-p", "main~1", "-m", "again")
            case .unrelated:
                other = try Surroundings.git(
                    "-C", remote.path, "commit-tree", "main^{tree}", "-m", "from elsewhere")
            }
            _ = try Surroundings.git("-C", remote.path, "update-ref", main, other)
            return other
        }

        // A3, A4, A5; invariant 7
        @Test(arguments: Fault.allCases)
        func changedHistoryHaltsIncreasesOnly(_ fault: Fault) async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            let tip = try await world.remote.tip()?.hex ?? ""
            // While it lasts, grants cannot be read from the branch.
            try await world.watch.pause()
            let wrong = try inflict(fault, on: world.remote, at: tip)
            let words = fault == .deleted ? "gone" : "rewritten"
            try await expectTrouble(controller, words, "empty")
            try await expectNoIncrease(world)
            #expect(try await world.remote.tip()?.hex == wrong)
            try restore(world, tip)
            try await world.chapterEnds("2.0.0")
            await world.callers.stop()

            try await world.ask(for: "3.0.0")
            try await world.candidateIsServed(at: 1_000)
            let later = try await world.remote.tip()?.hex ?? ""
            let again = try inflict(fault, on: world.remote, at: later)
            try await expectTrouble(controller, words, "empty")
            try await expectRollback(world)
            try await eventually("it cannot be recorded") {
                let trouble = try await controller.status()?.rollouts.first?.trouble
                return trouble?.contains("not recorded yet") == true
            }
            #expect(try await world.remote.tip()?.hex == again)
            try restore(world, later)
            try await expectOneLateRollback(world)
            try await end(world, controller)
        }

        private func restore(_ world: World, _ tip: String) throws {
            _ = try Surroundings.git("-C", world.remote.path, "update-ref", "refs/heads/main", tip)
        }

        // A7
        @Test func denyingHookRaisesNothing() async throws {
            let (world, controller) = try await worldInCanary("2.0.0")
            let hook = world.remote.path + "/hooks/pre-receive"
            try "#!/bin/sh\necho no records today >&2\nexit 1\n".write(
                toFile: hook, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
            try await expectNoIncrease(world)
            try await expectTrouble(controller, "pre-receive hook declined")
            try FileManager.default.removeItem(atPath: hook)
            try await world.chapterEnds("2.0.0")
            #expect(try await world.remote.problems() == [])
            try await end(world, controller)
        }

        // B13; invariant 42
        @Test func lostDiskKeepsTheShare() async throws {
            let (world, first) = try await worldInCanary("2.0.0")
            try await eventually("the watch has seen it") {
                world.watch.findings.served.values.compactMap(\.last?.generation) == [2, 2]
            }
            let before = world.watch.findings.served
            first.child.kill()
            try FileManager.default.removeItem(atPath: world.folder + "/data")
            let second = try world.controller()
            try await eventually("it knows the candidate again") {
                try await second.status()?.rollouts.first?.candidate?.version.rawValue == "2.0.0"
            }
            try await Task.sleep(for: .milliseconds(1_500))
            #expect(try world.shares() == [1_000, 1_000])
            #expect(world.watch.findings.served == before)
            world.callers.start()
            try await world.chapterEnds("2.0.0")
            #expect(
                try await world.remote.records().map(\.kind)
                    == ["bootstrap", "start", "advance", "complete"])
            #expect(try await world.remote.problems() == [])
            try await end(world, second)
        }
    }
}
