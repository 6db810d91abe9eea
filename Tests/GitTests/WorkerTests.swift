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
