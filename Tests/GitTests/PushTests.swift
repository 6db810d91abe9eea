import Git
import Testing

/// Over git://, because libgit2 runs no server hooks for a local path.
@Suite struct PushTests {
    private let bench: Workbench
    private let server: ServerProcess
    private let remote: GitRemote
    private let seed: ObjectID
    private let scratchName: ReferenceName

    init() async throws {
        bench = try Workbench()
        seed = try await bench.seededRepository("origin.git")
        server = try bench.startGitDaemon()
        remote = try GitRemote(
            url: "git://127.0.0.1:\(server.port)/origin.git", branch: "main")
        scratchName = try ReferenceName(scratch)
        _ = try GitRepository(openingOrCreatingBareAt: bench.path("local.git"))
        _ = try RemoteSync.fetch(
            repositoryPath: bench.path("local.git"), remote: remote, into: scratchName)
    }

    private func localCommit(_ content: String = "ours") async throws -> ObjectID {
        try await bench.commit(
            ["state/a.json": content], in: "local.git", onto: seed,
            reference: "refs/gatewright/pending", expecting: .some(nil))
    }

    private func push(_ commit: ObjectID, expecting: ObjectID?) throws -> PushOutcome {
        try RemoteSync.push(
            repositoryPath: bench.path("local.git"), remote: remote, commit: commit,
            expecting: expecting)
    }

    private func tip() throws -> String {
        try bench.git("-C", bench.path("origin.git"), "rev-parse", "main")
    }

    @Test("A8: accepted push is seen by a fetch")
    func acceptedPushIsSeenByAFetch() async throws {
        let ours = try await localCommit()
        let tip = try await RemoteWorker.ofThisBuild().pushAcknowledged(
            repositoryPath: bench.path("local.git"), remote: remote, commit: ours,
            expecting: seed, fetchingInto: scratchName)
        #expect(tip == ours)
        #expect(try self.tip() == ours.hex)
        #expect(
            try bench.git("-C", bench.path("origin.git"), "fsck", "--strict", "--no-dangling") == ""
        )
        // A8: the answer was lost and the push is tried again.
        #expect(try push(ours, expecting: seed) == .accepted)
    }

    // A7: libgit2 returns 0 here.
    @Test func refusalByAHookIsSeen() async throws {
        try bench.write(
            "#!/bin/sh\necho 'main is frozen' >&2\nexit 1\n", to: "origin.git/hooks/pre-receive",
            mode: 0o755)
        let ours = try await localCommit()
        let outcome = try push(ours, expecting: seed)
        guard case .refused(let text) = outcome else {
            throw Trouble("expected a refusal, found \(outcome)")
        }
        #expect(text.contains("pre-receive hook declined"))
        #expect(text.contains("main is frozen"))
        #expect(try tip() == seed.hex)
    }

    // A6
    @Test func movedBranchIsNotOverwritten() async throws {
        let ours = try await localCommit()
        let theirs = try await bench.commit(["b": "theirs"], in: "origin.git", onto: seed)
        #expect(try push(ours, expecting: seed) == .notFastForward)
        // Also when the caller claims to have seen it: libgit2 has not got their commit.
        #expect(try push(ours, expecting: theirs) == .notFastForward)
        #expect(try tip() == theirs.hex)
    }

    // T16: the branch moves between the server's greeting and the update.
    @Test func raceLostInsideTheServerIsSeen() async throws {
        let theirs = try await bench.commit(
            ["b": "theirs"], in: "origin.git", onto: seed, reference: "refs/heads/theirs",
            expecting: .some(nil))
        try bench.write(
            """
            #!/bin/sh
            unset GIT_QUARANTINE_PATH
            exec git update-ref refs/heads/main \(theirs.hex)

            """, to: "origin.git/hooks/pre-receive", mode: 0o755)
        let ours = try await localCommit()
        #expect(try push(ours, expecting: seed) == .notFastForward)
        #expect(try tip() == theirs.hex)
    }

    // A5: a push does not bring back a branch that somebody deleted.
    @Test func deletedBranchIsMadeOnlyWhenAsked() async throws {
        let ours = try await localCommit()
        try bench.git("-C", bench.path("origin.git"), "update-ref", "-d", "refs/heads/main")
        #expect(try push(ours, expecting: seed) == .notFastForward)
        #expect(try push(ours, expecting: nil) == .accepted)
        #expect(try tip() == ours.hex)
    }

    // A9: the server takes the push and drops it again.
    @Test func acceptedAndDroppedPushIsNotAcknowledged() async throws {
        try bench.write(
            "#!/bin/sh\nexec git update-ref refs/heads/main \(seed.hex)\n",
            to: "origin.git/hooks/post-receive", mode: 0o755)
        let ours = try await localCommit()
        let failure = await #expect(throws: RemoteFailure.self) {
            try await RemoteWorker.ofThisBuild().pushAcknowledged(
                repositoryPath: bench.path("local.git"), remote: remote, commit: ours,
                expecting: seed, fetchingInto: scratchName)
        }
        guard case .unacknowledged = failure else {
            throw Trouble("expected unacknowledged, found \(String(describing: failure))")
        }
    }

    @Test func unknownCommitIsOurOwnMistake() async throws {
        let absent = try #require(ObjectID(hex: String(repeating: "a", count: 40)))
        let failure = #expect(throws: RemoteFailure.self) { try push(absent, expecting: seed) }
        guard case .misconfigured = failure else {
            throw Trouble("expected misconfigured, found \(String(describing: failure))")
        }
    }
}
