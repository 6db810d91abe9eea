/// The controller's own key: Ed25519, in a file of OpenSSH without a passphrase.
///
/// People keep theirs in an agent or on a security key, and sign with `ssh-keygen`.
package struct PrivateKey: Sendable {
    package let publicKey: PublicKey
    private let seed: [UInt8]

    /// - Throws: `InvalidIdentity` when OpenSSL cannot make a key of these 32 bytes.
    package init(seed: [UInt8]) throws(InvalidIdentity) {
        let point = try EnvelopeKey(privateEd25519: seed).publicEd25519()
        var blob: [UInt8] = []
        blob.append(string: PublicKey.Algorithm.ed25519.rawValue.utf8)
        blob.append(string: point)
        publicKey = try PublicKey(blob: blob)
        self.seed = seed
    }

    /// A new key of the system's randomness.
    package static func generate() throws(InvalidIdentity) -> PrivateKey {
        try PrivateKey(seed: randomBytes(32))
    }

    func sign(_ message: [UInt8]) throws(InvalidIdentity) -> [UInt8] {
        try EnvelopeKey(privateEd25519: seed).sign(message)
    }

    // MARK: OpenSSH's file (PROTOCOL.key)

    private static let begin = "-----BEGIN OPENSSH PRIVATE KEY-----"
    private static let end = "-----END OPENSSH PRIVATE KEY-----"
    private static let magic = Array("openssh-key-v1\0".utf8)

    /// Reads a file that `ssh-keygen -t ed25519 -N ''` or `gatewright init` wrote.
    ///
    /// - Throws: `InvalidIdentity`: `malformed`, or `unsupported` for a passphrase or another type.
    package init(openSSH text: String) throws(InvalidIdentity) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        guard lines.count >= 3, lines.first == Self.begin[...], lines.last == Self.end[...],
            let bytes = Base64.strict(lines[1..<(lines.count - 1)].joined())
        else { throw InvalidIdentity(.malformed, "it is not a private key of OpenSSH") }
        var reader = WireReader(bytes)
        guard try Array(reader.take(Self.magic.count)) == Self.magic else {
            throw InvalidIdentity(.malformed, "it is not a private key of OpenSSH")
        }
        let (cipher, derivation) = (try reader.text(), try reader.text())
        _ = try reader.string()
        guard cipher == "none", derivation == "none", try reader.number() == 1 else {
            throw InvalidIdentity(
                .unsupported,
                "the key has a passphrase; a controller needs one without: gatewright init, or "
                    + "ssh-keygen -t ed25519 -N ''")
        }
        let publicBlob = try reader.string()
        var secret = WireReader(try reader.string())
        guard try secret.number() == (try secret.number()) else {
            throw InvalidIdentity(.malformed, "the private key is damaged")
        }
        let type = try secret.text()
        guard type == PublicKey.Algorithm.ed25519.rawValue else {
            throw InvalidIdentity(
                .unsupported, "the key is \(type); a controller signs with ssh-ed25519")
        }
        _ = try secret.string()
        try self.init(seed: Array(try secret.string().prefix(32)))
        guard publicKey.blob == publicBlob else {
            throw InvalidIdentity(.malformed, "the private key is damaged")
        }
    }

    /// The file, as `ssh-keygen` reads it.
    package func openSSH(comment: String) -> String {
        var secret: [UInt8] = []
        let check = randomBytes(4)
        secret += check + check
        secret.append(string: PublicKey.Algorithm.ed25519.rawValue.utf8)
        let point = Array(publicKey.blob.suffix(32))
        secret.append(string: point)
        secret.append(string: seed + point)
        secret.append(string: comment.utf8)
        var padding: UInt8 = 1
        while secret.count % 8 != 0 {
            secret.append(padding)
            padding += 1
        }
        var bytes = Self.magic
        bytes.append(string: "none".utf8)
        bytes.append(string: "none".utf8)
        bytes.append(string: [])
        bytes.append(number: 1)
        bytes.append(string: publicKey.blob)
        bytes.append(string: secret)
        var lines = [Self.begin[...]]
        var rest = Base64.text(bytes)[...]
        while !rest.isEmpty {
            lines.append(rest.prefix(70))
            rest = rest.dropFirst(70)
        }
        return (lines + [Self.end[...]]).joined(separator: "\n") + "\n"
    }
}
