import Foundation

@testable import Git

/// A folder that goes away with the test, and the real git in it.
final class Workbench: Sendable {
    let folder: String

    init() throws {
        folder =
            FileManager.default.temporaryDirectory.path + "/gatewright-git-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { folder + "/" + name }

    func write(_ text: String, to name: String, mode: Int = 0o644) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
        try FileManager.default.setAttributes(
            [.posixPermissions: mode], ofItemAtPath: path(name))
    }

    /// Makes a bare repository with one commit on `main`.
    @discardableResult
    func seededRepository(_ name: String) async throws -> ObjectID {
        try git("init", "--quiet", "--bare", "--initial-branch=main", path(name))
        return try await commit(["seed.txt": "seed of \(name)"], in: name, onto: nil)
    }

    /// Commits through our own code.
    @discardableResult
    func commit(
        _ files: [String: String], in name: String, onto parent: ObjectID?,
        reference: String = "refs/heads/main", expecting: ObjectID?? = nil
    ) async throws -> ObjectID {
        let repository = try GitRepository(opening: path(name))
        let result = try await repository.commit(
            onto: parent, changes: files.mapValues { Array($0.utf8) }, message: "test\n",
            author: CommitAuthor(name: "Tester", email: "tester@example.org"),
            at: 1_700_000_000_000, updating: ReferenceName(reference),
            expecting: expecting ?? parent)
        guard case .committed(let id) = result else { throw Trouble("nothing was committed") }
        return id
    }

    @discardableResult
    func git(_ arguments: String..., input: [UInt8] = []) throws -> String {
        try run("/usr/bin/env", ["git"] + arguments, input: input)
    }

    func run(_ executable: String, _ arguments: [String], input: [UInt8] = []) throws -> String {
        let (standardInput, output) = (try ChildPipe(), try ChildPipe())
        let child = try ChildProcess(
            executable, arguments, environment: Self.environment,
            input: standardInput.reading.fileDescriptor,
            output: output.writing.fileDescriptor, error: output.writing.fileDescriptor)
        try standardInput.reading.close()
        try output.writing.close()
        try standardInput.writing.write(contentsOf: Data(input))
        try standardInput.writing.close()
        let text = String(decoding: output.reading.readDataToEndOfFile(), as: UTF8.self)
        let status = child.waitForEnd()
        guard status == 0 else { throw Trouble("\(arguments) ended with \(status): \(text)") }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    static let environment = ProcessInfo.processInfo.environment.merging([
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Tester", "GIT_AUTHOR_EMAIL": "tester@example.org",
        "GIT_COMMITTER_NAME": "Tester", "GIT_COMMITTER_EMAIL": "tester@example.org",
    ]) { $1 }
}

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension RemoteWorker {
    /// The `gatewright` binary of this build stands beside the test bundle.
    static func ofThisBuild(deadline: Duration = .seconds(30)) throws -> RemoteWorker {
        RemoteWorker(executable: try helperPath(), deadline: deadline)
    }

    static func helperPath() throws -> String {
        let bundle = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        let path = bundle.deletingLastPathComponent().path + "/gatewright"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Trouble("there is no gatewright at \(path); build it first")
        }
        return path
    }
}

let scratch = "refs/gatewright/fetched"
