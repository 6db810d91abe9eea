import Foundation
import RolloutCore
import Synchronization
import Testing

@testable import Gateway

@Suite struct RouteTableTests {
    private func route(
        _ generation: Int, share: Int = 0, mirror: Int = 0, region: String = "eu-west",
        endpoint: String = "http://127.0.0.1:1", withCandidate: Bool = true
    ) throws -> Route {
        Route(
            rollout: try RolloutName("m"), region: try RegionName(region), generation: generation,
            run: nil, salt: "m", stickyBy: .requestID,
            stable: try Bench.backend("1.0", endpoint),
            candidate: withCandidate ? try Bench.backend("2.0", endpoint) : nil,
            share: Share(clamping: share), mirror: Share(clamping: mirror), fallback: nil)
    }

    private func table(_ path: String? = nil) throws -> RouteTable {
        try RouteTable(region: try RegionName("eu-west"), statePath: path)
    }

    @Test("B2: routes of an older generation are refused")
    func generationsFence() async throws {
        let table = try table()
        let served = try await table.apply(route(5, share: 500))
        await #expect(throws: RouteRefusal.stale(current: served, generation: 5)) {
            try await table.apply(route(4, share: 0))
        }
        await #expect(throws: RouteRefusal.stale(current: served, generation: 5)) {
            try await table.apply(route(5, share: 501))
        }
        #expect(try await table.apply(route(5, share: 100)).share.basisPoints == 100)
        #expect(try await table.apply(route(6, share: 9_000)).share.basisPoints == 9_000)
        #expect(table.contents.version == 3)
    }

    // What an operator reads in the log, and what the end-to-end tests check: no table is left out.
    @Test func eachTableIsToldInTurn() async throws {
        let told = Mutex<[(text: String, version: Int)]>([])
        let table = try RouteTable(region: try RegionName("eu-west"), statePath: nil) { change in
            told.withLock { $0.append(("\(change)", change.contents.version)) }
        }
        _ = try await table.apply(route(5, withCandidate: false))
        _ = try await table.apply(route(6, share: 500))
        _ = try await table.apply(route(6, share: 500))
        _ = try? await table.apply(route(4))
        // Refused, and what was decided before it is from now on.
        _ = try? await table.apply(route(8, share: 700), onlyLowering: true)
        try await table.withdraw(RolloutName("m"), generation: 9)
        #expect(
            told.withLock { $0.map(\.text) } == [
                "m: 1.0 alone (generation 5); was not served",
                "m: 2.0 at 5%, mirrored 0% (generation 6); was 1.0 alone (generation 5)",
                "m: 2.0 at 5%, mirrored 0% (generation 7); was 2.0 at 5%, mirrored 0% (generation 6)",
                "m: withdrawn; was 2.0 at 5%, mirrored 0% (generation 7)",
            ])
        #expect(told.withLock { $0.map(\.version) } == [1, 2, 3, 4])
    }

    @Test func aWithdrawalFencesLateWriters() async throws {
        try await withFolder { folder in
            let path = folder + "/routes.json"
            let name = try RolloutName("m")
            let table = try table(path)
            let served = try await table.apply(route(5))
            await #expect(throws: RouteRefusal.stale(current: served, generation: 5)) {
                try await table.withdraw(name, generation: 4)
            }
            try await table.withdraw(name, generation: 6)
            try await table.withdraw(name, generation: 6)
            #expect(table.route(name) == nil && table.served("m") == nil)
            let restarted = try self.table(path)
            await #expect(throws: RouteRefusal.stale(current: nil, generation: 6)) {
                try await restarted.apply(route(6))
            }
            _ = try await restarted.apply(route(7))
            #expect(restarted.served("m")?.route.generation == 7)
        }
    }

    @Test("D4: a restart keeps the table")
    func aRestartKeepsTheTable() async throws {
        try await withFolder { folder in
            let path = folder + "/routes.json"
            let route = try route(3, share: 2_500, mirror: 100)
            _ = try await table(path).apply(route)
            let restarted = try table(path)
            #expect(restarted.contents.routes == [route.rollout: route])
            #expect(restarted.served("m")?.route == route)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["routes.json"])
        }
    }

    @Test(
        "D4: a damaged file is not taken for an empty one",
        arguments: ["", "{}", "not json", #"{"format":2}"#])
    func aDamagedFileIsNotTakenForAnEmptyOne(_ text: String) async throws {
        try await withFolder { folder in
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/routes.json"))
            #expect(throws: RouteTableDamage.self) { try self.table(folder + "/routes.json") }
        }
    }

    @Test("D16: another regions file is refused")
    func anotherRegionsFileIsRefused() async throws {
        try await withFolder { folder in
            _ = try await table(folder + "/routes.json").apply(route(1))
            #expect(throws: RouteTableDamage.self) {
                try RouteTable(region: RegionName("us"), statePath: folder + "/routes.json")
            }
        }
    }

    // The rule of the whole system at the smallest scale: lower before recording.
    @Test func withoutADiskTrafficCanBeLoweredButNotRaised() async throws {
        try await withFolder { folder in
            let inner = folder + "/state"
            try FileManager.default.createDirectory(
                atPath: inner, withIntermediateDirectories: true)
            let table = try table(inner + "/routes.json")
            _ = try await table.apply(route(1, share: 5_000))
            try FileManager.default.removeItem(atPath: inner)

            let failure = await #expect(throws: RouteRefusal.self) {
                try await table.apply(route(2, share: 6_000))
            }
            guard case .unsaved = failure else { throw UnexpectedRefusal(refusal: failure) }
            #expect(try table.route(RolloutName("m"))?.share.basisPoints == 5_000)
            #expect(try await table.apply(route(3, share: 0)).share == .zero)
            #expect(table.served("m")?.route.share == .zero)
            #expect(!table.contents.saved)

            try FileManager.default.createDirectory(
                atPath: inner, withIntermediateDirectories: true)
            _ = try await table.apply(route(3, share: 0))
            #expect(table.contents.saved)
        }
    }

    @Test("D9: what cannot be served is refused")
    func whatCannotBeServedIsRefused() async throws {
        let table = try table()
        for bad in [
            try route(1, region: "us"), try route(1, endpoint: "https://x"),
            try route(1, share: 1, withCandidate: false),
            try route(1, mirror: 1, withCandidate: false),
        ] {
            let failure = await #expect(throws: RouteRefusal.self) { try await table.apply(bad) }
            guard case .invalid = failure else { throw UnexpectedRefusal(refusal: failure) }
        }
        #expect(table.contents.version == 0)
    }

    struct UnexpectedRefusal: Error { let refusal: RouteRefusal? }
}
