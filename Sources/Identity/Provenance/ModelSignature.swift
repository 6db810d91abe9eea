package import RolloutCore
import RolloutFiles

/// A signature of a model as `model_signing sign key` writes it (OpenSSF Model Signing v1.0): a
/// Sigstore bundle around a DSSE envelope around an in-toto statement.
package struct ModelSignature: Hashable, Sendable {
    /// A model of some 300 files; what an artifact's `signature` may hold.
    package static let bytesMax = 64 << 10
    private static let payloadType = "application/vnd.in-toto+json"

    private let payload: [UInt8]
    private let signature: [UInt8]
    private let hint: String?

    /// Reads a bundle. What it says counts for nothing before `verify`.
    ///
    /// Members that are not needed are left alone, as protobuf's JSON form wants it.
    /// - Throws: `InvalidIdentity`: `malformed`; `unsupported` for a bundle without a key, and for
    ///   an envelope of another type or with several signatures.
    package init(bundle text: String) throws(InvalidIdentity) {
        let bundle = try Self.json(Array(text.utf8), "the bundle")
        guard let material = bundle["verificationMaterial"], case .object? = material["publicKey"]
        else {
            throw InvalidIdentity(
                .unsupported,
                "the bundle names no public key; certificates and keyless signatures are not "
                    + "taken: sign with model_signing sign key")
        }
        guard let envelope = bundle["dsseEnvelope"] else {
            throw InvalidIdentity(.unsupported, "the bundle holds no DSSE envelope")
        }
        guard case .string(let type)? = envelope["payloadType"], type == Self.payloadType else {
            throw InvalidIdentity(
                .unsupported,
                "the signature is of another type: its payload is "
                    + "\(envelope["payloadType"].words), not \(Self.payloadType)")
        }
        guard case .array(let signatures)? = envelope["signatures"], signatures.count == 1,
            let only = signatures.first
        else {
            throw InvalidIdentity(.unsupported, "the envelope needs exactly one signature")
        }
        payload = try Self.base64(envelope["payload"], "payload")
        signature = try Self.base64(only["sig"], "signature")
        if case .string(let text)? = material["publicKey"]?["hint"] {
            hint = text
        } else {
            hint = nil
        }
    }

    /// Checks that one of the keys signed this artifact.
    ///
    /// - Parameter keys: PEM public keys on P-256 or P-384.
    /// - Throws: `InvalidIdentity`: `unknownKey`, `badSignature`, `unsupported`, `malformed`.
    package func verify(keys: [String], artifact: Digest) throws(InvalidIdentity) {
        var known: [ModelKey] = []
        for (index, pem) in keys.enumerated() {
            do throws(InvalidIdentity) { known.append(try ModelKey(pem: pem)) } catch {
                throw InvalidIdentity(
                    .malformed, "key \(index + 1) of signedBy cannot be used: \(error)")
            }
        }
        let message = Self.preAuthentication(type: Self.payloadType, body: payload)
        guard known.contains(where: { $0.verifies(signature, of: message) }) else {
            // The hint is not signed: it only tells which sentence helps.
            if known.contains(where: { $0.hint == hint }) {
                throw InvalidIdentity(
                    .badSignature, "the signature does not fit what it signs: it was changed")
            }
            throw InvalidIdentity(.unknownKey, "it is signed with another key than the policy's")
        }
        let statement = try ModelStatement(try Self.json(payload, "the signed statement"))
        guard statement.artifact == artifact else {
            throw InvalidIdentity(
                .badSignature,
                "the signature is for another artifact: \(statement.artifact.short)…, not "
                    + "\(artifact.short)…")
        }
    }

    /// What is wrong with the signature of an artifact, in words; `nil` when one of the keys signed
    /// it.
    package static func problem(of artifact: ModelVersion.Artifact, keys: [String]) -> String? {
        guard let bundle = artifact.signature else {
            return "the artifact is not signed; run model_signing sign key on it, and put the "
                + "bundle under artifact.signature"
        }
        do throws(InvalidIdentity) {
            try ModelSignature(bundle: bundle).verify(keys: keys, artifact: artifact.sha256)
            return nil
        } catch {
            return "artifact.signature does not count: \(error)"
        }
    }

    /// What is signed: DSSE v1 protocol, "PAE". Lengths are bytes in decimal.
    static func preAuthentication(type: String, body: [UInt8]) -> [UInt8] {
        Array("DSSEv1 \(type.utf8.count) \(type) \(body.count) ".utf8) + body
    }

    private static func base64(
        _ value: CanonicalJSON?, _ what: String
    ) throws(InvalidIdentity) -> [UInt8] {
        guard case .string(let text)? = value, !text.isEmpty, let bytes = Base64.strict(text) else {
            throw InvalidIdentity(.malformed, "the \(what) of the envelope is not base64")
        }
        return bytes
    }

    /// Two equal keys are refused: another reader could take the other one.
    private static func json(
        _ bytes: [UInt8], _ what: String
    ) throws(InvalidIdentity) -> CanonicalJSON {
        do throws(CanonicalJSONError) {
            return try CanonicalJSON.parse(bytes, sizeLimit: bytesMax)
        } catch {
            throw InvalidIdentity(.malformed, "\(what) cannot be read: \(error)")
        }
    }
}
