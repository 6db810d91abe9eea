import Foundation
import Ledger
import RolloutCore

@testable import Git

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A folder that goes away with the test, with real repositories in it.
final class Workbench: Sendable {
    let folder: String

    init() throws {
        folder =
            FileManager.default.temporaryDirectory.path + "/gatewright-ledger-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { folder + "/" + name }

    /// Makes a bare repository whose `main` holds these files.
    @discardableResult
    func repository(_ name: String, _ files: [String: String]) async throws -> ObjectID {
        try git("init", "--quiet", "--bare", "--initial-branch=main", path(name))
        return try await commit(files.mapValues { $0 }, in: name)
    }

    /// What a person does: a commit onto whatever `main` is now.
    @discardableResult
    func commit(_ files: [String: String?], in name: String) async throws -> ObjectID {
        try await commit(bytes: files.mapValues { $0.map { Array($0.utf8) } }, in: name)
    }

    @discardableResult
    func commit(bytes: [String: [UInt8]?], in name: String) async throws -> ObjectID {
        let repository = try GitRepository(opening: path(name))
        let main = try ReferenceName("refs/heads/main")
        let tip = try await repository.resolve(main)
        let result = try await repository.commit(
            onto: tip, changes: bytes, message: "a person's work\n",
            author: CommitAuthor(name: "Ana", email: "ana@example.org"), at: 1_700_000_000_000,
            updating: main, expecting: tip)
        guard case .committed(let id) = result else { throw Trouble("nothing was committed") }
        return id
    }

    /// A ledger on a repository of this folder, pushing to a remote or to nowhere.
    func ledger(_ name: String, remote: String? = nil) throws -> Ledger {
        try Ledger(
            repository: GitRepository(openingOrCreatingBareAt: path(name)),
            remote: remote.map { try GitRemote(url: $0, branch: "main") }, branch: "main",
            worker: RemoteWorker(executable: try Self.helperPath()),
            author: CommitAuthor(name: "gatewright", email: "gatewright@example.org"),
            writer: RecordWriter(name: "test", software: "gatewright test"))
    }

    func hook(_ hook: String, _ script: String, in name: String) throws {
        let file = path(name) + "/hooks/\(hook)"
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
    }

    func read(_ file: String, in name: String) throws -> String {
        try git("-C", path(name), "show", "main:\(file)")
    }

    @discardableResult
    func git(_ arguments: String...) throws -> String { try git(arguments: arguments) }

    @discardableResult
    func git(arguments: [String]) throws -> String {
        let output = try ChildPipe()
        let input = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/null"))
        let child = try ChildProcess(
            "/usr/bin/env", ["git"] + arguments, environment: Self.environment,
            input: input.fileDescriptor, output: output.writing.fileDescriptor,
            error: output.writing.fileDescriptor)
        try output.writing.close()
        let text = String(decoding: output.reading.readDataToEndOfFile(), as: UTF8.self)
        let status = child.waitForEnd()
        guard status == 0 else { throw Trouble("\(arguments) ended with \(status): \(text)") }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    static let environment = ProcessInfo.processInfo.environment.merging([
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
    ]) { $1 }

    /// The `gatewright` binary of this build stands beside the test bundle.
    private static func helperPath() throws -> String {
        let bundle = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        let path = bundle.deletingLastPathComponent().path + "/gatewright"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Trouble("there is no gatewright at \(path); build it first")
        }
        return path
    }
}

/// `git daemon` for all repositories of a workbench, stopped with the test.
final class Daemon: Sendable {
    let port: Int
    private let child: ChildProcess

    init(_ bench: Workbench) throws {
        port = try Self.freePort()
        let null = try FileHandle(forUpdating: URL(fileURLWithPath: "/dev/null"))
        child = try ChildProcess(
            try bench.git("--exec-path") + "/git-daemon",
            [
                "--reuseaddr", "--listen=127.0.0.1", "--port=\(port)",
                "--base-path=\(bench.folder)", "--export-all", "--enable=receive-pack",
                "--informative-errors",
            ], environment: Workbench.environment, input: null.fileDescriptor,
            output: null.fileDescriptor, error: null.fileDescriptor)
        for _ in 0..<1_000 {
            if Self.connects(to: port) { return }
            usleep(10_000)
        }
        throw Trouble("git daemon does not listen on port \(port)")
    }

    deinit {
        kill(child.pid, SIGKILL)
        child.waitForEnd()
    }

    func url(_ name: String) -> String { "git://127.0.0.1:\(port)/\(name)" }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw Trouble("no loopback port: errno \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func connects(to port: Int) -> Bool {
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
