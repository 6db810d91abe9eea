import Calibration
import Foundation
import Git
import Identity
import Testing

@testable import Simulator

/// The repository of simulations beside libgit2, on the same random histories.
@Suite struct MemoryRepositoryTests {
    private static let names = ["a", "a-b", "a.b", "b", "b0"]
    private static let key = try? PrivateKey(seed: Array(repeating: 9, count: 32))

    @Test(arguments: 1...6)
    func behavesAsGitDoes(_ seed: Int) async throws {
        let folder = NSTemporaryDirectory() + "gatewright-memory-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let real = try GitRepository(openingOrCreatingBareAt: folder)
        let memory = MemoryRepository()
        var random = SeededRandom(seed: UInt64(seed))
        var tips: [ObjectID] = []
        let main = try ReferenceName("refs/heads/main")
        for number in 0..<40 {
            let changes = Self.changes(&random)
            let sign = try #require(Self.key)
            var signature: (@Sendable ([UInt8]) throws -> String)?
            if random.happens(50) { signature = { try SignedCommit.sign($0, by: sign) } }
            let (parent, signed) = (tips.last, signature)
            func commit(_ repository: any Repository) async throws -> CommitResult {
                try await repository.commit(
                    onto: parent, changes: changes, message: "number \(number)\n",
                    author: CommitAuthor(name: "somebody", email: "s@example.org"),
                    at: 1_790_000_000_000 + Int64(number) * 1_500, updating: main,
                    expecting: parent, signature: signed)
            }
            let (ours, theirs) = (try await commit(memory), try await commit(real))
            #expect(ours == theirs)
            if case .committed(let id) = theirs { tips.append(id) }
        }
        try #require(tips.count > 20)
        try await compare(memory, real, tips, &random)
    }

    private static func changes(_ random: inout SeededRandom) -> [String: [UInt8]?] {
        // A file in place of a folder is refused by one and not known to the other: worlds have none.
        var changes: [String: [UInt8]?] = [:]
        for _ in 0..<random.within(1...4) {
            let depth = random.within(1...3)
            let path = (0..<depth).map { level in
                (random.pick(names) ?? "a") + (level == depth - 1 ? ".\(depth)" : "")
            }
            changes.updateValue(
                random.happens(25) ? nil : Array("\(random.below(4))".utf8),
                forKey: path.joined(separator: "/"))
        }
        return changes
    }

    private func compare(
        _ ours: any Repository, _ theirs: any Repository, _ tips: [ObjectID],
        _ random: inout SeededRandom
    ) async throws {
        for _ in 0..<60 {
            let (left, right) = (tips[random.below(tips.count)], tips[random.below(tips.count)])
            let (our, their) = (
                try await ours.commitInfo(left), try await theirs.commitInfo(left)
            )
            #expect(our == their)
            let (ourRaw, theirRaw) = (
                try await ours.rawCommit(left), try await theirs.rawCommit(left)
            )
            #expect(ourRaw == theirRaw)
            let (descends, reallyDescends) = (
                try await ours.isDescendant(left, of: right),
                try await theirs.isDescendant(left, of: right)
            )
            #expect(descends == reallyDescends)
            let old = try await theirs.commitInfo(right).tree
            let path = random.pick(Self.names) ?? "a"
            for prefix in [nil, path] {
                let (found, wanted) = (
                    try await ours.changedPaths(from: old, to: their.tree, under: prefix),
                    try await theirs.changedPaths(from: old, to: their.tree, under: prefix)
                )
                #expect(found == wanted)
            }
            let (entry, realEntry) = (
                try await ours.entry(at: path, in: left), try await theirs.entry(at: path, in: left)
            )
            #expect(entry == realEntry)
            let hidden = random.happens(50) ? right : nil
            let touching = random.happens(50) ? path : nil
            let (walk, realWalk) = (
                try await ours.history(from: left, hiding: hidden, touching: touching, limit: 9),
                try await theirs.history(from: left, hiding: hidden, touching: touching, limit: 9)
            )
            #expect(walk == realWalk)
        }
    }
}
