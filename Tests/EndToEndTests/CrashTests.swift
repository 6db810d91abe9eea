import Foundation
import Ledger
import Reconciler
import RolloutCore
import Testing

@testable import gatewright

extension EndToEnd {
    @Suite(.serialized) struct CrashTests {
        /// What the story of a world came to, apart from times. How far a bad version gets before
        /// enough of its answers have arrived is a matter of time too, so its advances are left out.
        private func decisions(_ world: World) async throws -> [String] {
            let records = try await world.remote.records()
            #expect(records.map(\.number) == Array(1...max(records.count, 1)))
            let rolledBack = Set(
                records.filter { $0.kind == "rollback" }.compactMap { $0.input.state.run?.id })
            return records.compactMap { record in
                let run = record.input.state.run
                let version = run?.candidate.reference.version.rawValue ?? "-"
                return switch record.action {
                case .start(let start): "start \(start.candidate.reference.version)"
                case .bootstrap(let first): "bootstrap \(first.version.reference.version)"
                case .advance(let step, _):
                    run.map { rolledBack.contains($0.id) } ?? false
                        ? nil : "advance \(version) to \(step)"
                default: "\(record.kind) \(version)"
                }
            }
        }

        private static let whole = [
            "bootstrap 1.0.0", "start 2.0.0", "advance 2.0.0 to 1", "advance 2.0.0 to 2",
            "advance 2.0.0 to 3", "advance 2.0.0 to 4", "complete 2.0.0", "start 3.0.0",
            "rollback 3.0.0", "start 4.0.0", "advance 4.0.0 to 1", "advance 4.0.0 to 2",
            "advance 4.0.0 to 3", "advance 4.0.0 to 4", "complete 4.0.0", "start 5.0.0",
            "rollback 5.0.0",
        ]
        private static let short = [
            "bootstrap 1.0.0", "start 2.0.0", "advance 2.0.0 to 1", "complete 2.0.0",
            "start 3.0.0", "rollback 3.0.0",
        ]

        /// People ask for one version after the other.
        private func tell(_ world: World, upTo last: Int) async throws {
            try await eventually("the first version is recorded", within: .seconds(60)) {
                try await world.remote.state().stable != nil
            }
            for version in Project.versions[1..<last] {
                try await world.ask(for: version)
                try await world.chapterEnds(version, within: .seconds(120))
            }
        }

        private func check(_ world: World, came expected: [String]) async throws {
            let came = try await decisions(world)
            #expect(came == expected, "\(came.joined(separator: "; "))")
            #expect(try await world.remote.problems() == [])
        }

        private func check(_ findings: ExposureWatch.Findings) {
            #expect(findings.violations == [])
            // Every table that a gateway had was checked, or the watch proves nothing.
            #expect(findings.changes > 0 && findings.missed == 0)
        }

        // B3, B4, B5, B6; invariants 1, 3, 6, 8, 9, 10, 11
        @Test("B6, B14: two hundred kills at random moments change nothing")
        func twoHundredKillsAtRandomMomentsChangeNothing() async throws {
            let undisturbed = try await World()
            let life = try undisturbed.controller()
            try await tell(undisturbed, upTo: 5)
            try await eventually("gateways settle") { try await undisturbed.isSettled() }
            #expect(try await life.child.terminate() == 0)
            try await check(undisturbed, came: Self.whole)
            check(try await undisturbed.end())

            var random = Seeded(seed: 20_261_120)
            var kills = 0
            while kills < 200 {
                kills += try await interruptedStory(&random)
            }
        }

        private func interruptedStory(_ random: inout Seeded) async throws -> Int {
            let world = try await World()
            let story = Task { try await tell(world, upTo: 5) }
            var kills = 0
            let ended = Flag()
            let end = Task {
                defer { ended.raise() }
                try await story.value
            }
            var last = (decisions: 0, kills: 0)
            while !ended.isRaised {
                let life = try world.controller()
                // On a busy machine 600 ms may be too short for anything: lives grow longer until
                // one of them has decided something.
                let longest = 600 + 60 * (kills - last.kills)
                try await Task.sleep(for: .milliseconds(random.next(in: 50...longest)))
                // One that ended by itself refused to start over what it found.
                if let status = life.child.status {
                    Issue.record("a controller ended with \(status): \(try world.log())")
                    story.cancel()
                    break
                }
                life.child.kill()
                kills += 1
                let decisions = try await world.remote.state().decisions
                if decisions > last.decisions { last = (decisions, kills) }
            }
            try await end.value
            let survivor = try world.controller()
            try await survivor.isUp()
            try await eventually("gateways settle") { try await world.isSettled() }
            #expect(try await survivor.child.terminate() == 0)
            try await check(world, came: Self.whole)
            check(try await world.end())
            return kills
        }

        // B3, B4, B5: dies after the first effect, then after the second, and so on to the last.
        @Test func aCrashAfterEachEffectChangesNothing() async throws {
            var crashed = true
            var effects = 0
            while crashed {
                effects += 1
                crashed = try await storyThatCrashes(after: effects)
            }
            // Each of the six decisions is acknowledged or journalled, and five change routes.
            #expect(effects > 11)
        }

        private func storyThatCrashes(after effects: Int) async throws -> Bool {
            let world = try await World(Project(stages: Project.twoStages))
            var life = try world.controller(crashAfter: effects)
            let story = Task { try await tell(world, upTo: 3) }
            let ended = Flag()
            let end = Task {
                defer { ended.raise() }
                try await story.value
            }
            var crashed = false
            while !ended.isRaised {
                if life.child.status == 128 + SIGKILL {
                    crashed = true
                    life = try world.controller()
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            try await end.value
            if life.child.status == 128 + SIGKILL {
                crashed = true
                life = try world.controller()
            }
            try await eventually("gateways settle") { try await world.isSettled() }
            // Without this a crash after the last effect would be seen as none.
            try await eventually("nothing is left to record") {
                let status = try await life.status()
                if life.child.status == 128 + SIGKILL {
                    crashed = true
                    life = try world.controller()
                    return false
                }
                return status?.rollouts.first?.unrecorded == 0
            }
            #expect(try await life.child.terminate() == 0, "after \(effects) effects")
            try await check(world, came: Self.short)
            check(try await world.end())
            return crashed
        }
    }
}

/// The same numbers on every run (SplitMix64).
struct Seeded {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(in range: ClosedRange<Int>) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        value ^= value >> 31
        return range.lowerBound + Int(value % UInt64(range.count))
    }
}
