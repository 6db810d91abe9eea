import Foundation

@testable import Git

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
