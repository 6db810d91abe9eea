import Foundation

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A folder that goes away with the test, and the programs that are run in it.
final class Bench: Sendable {
    let folder: String

    init() throws {
        folder =
            FileManager.default.temporaryDirectory.path + "/gatewright-cli-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    struct Result: Sendable {
        let status: Int32
        let output: String
        let errors: String

        func json() throws -> [String: Any] {
            try object(as: [String: Any].self)
        }

        func object<Value>(as type: Value.Type) throws -> Value {
            let parsed = try JSONSerialization.jsonObject(with: Data(output.utf8))
            guard let value = parsed as? Value else { throw Trouble("not a \(type): \(output)") }
            return value
        }
    }

    func path(_ name: String) -> String { folder + "/" + name }

    func write(_ text: String, to name: String) throws {
        let url = URL(fileURLWithPath: path(name))
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func read(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// The program under test, with nobody's settings and 80 columns.
    func gatewright(_ arguments: String..., in name: String = "") throws -> Result {
        try run(try Self.program(), arguments, in: name)
    }

    @discardableResult
    func git(_ arguments: String..., in name: String = "") throws -> String {
        let result = try run("/usr/bin/env", ["git"] + arguments, in: name)
        guard result.status == 0 else { throw Trouble("git \(arguments): \(result.errors)") }
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func run(_ program: String, _ arguments: [String], in name: String = "") throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: path(name))
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": folder, "COLUMNS": "80", "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
        ]
        // Files, because a pipe may be inherited by a child that another test starts meanwhile.
        let mark = UUID().uuidString
        let (out, err) = (path("\(mark).out"), path("\(mark).err"))
        for file in [out, err] { try Data().write(to: URL(fileURLWithPath: file)) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: out))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: err))
        try process.run()
        process.waitUntilExit()
        defer { for file in [out, err] { try? FileManager.default.removeItem(atPath: file) } }
        return Result(
            status: process.terminationStatus,
            output: try String(contentsOfFile: out, encoding: .utf8),
            errors: try String(contentsOfFile: err, encoding: .utf8))
    }

    /// The `gatewright` binary of this build stands beside the test bundle.
    static func program() throws -> String {
        let bundle = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        let path = bundle.deletingLastPathComponent().path + "/gatewright"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Trouble("there is no gatewright at \(path); build it first")
        }
        return path
    }
}
