import Foundation
import Synchronization

@testable import Git

/// A program of a test, which ends with it at the latest.
///
/// Started as the product starts its helpers: with no descriptor of ours, so that a killed parent
/// is noticed and no listener outlives its owner.
final class Child: Sendable {
    private let process: ChildProcess
    var pid: pid_t { process.pid }
    private let ended = Mutex<Int32?>(nil)

    init(_ executable: String, _ arguments: [String], log: String) throws {
        let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Trouble("\(log) cannot be written") }
        let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let nothing = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/null"))
        process = try ChildProcess(
            executable, arguments, environment: Surroundings.variables,
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

    /// - Returns: the exit code.
    func terminate() async throws -> Int32 {
        if status == nil { Foundation.kill(process.pid, SIGTERM) }
        return try await waitForEnd()
    }

    func waitForEnd(within limit: Duration = .seconds(10)) async throws -> Int32 {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let status { return status }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Trouble("a program does not end")
    }
}

/// What the tests stand on: this build's program, the real git, and free ports.
enum Surroundings {
    static let variables = ProcessInfo.processInfo.environment.filter {
        !$0.key.hasPrefix("GIT_")
    }.merging([
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@example.org",
        "GIT_COMMITTER_NAME": "Ana", "GIT_COMMITTER_EMAIL": "ana@example.org",
    ]) { $1 }

    /// The `gatewright` binary of this build stands beside the test bundle.
    static func gatewright() throws -> String {
        let bundle = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        let path = bundle.deletingLastPathComponent().path + "/gatewright"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Trouble("there is no gatewright at \(path); build it first")
        }
        return path
    }

    /// What a program says that ends at once and well.
    @discardableResult
    static func run(_ program: String, _ arguments: [String]) throws -> String {
        let output = try ChildPipe()
        let nothing = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/null"))
        let child = try ChildProcess(
            "/usr/bin/env", [program] + arguments, environment: variables,
            input: nothing.fileDescriptor, output: output.writing.fileDescriptor,
            error: output.writing.fileDescriptor)
        try output.writing.close()
        let data = output.reading.readDataToEndOfFile()
        let status = child.waitForEnd()
        let text = String(validating: data, as: UTF8.self) ?? ""
        guard status == 0 else { throw Trouble("\(program) \(arguments): \(status): \(text)") }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    static func git(_ arguments: String...) throws -> String { try run("git", arguments) }

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let found = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard found else { throw Trouble("no port is free: errno \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    static func listens(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(UInt16(port))
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Looks again and again until something is so.
func eventually(
    _ what: String, within limit: Duration = .seconds(20),
    every pause: Duration = .milliseconds(10),
    _ isSo: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !isSo() {
        guard ContinuousClock.now < end else { throw Trouble("after \(limit) not yet: \(what)") }
        try await Task.sleep(for: pause)
    }
}
