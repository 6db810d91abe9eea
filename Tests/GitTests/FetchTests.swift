import Foundation
import Git
import Testing

@Suite struct FetchTests {
    private let bench: Workbench
    private let seed: ObjectID
    private let scratchName: ReferenceName

    init() async throws {
        bench = try Workbench()
        seed = try await bench.seededRepository("origin.git")
        scratchName = try ReferenceName(scratch)
        _ = try GitRepository(openingOrCreatingBareAt: bench.path("local.git"))
    }

    private func fetch(_ url: String, branch: String = "main") throws -> FetchOutcome {
        try RemoteSync.fetch(
            repositoryPath: bench.path("local.git"),
            remote: GitRemote(url: url, branch: branch), into: scratchName)
    }

    @Test(arguments: ["", "file://"])
    func localRemotesWork(_ scheme: String) async throws {
        let url = scheme + bench.path("origin.git")
        #expect(try fetch(url) == .tip(seed, previous: nil, change: .first))
        #expect(try fetch(url) == .tip(seed, previous: seed, change: .unchanged))
        let local = try GitRepository(opening: bench.path("local.git"))
        #expect(try await local.resolve(scratchName) == seed)

        let ours = try await bench.commit(
            ["a": "1"], in: "local.git", onto: seed, reference: "refs/heads/main",
            expecting: .some(nil))
        let remote = try GitRemote(url: url, branch: "main")
        let push = try RemoteSync.push(
            repositoryPath: local.path, remote: remote, commit: ours, expecting: seed)
        #expect(push == .accepted)
        #expect(try fetch(url) == .tip(ours, previous: seed, change: .fastForward))
    }

