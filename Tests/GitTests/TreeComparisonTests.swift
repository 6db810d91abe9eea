import Testing

@testable import Git

/// Our comparison of trees beside git's own, on trees of names that sort differently as file and
/// as folder.
@Suite struct TreeComparisonTests {
    private let bench: Workbench
    private static let names = ["a", "a-b", "a.b", "a0", "b", "\u{e9}", "e\u{301}", "z z"]
    private static let modes = ["100644", "100755", "120000"]

    init() throws { bench = try Workbench() }

    @Test func findsWhatGitFinds() async throws {
        try bench.git("init", "--quiet", "--bare", "--initial-branch=main", bench.path("r.git"))
        let commits = 80
        try bench.git(
            "-C", bench.path("r.git"), "fast-import", "--quiet", input: Self.script(commits))
        let repository = try GitRepository(opening: bench.path("r.git"))
        let walk = try bench.git("-C", bench.path("r.git"), "rev-list", "main")
        let ids = walk.split(separator: "\n").compactMap { ObjectID(hex: String($0)) }
        try #require(ids.count == commits)
        var seen = 0
        for (new, old) in zip(ids, ids.dropFirst()) {
            let (before, after) = (
                try await repository.commitInfo(old).tree, try await repository.commitInfo(new).tree
            )
            let found = try await repository.changedPaths(from: before, to: after)
            let wanted = try bench.git(
                "-C", bench.path("r.git"), "diff-tree", "-r", "-z", "--name-only", "--no-renames",
                before.hex, after.hex
            ).split(separator: "\0").map { EntryName(bytes: Array($0.utf8)) }
            #expect(found == wanted.sorted())
            seen += found.count
        }
        #expect(seen > 500)
    }

    /// Six objects that spell out 100,000 folders, and no file in them.
    @Test("A16: many folders of few objects are refused")
    func manyFoldersOfFewObjectsAreRefused() async throws {
        try bench.git("init", "--quiet", "--bare", "--initial-branch=main", bench.path("r.git"))
        var tree = try bench.git("-C", bench.path("r.git"), "mktree")
        for _ in 0..<5 {
            let lines = (10..<20).map { "040000 tree \(tree)\t\($0)\n" }.joined()
            tree = try bench.git("-C", bench.path("r.git"), "mktree", input: Array(lines.utf8))
        }
        let repository = try GitRepository(opening: bench.path("r.git"))
        let id = try #require(ObjectID(hex: tree))
        let error = await #expect(throws: GitError.self) {
            try await repository.changedPaths(from: nil, to: id)
        }
        guard case .tooLarge? = error?.code else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// Commits for `git fast-import`, each a tree of its own.
    private static func script(_ commits: Int) -> [UInt8] {
        var state: UInt64 = 7
        func draw(_ below: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % below
        }
        var text = ""
        for _ in 0..<commits {
            text += "commit refs/heads/main\ncommitter T <t@example.org> 1 +0000\ndata 0\n"
            // Most trees keep most of the one before.
            if draw(4) == 0 { text += "deleteall\n" }
            for _ in 0..<12 {
                let path = (0...draw(3)).map { _ in names[draw(names.count)] }
                    .joined(separator: "/")
                let content = "\(draw(3))"
                text +=
                    draw(4) == 0
                    ? "D \(path)\n"
                    : "M \(modes[draw(modes.count)]) inline \(path)\ndata \(content.utf8.count)\n"
                        + "\(content)\n"
            }
        }
        return Array(text.utf8)
    }
}
