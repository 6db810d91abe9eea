import Foundation
import Ledger
import RolloutCore
import Testing

@testable import gatewright

extension EndToEnd {
    @Suite struct TwoControllersTests {
        // B1; invariants 11, 13
        @Test func twoControllersDecideEachStepOnce() async throws {
            let world = try await World(calling: false)
            let first = try world.controller()
            let second = try world.controller("other")
            world.callers.start(alsoTo: second.url)
            try await eventually("the first version is recorded") {
                try await world.remote.state().stable != nil
            }
            for version in ["2.0.0", "3.0.0"] {
                try await world.ask(for: version)
                try await world.chapterEnds(version)
            }
            try await eventually("gateways settle") { try await world.isSettled() }
            let kinds = try await world.remote.records().map(\.kind)
            #expect(
                kinds == [
                    "bootstrap", "start", "advance", "advance", "advance", "advance", "complete",
                    "start", "advance", "rollback",
                ])
            #expect(try await world.remote.problems() == [])
            #expect(try await first.child.terminate() == 0)
            #expect(try await second.child.terminate() == 0)
            #expect(try await world.end().violations == [])
        }

        @Test func oneDataDirectoryServesOneController() async throws {
            let world = try await World(calling: false)
            let first = try world.controller()
            try await first.isUp()
            let second = try world.controller()
            #expect(try await second.child.waitForEnd() == 1)
            #expect(try world.log().contains("is in use by another controller; stop that one"))
            #expect(try await first.child.terminate() == 0)
            #expect(try await world.end().violations == [])
        }
    }
}
