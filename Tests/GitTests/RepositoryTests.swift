import Foundation
import Git
import Testing

@Suite struct RepositoryTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    private func author() throws -> CommitAuthor {
        try CommitAuthor(name: "Tester", email: "tester@example.org")
    }

    @Test func opensOnlyWhatIsThere() async throws {
        let error = #expect(throws: GitError.self) {
            try GitRepository(opening: bench.path("missing"))
        }
        #expect(error?.code == .notFound)
        // Two slashes in a row make libgit2 1.5 fail.
        let made = try GitRepository(openingOrCreatingBareAt: bench.folder + "//made.git/")
        #expect(made.path == bench.path("made.git"))
        _ = try GitRepository(openingOrCreatingBareAt: bench.path("made.git"))
        let main = try ReferenceName("refs/heads/main")
        #expect(try await made.resolve(main) == nil)
    }

    @Test func firstCommitThenChangeThenNothing() async throws {
        let repository = try GitRepository(openingOrCreatingBareAt: bench.path("r.git"))
        let main = try ReferenceName("refs/heads/main")
        let root = try await repository.commit(
            onto: nil, changes: ["state/a/b.json": Array("1".utf8), "x": []], message: "first\n",
            author: author(), at: 1_700_000_000_999, updating: main, expecting: nil)
        guard case .committed(let first) = root else { throw Trouble("no first commit") }
        let info = try await repository.commitInfo(first)
        #expect(info.parents.isEmpty)
        #expect(info.message == "first\n")
        #expect(info.author.name == "Tester")
        #expect(info.committer.epochMilliseconds == 1_700_000_000_000)

        let same = try await repository.commit(
            onto: first, changes: ["x": [], "gone/file": nil], message: "same\n",
            author: author(), at: 1_700_000_001_000, updating: main, expecting: first)
        #expect(same == .unchanged)
        #expect(try await repository.resolve(main) == first)

        let second = try await repository.commit(
            onto: first, changes: ["state/a/b.json": nil, "state/c": Array("2".utf8)],
            message: "second\n", author: author(), at: 1_700_000_002_000, updating: main,
            expecting: first)
        guard case .committed(let tip) = second else { throw Trouble("no second commit") }
        // The folder went with its last file.
        #expect(try await repository.entry(at: "state/a", in: tip) == nil)
        let entry = try #require(try await repository.entry(at: "state/c", in: tip))
        #expect(entry.kind == .file)
        #expect(try await repository.blob(entry.id, limitBytes: 1) == Array("2".utf8))
        let old = try await repository.commitInfo(first).tree
        let new = try await repository.commitInfo(tip).tree
        let changed = try await repository.changedPaths(from: old, to: new)
        #expect(changed.map(\.text) == ["state/a/b.json", "state/c"])
        #expect(try await repository.changedPaths(from: old, to: new, under: "x").isEmpty)
        let below = try await repository.changedPaths(from: old, to: new, under: "state/c")
        #expect(below.map(\.text) == ["state/c"])
        let fromNothing = try await repository.changedPaths(from: nil, to: new)
        #expect(fromNothing.map(\.text) == ["state/c", "x"])
        #expect(try bench.git("-C", repository.path, "fsck", "--strict", "--no-dangling") == "")
    }

    @Test func changedPathsSeeAFileBecomeAFolder() async throws {
        let first = try await bench.seededRepository("r.git")
        let file = try await bench.commit(["a": "1", "b": "1"], in: "r.git", onto: first)
        let repository = try GitRepository(opening: bench.path("r.git"))
        let gone = try await repository.commit(
            onto: file, changes: ["a": nil], message: "gone\n", author: author(),
            at: 1_700_000_000_000, updating: ReferenceName("refs/heads/main"), expecting: file)
        guard case .committed(let between) = gone else { throw Trouble("no commit") }
        let folder = try await bench.commit(["a/x": "1"], in: "r.git", onto: between)
        let old = try await repository.commitInfo(file).tree
        let new = try await repository.commitInfo(folder).tree
        let changed = try await repository.changedPaths(from: old, to: new, under: "a")
        #expect(changed.map(\.text) == ["a", "a/x"])
        #expect(try await repository.changedPaths(from: old, to: new) == changed)
    }

    @Test func referencesMoveOnlyFromWhereTheyWereSeen() async throws {
        let first = try await bench.seededRepository("r.git")
        let repository = try GitRepository(opening: bench.path("r.git"))
        let main = try ReferenceName("refs/heads/main")
        let second = try await bench.commit(["a": "1"], in: "r.git", onto: first)
        for stale in [first, nil] {
            let error = await #expect(throws: GitError.self) {
                try await repository.updateReference(main, to: first, expecting: stale)
            }
            #expect(error?.code == .modified)
        }
        let error = await #expect(throws: GitError.self) {
            try await bench.commit(["a": "2"], in: "r.git", onto: first)
        }
        #expect(error?.code == .modified)
        #expect(try await repository.resolve(main) == second)
        let unborn = try ReferenceName("refs/heads/unborn")
        let missing = await #expect(throws: GitError.self) {
            try await repository.updateReference(unborn, to: first, expecting: second)
        }
        #expect(missing?.code == .modified)
        try await repository.updateReference(unborn, to: first, expecting: nil)
        #expect(try await repository.resolve(unborn) == first)
    }

    @Test func lockedReferenceIsReportedAsLocked() async throws {
        let first = try await bench.seededRepository("r.git")
        try bench.write("", to: "r.git/refs/heads/main.lock")
        let error = await #expect(throws: GitError.self) {
            try await bench.commit(["a": "1"], in: "r.git", onto: first)
        }
        #expect(error?.code == .locked)
    }

    @Test func twoHandlesRaceAndEveryCommitIsKept() async throws {
        let first = try await bench.seededRepository("r.git")
        let path = bench.path("r.git")
        let main = try ReferenceName("refs/heads/main")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<2 {
                let repository = try GitRepository(opening: path)
                let author = try author()
                group.addTask {
                    for number in 0..<15 {
                        while true {
                            do throws(GitError) {
                                let tip = try await repository.resolve(main)
                                _ = try await repository.commit(
                                    onto: tip, changes: ["w\(writer)/\(number)": [1]],
                                    message: "w\n", author: author, at: 1_700_000_000_000,
                                    updating: main, expecting: tip)
                                break
                            } catch {
                                guard [.modified, .locked].contains(error.code) else { throw error }
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try bench.git("-C", path, "rev-list", "--count", "main") == "31")
        #expect(
            try bench.git("-C", path, "ls-tree", "-r", "main").split(separator: "\n").count == 31)
        #expect(try bench.git("-C", path, "fsck", "--strict", "--no-dangling") == "")
        let repository = try GitRepository(opening: path)
        let tip = try #require(try await repository.resolve(main))
        #expect(try await repository.isDescendant(tip, of: first))
    }

    @Test("A11: oversized blob is not read")
    func oversizedBlobIsNotRead() async throws {
        let id = try await bench.seededRepository("r.git")
        let repository = try GitRepository(opening: bench.path("r.git"))
        let entry = try #require(try await repository.entry(at: "seed.txt", in: id))
        let error = await #expect(throws: GitError.self) {
            try await repository.blob(entry.id, limitBytes: 3)
        }
        #expect(error?.code == .tooLarge(size: 13))
        let kind = await #expect(throws: GitError.self) {
            try await repository.blob(id, limitBytes: 1_000)
        }
        #expect(kind?.code == .wrongKind)
        let raw = try await repository.rawCommit(id)
        #expect(String(decoding: raw, as: UTF8.self).hasPrefix("tree "))
    }

    // T15: all of these are accepted by git; none may vanish or merge with another.
    @Test("F11: strange names are reported and not dropped")
    func strangeNamesAreReportedAndNotDropped() async throws {
        try await bench.seededRepository("r.git")
        let path = bench.path("r.git")
        let blob = try bench.git("-C", path, "hash-object", "-w", "--stdin", input: [1])
        let names: [[UInt8]] = [
            Array("-rf".utf8), Array("a\nb".utf8), Array("cafe\u{301}".utf8),
            Array("caf\u{e9}".utf8), [0xff, 0xfe],
        ]
        var listing: [UInt8] = []
        for name in names { listing += Array("100644 blob \(blob)\t".utf8) + name + [0] }
        listing += Array("120000 blob \(blob)\tlink\0".utf8)
        listing += Array("160000 commit \(String(repeating: "a", count: 40))\tmodule\0".utf8)
        let tree = try #require(
            ObjectID(hex: bench.git("-C", path, "mktree", "-z", "--missing", input: listing)))
        let repository = try GitRepository(opening: path)
        let entries = try await repository.tree(tree)
        #expect(Set(entries.map(\.name.bytes)).isSuperset(of: names))
        #expect(entries.count == 7)
        #expect(Set(entries.map(\.name)).count == 7)
        #expect(entries.filter { $0.name.text == nil }.map(\.name.description) == ["\\xff\\xfe"])
        #expect(entries.first { $0.name.text == "link" }?.kind == .symbolicLink)
        #expect(entries.first { $0.name.text == "module" }?.kind == .submodule)
        #expect(entries.first { $0.name.text == "a\nb" }?.name.description == "a\\nb")
        let changed = try await repository.changedPaths(from: nil, to: tree)
        #expect(changed.count == 7)
    }

    @Test("F11: strange references are refused and reported")
    func strangeReferencesAreRefusedAndReported() async throws {
        let id = try await bench.seededRepository("r.git")
        let path = bench.path("r.git")
        for name in ["refs/heads/--upload-pack=x", "refs/heads/a\u{202e}b"] {
            try bench.git("-C", path, "update-ref", name, id.hex)
        }
        let repository = try GitRepository(opening: path)
        let listing = try await repository.references(under: "refs/heads/")
        #expect(
            listing.references.map(\.name.text) == ["refs/heads/main"])
        #expect(listing.references.map(\.target) == [id])
        #expect(
            listing.refused == [#""refs/heads/--upload-pack=x""#, #""refs/heads/a\u{202E}b""#])
    }

    @Test func linksAndFoldersAreNotWrittenThrough() async throws {
        try await bench.seededRepository("r.git")
        let path = bench.path("r.git")
        let blob = try bench.git("-C", path, "hash-object", "-w", "--stdin", input: [0x2f])
        let tree = try bench.git(
            "-C", path, "mktree", input: Array("120000 blob \(blob)\tstate\n".utf8))
        let hex = try bench.git("-C", path, "commit-tree", tree, "-m", "link")
        try bench.git("-C", path, "update-ref", "refs/heads/main", hex)
        let id = try #require(ObjectID(hex: hex))
        for changes in [["state": "x"], ["state/current.json": "x"]] {
            let error = await #expect(throws: GitError.self) {
                try await bench.commit(changes, in: "r.git", onto: id)
            }
            #expect(error?.code == .wrongKind)
        }
        let error = await #expect(throws: GitError.self) {
            try await bench.commit(["a": "1", "a/b": "2"], in: "r.git", onto: id)
        }
        #expect(error?.code == .invalidName)
    }

    @Test("A12: a folder whose object is lost is not an empty one")
    func aLostFolderIsNotAnEmptyOne() async throws {
        let id = try await bench.seededRepository("r.git")
        let tip = try await bench.commit(
            ["state/a/current.json": "1", "rollouts/a/rollout.yaml": "2"], in: "r.git", onto: id)
        let path = bench.path("r.git")
        for folder in ["state/a", "rollouts"] {
            let tree = try bench.git("-C", path, "rev-parse", "\(tip.hex):\(folder)")
            try FileManager.default.removeItem(
                atPath: path + "/objects/" + tree.prefix(2) + "/" + tree.dropFirst(2))
        }
        let repository = try GitRepository(opening: path)
        for lost in ["state/a/current.json", "state/a/decisions", "rollouts/a/rollout.yaml"] {
            let error = await #expect(throws: GitError.self) {
                try await repository.entry(at: lost, in: tip)
            }
            #expect(error?.code == .notFound)
        }
        let root = try await repository.commitInfo(tip).tree
        await #expect(throws: GitError.self) {
            try await repository.changedPaths(from: nil, to: root, under: "rollouts")
        }
        // What was never there is nothing, and no error.
        for path in ["nowhere", "nowhere/a", "seed.txt/a", "a\u{301}/b", "/state", "state//a"] {
            #expect(try await repository.entry(at: path, in: tip) == nil, "\(path)")
        }
        #expect(try await repository.entry(at: "state/", in: tip)?.kind == .directory)
    }

    @Test("F9, F12: attributes, filters and hooks of a repository run nothing")
    func nothingOfARepositoryIsRun() async throws {
        let id = try await bench.seededRepository("origin.git")
        let path = bench.path("r.git")
        try bench.git("clone", "--quiet", "--bare", bench.path("origin.git"), path)
        // Our own code writes no name that begins with a dot.
        let files = [
            (".gitattributes", "* filter=evil diff=evil merge=evil text eol=crlf ident\n"),
            (".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = -u./evil\n"),
            ("a", "$Id$\none\n"),
        ]
        let lines = try files.map { name, text in
            let blob = try bench.git(
                "-C", path, "hash-object", "-w", "--stdin", "--no-filters", input: Array(text.utf8))
            return "100644 blob \(blob)\t\(name)\n"
        }
        let tree = try bench.git("-C", path, "mktree", input: Array(lines.joined().utf8))
        let hex = try bench.git(
            "-C", path, "commit-tree", tree, "-p", id.hex, "-m", "evil")
        let evil = try #require(ObjectID(hex: hex))
        let marker = bench.path("it-ran")
        let script = "#!/bin/sh\ntouch \(marker)\n"
        let hooks = [
            "pre-commit", "post-commit", "commit-msg", "post-checkout", "post-merge", "pre-push",
            "reference-transaction", "pre-receive", "update", "post-receive", "post-update",
            "post-index-change", "fsmonitor-watchman",
        ]
        try FileManager.default.createDirectory(
            atPath: path + "/hooks", withIntermediateDirectories: true)
        for hook in hooks { try bench.write(script, to: "r.git/hooks/\(hook)", mode: 0o755) }
        for setting in [
            "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv",
            "merge.evil.driver", "core.fsmonitor", "core.sshCommand", "credential.helper",
            "gpg.program", "core.pager", "remote.origin.uploadpack", "remote.origin.receivepack",
        ] { try bench.git("-C", path, "config", setting, "touch \(marker)") }
        let repository = try GitRepository(opening: path)
        let main = try ReferenceName("refs/heads/main")
        try await repository.updateReference(main, to: evil, expecting: id)
        let tip = try await bench.commit(["b": "1\n"], in: "r.git", onto: evil)
        let entry = try #require(try await repository.entry(at: "a", in: tip))
        // To the byte as it was committed: no filter, no line ends, no expansion.
        #expect(try await repository.blob(entry.id, limitBytes: 100) == Array("$Id$\none\n".utf8))
        _ = try await repository.changedPaths(
            from: repository.commitInfo(id).tree, to: repository.commitInfo(tip).tree)
        let remote = try GitRemote(url: bench.path("origin.git"), branch: "main")
        let push = try RemoteSync.push(
            repositoryPath: path, remote: remote, commit: tip, expecting: id)
        #expect(push == .accepted)
        _ = try RemoteSync.fetch(
            repositoryPath: path, remote: remote, into: ReferenceName(scratch))
        #expect(!FileManager.default.fileExists(atPath: marker))
        // It would have run, had git itself done the same.
        try bench.git("clone", "--quiet", path, bench.path("clone"))
        try bench.git("-C", path, "update-ref", "refs/heads/x", tip.hex)
        #expect(FileManager.default.fileExists(atPath: marker))
    }

    @Test func missingObjectsAreErrors() async throws {
        let id = try await bench.seededRepository("r.git")
        let repository = try GitRepository(opening: bench.path("r.git"))
        let absent = try #require(ObjectID(hex: String(repeating: "a", count: 40)))
        let main = try ReferenceName("refs/heads/main")
        let error = await #expect(throws: GitError.self) {
            try await repository.updateReference(main, to: absent, expecting: id)
        }
        #expect(error?.code == .notFound)
        await #expect(throws: GitError.self) { try await repository.isDescendant(id, of: absent) }
        await #expect(throws: GitError.self) { try await repository.commitInfo(absent) }
        #expect(try await repository.resolve(main) == id)
    }
}
