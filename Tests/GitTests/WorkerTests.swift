import Foundation
import Testing

@testable import Git

@Suite struct WorkerTests {
    private let bench: Workbench
    private let server: SilentServer
    private let remote: GitRemote
    private let scratchName: ReferenceName

    init() throws {
        bench = try Workbench()
        server = try SilentServer()
        remote = try GitRemote(
            url: "http://127.0.0.1:\(server.port)/origin.git", branch: "main",
            credential: .token(user: "robot", token: Secret("t0ken")))
        scratchName = try ReferenceName(scratch)
        _ = try GitRepository(openingOrCreatingBareAt: bench.path("local.git"))
    }

    // A1, A2: libgit2 1.5 would wait for ever.
    @Test func silentServerIsLeftAtTheDeadline() async throws {
        let failure = await #expect(throws: RemoteFailure.self) {
            try await RemoteWorker.ofThisBuild(deadline: .milliseconds(1_500)).fetch(
                repositoryPath: bench.path("local.git"), remote: remote, into: scratchName)
        }
        #expect(failure == .timedOut(afterMilliseconds: 1_500))
        // The helper had connected and asked, and its end of the connection is closed now.
        #expect(server.bytesUntilEnd() > 0)
    }

    @Test("A2: a pack that stops half-way ends at the deadline, and nothing of it is believed")
    func aPackThatStopsHalfWayIsNotBelieved() async throws {
        let seed = try await bench.seededRepository("origin.git")
        // Bytes that do not compress: the pack has more than twice what comes through.
        var state: UInt64 = 7
        let noise = String(
            decoding: (0..<300_000).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: 33 + (state >> 33) % 90)
            }, as: UTF8.self)
        let tip = try await bench.commit(["noise": noise], in: "origin.git", onto: seed)
        let daemon = try bench.startGitDaemon()
        let proxy = try HalfProxy(before: daemon.port, bytes: 100_000)
        func fetch(_ port: Int, _ deadline: Duration) async throws -> FetchOutcome {
            try await RemoteWorker.ofThisBuild(deadline: deadline).fetch(
                repositoryPath: bench.path("local.git"),
                remote: GitRemote(url: "git://127.0.0.1:\(port)/origin.git", branch: "main"),
                into: scratchName)
        }
        await #expect(throws: RemoteFailure.timedOut(afterMilliseconds: 2_000)) {
            try await fetch(proxy.port, .milliseconds(2_000))
        }
        let local = try GitRepository(opening: bench.path("local.git"))
        #expect(try await local.resolve(scratchName) == nil)
        await #expect(throws: GitError.self) { try await local.commitInfo(tip) }
        #expect(
            try await fetch(daemon.port, .seconds(20)) == .tip(tip, previous: nil, change: .first))
        _ = try bench.git("-C", bench.path("local.git"), "rev-list", "--objects", tip.hex)
    }

    @Test("E7: without descriptors for a helper a fetch fails in words, and the next one works")
    func withoutDescriptorsAFetchFails() async {
        await #expect(processExitsWith: .success) {
            let bench = try Workbench()
            let seed = try await bench.seededRepository("origin.git")
            _ = try GitRepository(openingOrCreatingBareAt: bench.path("local.git"))
            let remote = try GitRemote(url: bench.path("origin.git"), branch: "main")
            let worker = try RemoteWorker.ofThisBuild()
            func fetch() async throws -> FetchOutcome {
                try await worker.fetch(
                    repositoryPath: bench.path("local.git"), remote: remote,
                    into: ReferenceName(scratch))
            }
            #expect(try await fetch() == .tip(seed, previous: nil, change: .first))
            let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            var before = rlimit()
            getrlimit(kind, &before)
            let free = open("/dev/null", O_RDONLY)
            close(free)
            var none = before
            none.rlim_cur = rlim_t(free)
            setrlimit(kind, &none)
            var found: RemoteFailure?
            do { _ = try await fetch() } catch let failure as RemoteFailure { found = failure }
            setrlimit(kind, &before)
            guard case .helperFailed(let text) = found else {
                throw Trouble("expected a failed helper, found \(String(describing: found))")
            }
            #expect(text.contains("Too many open files"))
            #expect(try await fetch() == .tip(seed, previous: seed, change: .unchanged))
        }
    }

    @Test func cancellationStopsTheHelper() async throws {
        let worker = try RemoteWorker.ofThisBuild()
        let task = Task {
            try await worker.fetch(
                repositoryPath: bench.path("local.git"), remote: remote, into: scratchName)
        }
        task.cancel()
        await #expect(throws: RemoteFailure.cancelled) { try await task.value }
    }

    @Test func helperEndsWhenItsParentDoes() async throws {
        let (input, output) = (try ChildPipe(), try ChildPipe())
        let child = try ChildProcess(
            RemoteWorker.helperPath(), ["git-remote-helper"], environment: Workbench.environment,
            input: input.reading.fileDescriptor, output: output.writing.fileDescriptor,
            error: output.writing.fileDescriptor)
        let request = """
            {"repositoryPath": "\(bench.path("local.git"))", \
            "remote": {"url": "\(remote.url)", "branch": "refs/heads/main", \
            "credential": {"none": {}}}, "task": {"fetch": {"into": "\(scratch)"}}}

            """
        try input.writing.write(contentsOf: Data(request.utf8))
        // To the helper the death of its parent is the end of its input.
        try input.writing.close()
        // One that stays would hang the test, and is shown as 137 instead.
        let watchdog = DispatchWorkItem { kill(child.pid, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 15, execute: watchdog)
        #expect(child.waitForEnd() == 1)
        watchdog.cancel()
    }

    @Test(arguments: ["/bin/false", "/bin/cat", "/nonexistent"])
    func helperThatDoesNotAnswerIsAFailure(_ executable: String) async throws {
        let worker = RemoteWorker(executable: executable, arguments: [], deadline: .seconds(20))
        let failure = await #expect(throws: RemoteFailure.self) {
            try await worker.fetch(
                repositoryPath: bench.path("local.git"), remote: remote, into: scratchName)
        }
        guard case .helperFailed(let text) = failure else {
            throw Trouble("expected a failed helper, found \(String(describing: failure))")
        }
        #expect(!text.contains("t0ken"))
    }

    @Test func missingLocalRepositoryIsNamed() async throws {
        let failure = await #expect(throws: RemoteFailure.self) {
            try await RemoteWorker.ofThisBuild().fetch(
                repositoryPath: bench.path("absent.git"), remote: remote, into: scratchName)
        }
        guard case .misconfigured(let text) = failure else {
            throw Trouble("expected misconfigured, found \(String(describing: failure))")
        }
        #expect(text.contains("absent.git"))
    }
}
