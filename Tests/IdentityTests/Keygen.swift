import Foundation
import Testing

@testable import Identity

/// The real `ssh-keygen` and `git`, in a folder of their own.
struct Keygen {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "identity-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    func write(_ name: String, _ bytes: some Collection<UInt8>) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: path(name))
    }

    /// Makes a key, and returns its public line.
    @discardableResult
    func make(_ name: String, _ arguments: [String]) throws -> PublicKey {
        try run("ssh-keygen", ["-q", "-N", "", "-C", name, "-f", path(name)] + arguments)
        return try PublicKey(openSSH: text("\(name).pub"))
    }

    func sign(_ message: [UInt8], by name: String, namespace: String) throws -> String {
        let file = UUID().uuidString
        try write(file, message)
        try run("ssh-keygen", ["-Y", "sign", "-f", path(name), "-n", namespace, path(file)])
        return try text(file + ".sig")
    }

    /// Whether `ssh-keygen` finds our signature good.
    func verifies(
        _ armored: String, of message: [UInt8], by key: PublicKey, namespace: String
    ) throws -> Bool {
        try write("signers", Array("ana@example.org \(key.openSSH)\n".utf8))
        try write("signature", Array(armored.utf8))
        try write("message", message)
        let result = try status(
            "/bin/sh",
            [
                "-c",
                "ssh-keygen -Y verify -f \(path("signers")) -I ana@example.org -n '\(namespace)' "
                    + "-s \(path("signature")) < \(path("message"))",
            ])
        return result == 0
    }

    @discardableResult
    func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("GIT_") }
            .merging([
                "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
            ]) { $1 }
        let out = Pipe()
        process.standardOutput = out
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = out.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(
            process.terminationStatus == 0, "\(program) \(arguments.joined(separator: " "))")
        return String(decoding: data, as: UTF8.self)
    }

    private func status(_ program: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// The bytes of a commit object as git stores them.
    func rawCommit(_ repository: String, _ name: String = "HEAD") throws -> [UInt8] {
        Array(try run("git", ["-C", repository, "cat-file", "commit", name]).utf8)
    }
}

/// What an error says it is.
func code(_ work: () throws -> Void) -> InvalidIdentity.Code? {
    do {
        try work()
        return nil
    } catch let error as InvalidIdentity {
        return error.code
    } catch {
        Issue.record("\(error)")
        return nil
    }
}
