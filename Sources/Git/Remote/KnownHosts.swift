internal import Crypto
internal import Foundation

/// The keys that a `known_hosts` file pins for one server.
///
/// Reads plain names (`host`, `[host]:port`, comma lists) and hashed ones (`|1|salt|hash`, HMAC
/// with SHA-1). Patterns with `*`, `?` or `!` pin nothing; `@cert-authority` lines are ignored.
struct KnownHosts {
    struct Key: Hashable {
        /// `ssh-ed25519`
        let type: String
        let blob: [UInt8]
    }

    private(set) var trusted: [Key] = []
    private(set) var revoked: [Key] = []
    /// As the file writes the server's name: with the port unless it is 22.
    let name: String

    init(text: String, host: String, port: Int?) {
        let port = port ?? 22
        name = port == 22 ? host : "[\(host)]:\(port)"
        for line in text.split(whereSeparator: \.isNewline) {
            var fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
            guard let first = fields.first, !first.hasPrefix("#") else { continue }
            let marker = first.hasPrefix("@") ? fields.removeFirst() : nil
            guard marker == nil || marker == "@revoked", fields.count >= 3,
                let names = fields.popFirst(), let type = fields.popFirst(),
                let encoded = fields.popFirst(), matches(names),
                let blob = Data(base64Encoded: String(encoded))
            else { continue }
            let key = Key(type: String(type), blob: Array(blob))
            if marker == nil { trusted.append(key) } else { revoked.append(key) }
        }
    }

    private func matches(_ names: Substring) -> Bool {
        names.split(separator: ",").contains { candidate in
            guard candidate.hasPrefix("|1|") else { return candidate.lowercased() == name }
            let parts = candidate.split(separator: "|")
            guard parts.count == 3, let salt = Data(base64Encoded: String(parts[1])),
                let hash = Data(base64Encoded: String(parts[2]))
            else { return false }
            return HMAC<Insecure.SHA1>.isValidAuthenticationCode(
                hash, authenticating: Data(name.utf8), using: SymmetricKey(data: salt))
        }
    }

    /// `nil` when the key is pinned; otherwise what to tell the operator.
    func refusal(of blob: [UInt8], file: String) -> String? {
        let shown = "SHA256:" + Self.fingerprint(blob)
        if revoked.contains(where: { $0.blob == blob }) {
            return "the SSH server \(name) shows the key \(shown), which \(file) revokes"
        }
        if trusted.contains(where: { $0.blob == blob }) { return nil }
        let pinned = trusted.map { "\($0.type) SHA256:" + Self.fingerprint($0.blob) }
        return "the SSH server \(name) shows the key \(shown), and \(file) "
            + (pinned.isEmpty
                ? "has no key for it" : "pins \(pinned.sorted().joined(separator: ", "))")
            + "; check the fingerprint with the server's owner before you change the file"
    }

    private static func fingerprint(_ blob: [UInt8]) -> String {
        let text = Data(SHA256.hash(data: blob)).base64EncodedString()
        return String(text.prefix { $0 != "=" })
    }

    /// The pinned keys in the form that libssh2 reads.
    private var forLibssh2: String {
        let order = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ssh-rsa"]
        return order.flatMap { type in
            trusted.filter { $0.type == type }.map {
                "\(name) \(type) \(Data($0.blob).base64EncodedString())\n"
            }
        }.joined()
    }
}

extension KnownHosts {
    /// Reads the file that a remote names; `nil` when it names none or does not speak SSH.
    /// - Throws: `GitError` when the address is not valid or the file cannot be read.
    init?(for remote: GitRemote) throws(GitError) {
        let address = try RemoteAddress(remote)
        guard address.transport == .ssh, let file = remote.knownHosts else { return nil }
        do {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            self.init(text: text, host: address.host, port: address.port)
        } catch {
            throw GitError(
                operation: "read the pinned host keys of \(quoted(file))", code: .notFound,
                message: "\(error)", hint: "name a readable known_hosts file")
        }
    }

    /// Leaves the pinned keys where libgit2 looks for the kind of key to ask the server for.
    /// Without that, a server with several keys may show one that is not pinned.
    /// - Returns: the folder for `GitRuntime.findKnownHosts`.
    func leaveForLibgit2(beside repositoryPath: String) throws -> String {
        let home = collapsingSlashes(repositoryPath) + "/gatewright-ssh"
        try FileManager.default.createDirectory(
            atPath: home + "/.ssh", withIntermediateDirectories: true)
        try Data(forLibssh2.utf8).write(
            to: URL(fileURLWithPath: home + "/.ssh/known_hosts"), options: .atomic)
        return home
    }
}
