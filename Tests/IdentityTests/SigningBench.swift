import Crypto
import Foundation
import RolloutCore
import RolloutFiles

@testable import Identity

/// Bundles as `model_signing sign key` makes them, and everything else that a test wants signed.
struct SigningBench {
    let p256 = P256.Signing.PrivateKey()
    let p384 = P384.Signing.PrivateKey()

    var key: String { p256.publicKey.pemRepresentation + "\n" }
    var key384: String { p384.publicKey.pemRepresentation + "\n" }

    static let artifact = Hash.sha256.of(Array("the model".utf8)).hex

    /// Parts of a bundle that an attack changes.
    struct Parts {
        var type = ModelStatement.type
        var predicateType = ModelStatement.predicateType
        var method = "files"
        var hashType = "sha256"
        var algorithm = "sha256"
        var resources = [(name: "model.json", digest: artifact)]
        /// The digest of the subject; that of the resources by default.
        var subject: String?
        var subjects = 1
        /// What the envelope says its payload is, and what is signed.
        var payloadType = "application/vnd.in-toto+json"
        var material: CanonicalJSON = ["publicKey": ["hint": ""]]

        var statement: [UInt8] {
            let root = Hash.sha256.of(resources.flatMap { bytes(hex: $0.digest) }).hex
            let one: CanonicalJSON = [
                "name": "model", "digest": ["sha256": .string(subject ?? root)],
            ]
            let json: CanonicalJSON = [
                "_type": .string(type), "predicateType": .string(predicateType),
                "subject": .array(Array(repeating: one, count: subjects)),
                "predicate": [
                    "serialization": [
                        "method": .string(method), "hash_type": .string(hashType),
                        "allow_symlinks": false, "ignore_paths": [".git"],
                    ],
                    "resources": .array(
                        resources.map {
                            [
                                "name": .string($0.name), "digest": .string($0.digest),
                                "algorithm": .string(algorithm),
                            ]
                        }),
                ],
            ]
            return json.pretty
        }
    }

    func bundle(
        _ parts: Parts = Parts(), payload: [UInt8]? = nil,
        sign: ((SigningBench, [UInt8]) throws -> [UInt8])? = nil,
        signatures: ([UInt8]) -> CanonicalJSON = { [["sig": .string(Base64.text($0))]] }
    ) throws -> String {
        let body = payload ?? parts.statement
        let message = ModelSignature.preAuthentication(type: parts.payloadType, body: body)
        let signature = try (sign ?? { try Array($0.p256.signature(for: $1).derRepresentation) })(
            self, message)
        let json: CanonicalJSON = [
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": parts.material,
            "dsseEnvelope": [
                "payload": .string(Base64.text(body)), "payloadType": .string(parts.payloadType),
                "signatures": signatures(signature),
            ],
        ]
        return String(decoding: json.compact, as: UTF8.self)
    }

    /// What is wrong, or `nil`.
    func problem(
        _ bundle: String?, keys: [String]? = nil, artifact: String = Self.artifact
    ) throws -> String? {
        guard let digest = Digest(hex: artifact) else { throw Fault() }
        return ModelSignature.problem(
            of: ModelVersion.Artifact(uri: "oci://x", sha256: digest, size: 9, signature: bundle),
            keys: keys ?? [key])
    }

    static func fixture(_ name: String) throws -> String {
        String(decoding: try fixture(data: name), as: UTF8.self)
    }

    static func fixture(data name: String) throws -> Data {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return try Data(contentsOf: folder.appendingPathComponent("Fixtures/\(name)"))
    }
}

struct Fault: Error {}

func bytes(hex: String) -> [UInt8] {
    let digits = Array(hex)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(digits[$0...($0 + 1)]), radix: 16)
    }
}
