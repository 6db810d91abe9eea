import Git
import Testing

@Suite struct HistoryTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    // A19: order comes from the graph; here each date is a year earlier than its parent's.
    @Test func historyFollowsTheGraphAndNotTheDates() async throws {
        let repository = try GitRepository(openingOrCreatingBareAt: bench.path("r.git"))
        let main = try ReferenceName("refs/heads/main")
        let author = try CommitAuthor(name: "Tester", email: "tester@example.org")
        var ids: [ObjectID] = []
        for (index, path) in ["rollouts/a", "policies/p", "rollouts/b", "rollouts/a"].enumerated() {
            let result = try await repository.commit(
                onto: ids.last, changes: [path: [UInt8(index)]], message: "\(index)\n",
                author: author, at: 1_700_000_000_000 - 31_536_000_000 * Int64(index),
                updating: main, expecting: ids.last)
            guard case .committed(let id) = result else { throw Trouble("no commit") }
            ids.append(id)
        }
        let tip = ids[3]
        #expect(try await repository.history(from: tip, limit: 10).map(\.id) == ids.reversed())
        #expect(try await repository.history(from: tip, limit: 2).map(\.id) == [ids[3], ids[2]])
        let touching = try await repository.history(from: tip, touching: "rollouts/a", limit: 10)
        #expect(touching.map(\.id) == [ids[3], ids[0]])
        #expect(try await repository.isDescendant(tip, of: tip))
        #expect(try await repository.isDescendant(tip, of: ids[0]))
        #expect(try await !repository.isDescendant(ids[0], of: tip))
    }

    @Test func mergesKeepBothSides() async throws {
        let root = try await bench.seededRepository("r.git")
        let left = try await bench.commit(["left": "1"], in: "r.git", onto: root)
        let right = try await bench.commit(
            ["right": "1"], in: "r.git", onto: root, reference: "refs/heads/side",
            expecting: .some(nil))
        let path = bench.path("r.git")
        let tree = try bench.git(
            "-C", path, "merge-tree", "--write-tree", left.hex, right.hex)
        let merge = try #require(
            ObjectID(
                hex: bench.git(
                    "-C", path, "commit-tree", tree, "-p", left.hex, "-p", right.hex, "-m", "m")))
        let repository = try GitRepository(opening: path)
        let all = try await repository.history(from: merge, limit: 10).map(\.id)
        #expect(Set(all) == [merge, left, right, root])
        #expect(all.first == merge)
        #expect(all.last == root)
        let touching = try await repository.history(from: merge, touching: "right", limit: 10)
        #expect(touching.map(\.id) == [right])
    }
}
