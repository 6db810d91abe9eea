import ArgumentParser
import Foundation
import Identity
import Logging
import RolloutFiles

/// The key that signs every record. Made at the first start when nobody has put one there.
enum ControllerKey {
    static func path(_ identity: ControllerConfiguration.Identity, data: String) -> String {
        identity.keyFile ?? "\(data)/controller.key"
    }

    static func take(
        _ identity: ControllerConfiguration.Identity, data: String, log: Logger
    ) throws -> PrivateKey {
        let path = path(identity, data: data)
        if FileManager.default.fileExists(atPath: path) { return try read(path) }
        guard identity.keyFile == nil else {
            throw ValidationError(
                "\(path) (spec.identity.keyFile) does not exist; make it with: "
                    + "ssh-keygen -t ed25519 -N '' -f \(path)")
        }
        let key = try make(at: path, name: identity.name)
        log.notice(
            "a key was made; add its line to policies/signers and its name to group controllers",
            metadata: ["line": "\(signerLine(identity.name, key.publicKey))"])
        return key
    }

    static func read(_ path: String) throws -> PrivateKey {
        guard let data = FileManager.default.contents(atPath: path),
            let text = String(validating: data, as: UTF8.self)
        else { throw ValidationError("\(path) cannot be read") }
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        guard let bits = mode as? Int, bits & 0o077 == 0 else {
            throw ValidationError("\(path) can be read by others; run: chmod 600 \(path)")
        }
        do throws(InvalidIdentity) { return try PrivateKey(openSSH: text) } catch {
            throw ValidationError("\(path): \(error)")
        }
    }

    /// Makes a key that only its owner can read, with the public part beside it.
    static func make(at path: String, name: String) throws -> PrivateKey {
        let key = try PrivateKey.generate()
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true)
        // Its rights are there before its content is.
        let created = FileManager.default.createFile(
            atPath: path, contents: Data(key.openSSH(comment: name).utf8),
            attributes: [.posixPermissions: 0o600])
        guard created else { throw ValidationError("\(path) cannot be written") }
        try "\(key.publicKey.openSSH) \(name)\n".write(
            toFile: path + ".pub", atomically: true, encoding: .utf8)
        return key
    }

    /// The line of `policies/signers` that lets a controller sign commits, and nothing else.
    static func signerLine(_ name: String, _ key: PublicKey) -> String {
        "\(name) namespaces=\"\(Namespace.git)\" \(key.openSSH)"
    }
}
