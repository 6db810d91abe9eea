import Foundation
import Secrets
import Testing

/// Files with secrets, as operators and Kubernetes write them.
final class SecretsOnDisk: Sendable {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "gatewright-secrets-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { folder + "/" + name }

    /// In place, with a line end.
    func write(_ text: String, _ name: String) throws {
        try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: path(name)))
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path(name))
    }

    /// Points a link elsewhere in one step.
    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: path("next"), withDestinationPath: target)
        guard rename(path("next"), path(name)) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
}

@Suite struct LiveSecretTests {
    @Test func aFileIsFollowed() throws {
        let files = try SecretsOnDisk()
        try files.write("one", "token")
        let secret = try LiveSecret(file: files.path("token"))
        #expect(secret.text == "one")
        try files.write("two", "token")
        #expect(secret.text == "two")
        try files.remove("token")
        #expect(secret.text == nil)
        try files.write("three", "token")
        #expect(secret.text == "three")
        try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: files.path("token")))
        #expect(secret.text == nil)
    }

    /// As Kubernetes mounts them: `token` → `..data/token`, and `..data` → a folder with a date.
    @Test func aFileBehindLinksIsFollowed() throws {
        let files = try SecretsOnDisk()
        for (folder, text) in [("..1", "one"), ("..2", "two")] {
            try FileManager.default.createDirectory(
                atPath: files.path(folder), withIntermediateDirectories: true)
            try files.write(text, folder + "/token")
        }
        try files.link("..data", to: "..1")
        try files.link("token", to: "..data/token")
        let secret = try LiveSecret(file: files.path("token"))
        #expect(secret.text == "one")
        try files.link("..data", to: "..2")
        #expect(secret.text == "two")
    }

    @Test func whatIsNotThereIsNoSecret() throws {
        let files = try SecretsOnDisk()
        let error = #expect(throws: UnreadableSecret.self) {
            try LiveSecret(file: files.path("token"))
        }
        #expect(error?.description.contains(files.path("token")) == true)
        #expect(LiveSecret("fixed").text == "fixed")
    }
}
