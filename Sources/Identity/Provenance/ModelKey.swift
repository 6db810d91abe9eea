import RolloutFiles

/// A key that signs models.
struct ModelKey {
    private let envelope: EnvelopeKey
    private let hash: Hash
    /// How a bundle of `model_signing` names the key: the SHA-256 of its PEM form.
    let hint: String

    /// - Throws: `InvalidIdentity` with `malformed`: no PEM of a P-256 or P-384 key, or a point that
    ///   is not on its curve.
    init(pem: String) throws(InvalidIdentity) {
        guard let text = SigningKeyText(pem: pem) else {
            throw InvalidIdentity(.malformed, "it is no PEM public key on P-256 or P-384")
        }
        do throws(InvalidIdentity) {
            envelope = try EnvelopeKey(subjectPublicKeyInfo: text.bytes)
        } catch {
            // Not in OpenSSL's words: they change, and what is said here is recorded and replayed.
            throw InvalidIdentity(.malformed, "its point is not on its curve")
        }
        // The digests of the bundle's own kinds of key: PKIX_ECDSA_P256_SHA_256 and
        // PKIX_ECDSA_P384_SHA_384 (Sigstore, protobuf-specs, sigstore_common.proto).
        hash =
            switch text.curve {
            case .p256: .sha256
            case .p384: .sha384
            }
        hint = Hash.sha256.of(Array(text.pem.utf8)).hex
    }

    /// Whether this is an ECDSA signature of these bytes in its one DER form; OpenSSL refuses any
    /// other coding of the same numbers.
    ///
    /// Both `(r, s)` and `(r, n − s)` are taken: `model_signing` makes either. It would matter if a
    /// signature named something, such as a nonce that is used up; nothing here does.
    func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        envelope.verifies(signature, of: message, hash: hash)
    }
}

extension Sequence<UInt8> {
    /// Two lower-case digits a byte.
    package var hex: String {
        var text = ""
        for byte in self {
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return text
    }
}
