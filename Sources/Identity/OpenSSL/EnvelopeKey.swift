internal import COpenSSL

/// Owns one key of OpenSSL (`EVP_PKEY`).
final class EnvelopeKey {
    let raw: OpaquePointer

    private init(owning raw: OpaquePointer?, _ what: String) throws(InvalidIdentity) {
        guard let raw else { throw InvalidIdentity(.malformed, "\(what): \(lastError())") }
        self.raw = raw
    }

    deinit { EVP_PKEY_free(raw) }

    convenience init(_ material: PublicKey.Material) throws(InvalidIdentity) {
        switch material {
        case .ed25519(let point):
            try self.init(
                owning: EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, point, point.count),
                "the Ed25519 key cannot be read")
        case .ecdsa, .rsa: try self.init(subjectPublicKeyInfo: material.subjectPublicKeyInfo)
        }
    }

    /// A public key as X.509 writes it (RFC 5280 §4.1.2.7).
    convenience init(subjectPublicKeyInfo bytes: [UInt8]) throws(InvalidIdentity) {
        let raw = bytes.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return d2i_PUBKEY(nil, &cursor, buffer.count)
        }
        try self.init(owning: raw, "the key cannot be read")
    }

    convenience init(privateEd25519 seed: [UInt8]) throws(InvalidIdentity) {
        try self.init(
            owning: EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count),
            "the private key cannot be read")
    }

    /// Whether the signature is one of these bytes by this key.
    ///
    /// - Parameter hash: `nil` for Ed25519, which hashes by itself.
    func verifies(_ signature: [UInt8], of message: [UInt8], hash: Hash?) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, hash?.method, nil, raw) == 1 else { return false }
        let result = EVP_DigestVerify(
            context, signature, signature.count, message, message.count)
        ERR_clear_error()
        return result == 1
    }

    /// Signs with Ed25519.
    func sign(_ message: [UInt8]) throws(InvalidIdentity) -> [UInt8] {
        let failed = InvalidIdentity(.malformed, "the private key cannot sign")
        guard let context = EVP_MD_CTX_new() else { throw failed }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        guard EVP_DigestSignInit(context, nil, nil, nil, raw) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == 64
        else { throw failed }
        return signature
    }

    func publicEd25519() throws(InvalidIdentity) -> [UInt8] {
        var point = [UInt8](repeating: 0, count: 32)
        var count = point.count
        guard EVP_PKEY_get_raw_public_key(raw, &point, &count) == 1, count == 32 else {
            throw InvalidIdentity(.malformed, "the private key has no public part")
        }
        return point
    }
}

/// What OpenSSL says went wrong last in this thread.
func lastError() -> String {
    var text = [CChar](repeating: 0, count: 256)
    _ = copenssl_last_error(&text, text.count)
    return String(
        decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Cryptographically secure random bytes.
func randomBytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        let done = RAND_bytes(buffer.baseAddress, Int32(count))
        precondition(done == 1, "the system has no randomness")
        filled = count
    }
}