    @Test func abandonedPacksAreRemovedAndFreshOnesKept() throws {
        for name in ["pack_git2_old", "pack_git2_new"] {
            try bench.write("half", to: "local.git/objects/pack/" + name)
        }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -7_200)],
            ofItemAtPath: bench.path("local.git/objects/pack/pack_git2_old"))
        _ = try fetch(bench.path("origin.git"))
        let left = try FileManager.default.contentsOfDirectory(
            atPath: bench.path("local.git/objects/pack"))
        #expect(left.filter { $0.hasPrefix("pack_git2_") } == ["pack_git2_new"])
    }

    private var packs: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(
                atPath: bench.path("local.git/objects/pack")
            ).filter { $0.hasSuffix(".pack") }
        }
    }

    private var openPacks: Int {
        get throws {
            let folder = "/proc/self/fd"
            return try FileManager.default.contentsOfDirectory(atPath: folder).count { name in
                let target = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "\(folder)/\(name)")
                return target?.contains(bench.path("local.git/objects/pack/pack-")) == true
            }
        }
    }

    /// Packs of `local.git` whose index is in this process' memory.
    private var mappedPacks: Int {
        get throws {
            let file = try #require(FileHandle(forReadingAtPath: "/proc/self/maps"))
            let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
            let folder = bench.path("local.git/objects/pack")
            return text.split(separator: "\n").count { $0.contains(folder) && $0.contains(".idx") }
        }
    }

    /// A controller that lived for about a thousand merges had no descriptor left for its gateways.
    @Test("E6: the packs of many fetches are put into one, and do not stay open")
    func E6_packsOfManyFetchesDoNotStayOpen() async throws {
        let url = bench.path("origin.git")
        let reader = try GitRepository(opening: bench.path("local.git"))
        var (tips, most, opened, mapped) = ([seed], 0, 0, 0)
        for number in 0..<200 {
            let last = try #require(tips.last)
            tips.append(
                try await bench.commit(["a": "\(number)"], in: "origin.git", onto: last))
            _ = try fetch(url)
            most = max(most, try packs.count)
            mapped = max(mapped, try mappedPacks)
            #expect(try await reader.resolve(scratchName) == tips.last)
            // Every object so far, from packs that may be gone by now.
            for tip in tips.suffix(3) + tips.prefix(3) {
                let entry = try await reader.entry(at: "a", in: tip)
                #expect((entry == nil) == (tip == seed))
            }
            opened = max(opened, try openPacks)
        }
        for (number, tip) in tips.dropFirst().enumerated() {
            let entry = try #require(try await reader.entry(at: "a", in: tip))
            #expect(try await reader.blob(entry.id, limitBytes: 100) == Array("\(number)".utf8))
        }
        #expect(most > 40 && most < 60, "\(most) packs")
        #expect(opened > 5 && opened <= 32, "\(opened) open")
        #expect(mapped > 40 && mapped < 140, "\(mapped) mapped")
        try bench.git("-C", bench.path("local.git"), "fsck", "--strict")
    }

    // A3, A4, A5: whatever somebody does to the branch is named, and never taken for progress.
    @Test func rewrittenHistoryIsReported() async throws {
        let server = try bench.startGitDaemon()
        let url = "git://127.0.0.1:\(server.port)/origin.git"
        let path = bench.path("origin.git")
        #expect(try fetch(url) == .tip(seed, previous: nil, change: .first))
        let second = try await bench.commit(["a": "1"], in: "origin.git", onto: seed)
        #expect(try fetch(url) == .tip(second, previous: seed, change: .fastForward))

        try bench.git("-C", path, "update-ref", "refs/heads/main", seed.hex)
        #expect(try fetch(url) == .tip(seed, previous: second, change: .rewound))

        let other = try await bench.commit(["a": "other"], in: "origin.git", onto: seed)
        try bench.git("-C", path, "update-ref", "refs/heads/main", second.hex)
        _ = try fetch(url)
        try bench.git("-C", path, "update-ref", "refs/heads/main", other.hex)
        #expect(try fetch(url) == .tip(other, previous: second, change: .diverged))

        let tree = try bench.git("-C", path, "rev-parse", "\(other.hex)^{tree}")
        let hex = try bench.git("-C", path, "commit-tree", tree, "-m", "same content, new root")
        let unrelated = try #require(ObjectID(hex: hex))
        try bench.git("-C", path, "update-ref", "refs/heads/main", hex)
        #expect(try fetch(url) == .tip(unrelated, previous: other, change: .unrelated))

        try bench.git("-C", path, "update-ref", "refs/heads/kept", hex)
        try bench.git("-C", path, "update-ref", "-d", "refs/heads/main")
        #expect(try fetch(url) == .missingBranch(previous: unrelated, isEmpty: false))
        try bench.git("-C", path, "update-ref", "-d", "refs/heads/kept")
        #expect(try fetch(url) == .missingBranch(previous: unrelated, isEmpty: true))
    }

    // A16: other branches and tags stay where they are.
    @Test func onlyTheBranchComesAlong() async throws {
        let server = try bench.startGitDaemon()
        let path = bench.path("origin.git")
        try bench.git("-C", path, "tag", "v1", seed.hex)
        let side = try await bench.commit(
            ["side": "1"], in: "origin.git", onto: seed, reference: "refs/heads/side",
            expecting: .some(nil))
        _ = try fetch("git://127.0.0.1:\(server.port)/origin.git")
        let local = try GitRepository(opening: bench.path("local.git"))
        let listing = try await local.references(under: "refs/")
        #expect(listing.references.map(\.name) == [scratchName])
        await #expect(throws: GitError.self) { try await local.commitInfo(side) }
    }

    @Test("A16: of twenty thousand references one is fetched")
    func ofManyReferencesOneIsFetched() async throws {
        let server = try bench.startGitDaemon()
        let lines = (0..<20_000).map { "\(seed.hex) refs/pull/\($0)/head\n" }.joined()
        try bench.write(
            "# pack-refs with: peeled fully-peeled\n" + lines, to: "origin.git/packed-refs")
        let found = try fetch("git://127.0.0.1:\(server.port)/origin.git")
        #expect(found == .tip(seed, previous: nil, change: .first))
        let local = try GitRepository(opening: bench.path("local.git"))
        #expect(try await local.references(under: "refs/").references.map(\.name) == [scratchName])
    }

    @Test(
        "A12: a server that lacks an object of the branch brings nothing", arguments: [true, false])
    func aServerThatLacksObjectsBringsNothing(_ isShallow: Bool) async throws {
        let server = try bench.startGitDaemon()
        let path = bench.path("origin.git")
        let tip = try await bench.commit(["a": "1"], in: "origin.git", onto: seed)
        if isShallow { try bench.write(tip.hex + "\n", to: "origin.git/shallow") }
        let lost = isShallow ? seed.hex : try bench.git("-C", path, "rev-parse", "\(tip.hex):a")
        try FileManager.default.removeItem(
            atPath: path + "/objects/" + lost.prefix(2) + "/" + lost.dropFirst(2))
        let failure = #expect(throws: RemoteFailure.self) {
            try fetch("git://127.0.0.1:\(server.port)/origin.git")
        }
        guard case .unreachable = failure else {
            throw Trouble("expected unreachable, found \(String(describing: failure))")
        }
        let local = try GitRepository(opening: bench.path("local.git"))
        #expect(try await local.resolve(scratchName) == nil)
    }

    @Test func missingRepositoryAndServerAreUnreachable() async throws {
        let server = try bench.startGitDaemon()
        for url in ["git://127.0.0.1:\(server.port)/absent.git", "git://127.0.0.1:1/origin.git"] {
            let failure = #expect(throws: RemoteFailure.self) { try fetch(url) }
            guard case .unreachable = failure else {
                throw Trouble("expected unreachable, found \(String(describing: failure))")
            }
        }
    }
}
