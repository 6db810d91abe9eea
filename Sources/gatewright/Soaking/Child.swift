import Foundation
import Git
import Synchronization

/// A program of ours, which ends with this value at the latest.
///
/// Started as the controller starts its helpers: with no descriptor of ours, so that a killed
/// parent is noticed and no listener outlives its owner.
final class Child: Sendable {
    private let process: ChildProcess
    var pid: pid_t { process.pid }
    private let ended = Mutex<Int32?>(nil)

    /// - Parameter log: the file that its output is added to.
    init(
        _ executable: String, _ arguments: [String], log: String,
        environment: [String: String] = GitProgram.demo.environment
    ) throws {
        let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DemoFailure(description: "\(log) cannot be written")
        }
        let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let nothing = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/null"))
        process = try ChildProcess(
            executable, arguments, environment: environment,
            input: nothing.fileDescriptor, output: output.fileDescriptor,
            error: output.fileDescriptor)
        try output.close()
        try nothing.close()
    }

    deinit { kill() }

    /// `nil` while it runs; then its exit code, or 128 and the number of the signal that ended it.
    var status: Int32? {
        ended.withLock { ended in
            if let known = ended { return known }
            var status: Int32 = 0
            guard waitpid(process.pid, &status, WNOHANG) == process.pid else { return nil }
            let signal = status & 0x7f
            ended = signal == 0 ? status >> 8 & 0xff : 128 + signal
            return ended
        }
    }

    /// `kill -9`. Does nothing to a program that has ended, whose number may be another's now.
    func kill() {
        ended.withLock { ended in
            guard ended == nil else { return }
            Foundation.kill(process.pid, SIGKILL)
            process.waitForEnd()
            ended = 128 + SIGKILL
        }
    }

    /// Sends a signal to a program that still runs, such as SIGSTOP and SIGCONT.
    func send(_ signal: Int32) {
        guard status == nil else { return }
        Foundation.kill(process.pid, signal)
    }

    /// - Returns: the exit code.
    func terminate(within limit: Duration = .seconds(10)) async throws -> Int32 {
        send(SIGTERM)
        return try await waitForEnd(within: limit)
    }

    func waitForEnd(within limit: Duration = .seconds(10)) async throws -> Int32 {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let status { return status }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw DemoFailure(description: "a program does not end")
    }
}
