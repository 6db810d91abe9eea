/// A signature made by `ssh-keygen -Y sign` or by git with an SSH key (OpenSSH PROTOCOL.sshsig).
///
/// One signature can be written down in many ways, and a key can sign the same bytes many times:
/// what identifies an approval is the digest of what was signed, never the signature.
package struct SSHSignature: Hashable, Sendable {
    package let publicKey: PublicKey
    package let namespace: String
    let hash: Hash
    let algorithm: String
    /// The innermost bytes; their meaning depends on the algorithm.
    let value: [UInt8]
    /// Of a security key: what it saw, and how often it was used.
    let securityKey: SecurityKeyUse?

    struct SecurityKeyUse: Hashable, Sendable {
        let flags: UInt8
        let counter: UInt32

        /// Somebody touched the key.
        static let userPresence: UInt8 = 0x01
    }

    static let magic = Array("SSHSIG".utf8)
    /// More than the largest key needs.
    package static let bytesMax = 8_192

    /// Reads the binary form.
    ///
    /// - Throws: `InvalidIdentity`: `malformed`, `unsupported`.
    package init(blob: [UInt8]) throws(InvalidIdentity) {
        guard blob.count <= Self.bytesMax else {
            throw InvalidIdentity(.malformed, "the signature has \(blob.count) bytes")
        }
        var reader = WireReader(blob)
        guard try Array(reader.take(6)) == Self.magic else {
            throw InvalidIdentity(.malformed, "it is not an SSH signature")
        }
        let version = try reader.number()
        guard version == 1 else {
            throw InvalidIdentity(.unsupported, "the signature has version \(version), not 1")
        }
        publicKey = try PublicKey(blob: try reader.string())
        namespace = try reader.text()
        guard !namespace.isEmpty else {
            throw InvalidIdentity(.malformed, "the signature says for nothing what it is for")
        }
        guard try reader.string().isEmpty else {
            throw InvalidIdentity(.malformed, "a reserved field of the signature is filled")
        }
        let hashName = try reader.text()
        guard let hash = Hash(rawValue: hashName), hash != .sha384 else {
            throw InvalidIdentity(
                .unsupported, "the signature uses \(hashName), not sha256 or sha512")
        }
        self.hash = hash
        var inner = WireReader(try reader.string())
        try reader.finish("the signature")
        algorithm = try inner.text()
        value = try inner.string()
        switch publicKey.algorithm {
        case .securityKeyEd25519, .securityKeyP256:
            securityKey = SecurityKeyUse(flags: try inner.byte(), counter: try inner.number())
        default: securityKey = nil
        }
        try inner.finish("the signature")
    }

    /// Checks that this key signed these bytes for this purpose.
    ///
    /// - Throws: `InvalidIdentity`: `wrongNamespace`, `badSignature`, `unsupported`, `malformed`.
    package func verify(
        _ message: [UInt8], namespace expected: String
    ) throws(InvalidIdentity) {
        guard namespace.utf8.elementsEqual(expected.utf8) else {
            throw InvalidIdentity(
                .wrongNamespace,
                "the signature was made for \(namespace), not for \(expected)")
        }
        var signed = Self.signedData(message, namespace: namespace, hash: hash)
        if let securityKey, let application = publicKey.application {
            guard securityKey.flags & SecurityKeyUse.userPresence != 0 else {
                throw InvalidIdentity(
                    .unsupported, "nobody touched the security key when it signed")
            }
            // OpenSSH PROTOCOL.u2f, "SSH U2F Signatures".
            var outer = Hash.sha256.of(application) + [securityKey.flags]
            outer.append(number: securityKey.counter)
            signed = outer + Hash.sha256.of(signed)
        }
        let (bytes, hash) = try mathematics()
        guard try EnvelopeKey(publicKey.material).verifies(bytes, of: signed, hash: hash) else {
            throw InvalidIdentity(
                .badSignature,
                "the signature by \(publicKey.fingerprint) is not one of these bytes")
        }
    }

    /// What is signed in place of the message: its hash, and what it is for.
    static func signedData(_ message: [UInt8], namespace: String, hash: Hash) -> [UInt8] {
        var bytes = magic
        bytes.append(string: namespace.utf8)
        bytes.append(string: [])
        bytes.append(string: hash.rawValue.utf8)
        bytes.append(string: hash.of(message))
        return bytes
    }

    /// The signature as OpenSSL wants it, and the hash that goes with it.
    private func mathematics() throws(InvalidIdentity) -> (signature: [UInt8], hash: Hash?) {
        let fits = InvalidIdentity(
            .unsupported,
            "a signature of type \(algorithm) does not go with a key of type "
                + publicKey.algorithm.rawValue)
        switch publicKey.material {
        case .ed25519:
            guard algorithm == publicKey.algorithm.rawValue else { throw fits }
            guard value.count == 64 else {
                throw InvalidIdentity(.malformed, "an Ed25519 signature has 64 bytes")
            }
            return (value, nil)
        case .ecdsa(let curve, _):
            guard algorithm == publicKey.algorithm.rawValue else { throw fits }
            var reader = WireReader(value)
            let (r, s) = (try reader.positive(), try reader.positive())
            try reader.finish("the signature")
            return (DER.sequence(DER.integer(r), DER.integer(s)), curve.hash)
        case .rsa(let modulus, _):
            // Never `ssh-rsa`: that is SHA-1.
            let hash: Hash
            switch algorithm {
            case "rsa-sha2-256": hash = .sha256
            case "rsa-sha2-512": hash = .sha512
            default: throw fits
            }
            guard value.count == modulus.count else {
                throw InvalidIdentity(.malformed, "an RSA signature is as long as its key")
            }
            return (value, hash)
        }
    }
}
