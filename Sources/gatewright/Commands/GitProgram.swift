import Foundation

/// The git program, as people use it. Names never come from a repository.
struct GitProgram {
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// With the settings of the person who runs this.
    static let user = GitProgram(environment: ProcessInfo.processInfo.environment)

    /// Without anybody's settings, so that a demonstration is the same everywhere.
    static let demo = GitProgram(
        environment: ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("GIT_") }
            .merging([
                "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_TERMINAL_PROMPT": "0", "GIT_COMMITTER_NAME": "gatewright demo",
                "GIT_COMMITTER_EMAIL": "demo@example.org",
            ]) { _, new in new })

    let environment: [String: String]

    func run(_ arguments: [String]) throws { _ = try output(arguments) }

    /// Standard output of a command that succeeded.
    func output(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let (out, errors) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = errors
        try process.run()
        let data = out.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let text = String(validating: said, as: UTF8.self) ?? ""
            throw Failure(description: "git \(arguments.joined(separator: " ")): \(text)")
        }
        return String(validating: data, as: UTF8.self) ?? ""
    }
}
