internal import Foundation
internal import Synchronization

/// One helper process from start to end. Whatever happened, it has ended when `run` returns.
final class HelperProcess: Sendable {
    private enum State {
        case notStarted
        case running(ChildProcess)
        case stopped(RemoteFailure)
        case finished
    }

    private let state = Mutex(State.notStarted)
    private static let deadlines = DispatchQueue(label: "git-remote-deadlines")

    /// The only variables the helper gets: secrets of the daemon's environment stay with it.
    private static let inherited = [
        "HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "SSH_AUTH_SOCK", "SSL_CERT_DIR",
        "SSL_CERT_FILE", "TMPDIR", "XDG_CONFIG_HOME",
    ]

    /// Kills the helper, or keeps it from starting.
    func stop(because failure: RemoteFailure) {
        state.withLock { state in
            switch state {
            case .running(let child):
                // Not yet waited for, so the number still is our child's.
                kill(child.pid, SIGKILL)
                state = .stopped(failure)
            case .notStarted: state = .stopped(failure)
            case .stopped, .finished: break
            }
        }
    }

    /// Blocks until the helper answered, ended or was stopped.
    func run(
        _ executable: String, _ arguments: [String], _ request: RemoteRequest, deadline: Duration
    ) -> Result<RemoteReply, RemoteFailure> {
        do {
            // Also keeps a helper that dies early from ending us with SIGPIPE.
            try GitRuntime.start()
            let (input, output) = (try ChildPipe(), try ChildPipe())
            let child = try start(executable, arguments, input: input, output: output)
            let milliseconds = deadline.milliseconds
            Self.deadlines.asyncAfter(
                deadline: .now() + .milliseconds(Int(clamping: milliseconds))
            ) { self.stop(because: .timedOut(afterMilliseconds: milliseconds)) }
            try? input.writing.write(
                contentsOf: JSONEncoder().encode(request) + [UInt8(ascii: "\n")])
            let answer = readLine(from: output.reading, bytesMax: RemoteRequest.lineBytesMax)
            let stopped = finish(child)
            if let answer, let reply = try? JSONDecoder().decode(RemoteReply.self, from: answer) {
                return .success(reply)
            }
            return .failure(stopped ?? .helperFailed("\(executable) ended without an answer"))
        } catch let failure as RemoteFailure {
            return .failure(failure)
        } catch {
            return .failure(.helperFailed("\(executable) cannot be started: \(error)"))
        }
    }

    private func start(
        _ executable: String, _ arguments: [String], input: ChildPipe, output: ChildPipe
    ) throws -> ChildProcess {
        let environment = ProcessInfo.processInfo.environment.filter {
            Self.inherited.contains($0.key)
        }
        guard let nowhere = FileHandle(forWritingAtPath: "/dev/null") else {
            throw SpawnError(code: errno)
        }
        return try state.withLock { state in
            if case .stopped(let failure) = state { throw failure }
            let child = try ChildProcess(
                executable, arguments, environment: environment,
                input: input.reading.fileDescriptor, output: output.writing.fileDescriptor,
                error: nowhere.fileDescriptor)
            state = .running(child)
            // Ours would keep the pipe open after the helper's end.
            try output.writing.close()
            try input.reading.close()
            return child
        }
    }

    /// The answer is complete, or there will be none: what is left of the helper is not needed.
    private func finish(_ child: ChildProcess) -> RemoteFailure? {
        let stopped: RemoteFailure? = state.withLock { state in
            if case .stopped(let failure) = state { return failure }
            kill(child.pid, SIGKILL)
            state = .finished
            return nil
        }
        child.waitForEnd()
        return stopped
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    fileprivate var milliseconds: Int64 {
        components.seconds &* 1_000 &+ components.attoseconds / 1_000_000_000_000_000
    }
}
