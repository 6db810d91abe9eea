import RolloutCore
import RolloutFiles

/// What a model signature says: an in-toto Statement v1 about the files of a model (OpenSSF Model
/// Signing v1.0; `model_signing/_signing/signing.py`, `Payload`).
struct ModelStatement {
    static let type = "https://in-toto.io/Statement/v1"
    static let predicateType = "https://model_signing/signature/v1.0"

    /// What the statement is about: the digest of the one file, or the digest of the digests of
    /// several.
    let artifact: Digest

    private struct Resource {
        let name: String
        let digest: Digest

        init(_ value: CanonicalJSON) throws(InvalidIdentity) {
            guard case .string(let name)? = value["name"],
                value["algorithm"] == .string("sha256"),
                let digest = Digest(value["digest"])
            else {
                throw InvalidIdentity(
                    .unsupported, "a file of the statement has no name or no sha256 digest")
            }
            (self.name, self.digest) = (name, digest)
        }

        /// `model_signing` sorts paths, which compare part by part.
        var parts: [[UInt8]] {
            name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                .map { Array($0) }
        }

        func precedes(_ other: Resource) -> Bool {
            parts.lexicographicallyPrecedes(other.parts) { $0.lexicographicallyPrecedes($1) }
        }
    }

    init(_ statement: CanonicalJSON) throws(InvalidIdentity) {
        guard statement["_type"] == .string(Self.type) else {
            throw Self.another("the statement", statement["_type"], Self.type)
        }
        guard statement["predicateType"] == .string(Self.predicateType) else {
            throw Self.another("the predicate", statement["predicateType"], Self.predicateType)
        }
        guard case .array(let subjects)? = statement["subject"], subjects.count == 1,
            let subject = Digest(subjects.first?["digest"]?["sha256"])
        else {
            throw InvalidIdentity(
                .malformed, "the statement needs exactly one subject with a sha256 digest")
        }
        let predicate = statement["predicate"]
        for (key, expected) in [("method", "files"), ("hash_type", "sha256")] {
            let found = predicate?["serialization"]?[key]
            guard found == .string(expected) else {
                throw Self.another("serialization.\(key)", found, expected)
            }
        }
        guard case .array(let values)? = predicate?["resources"], !values.isEmpty else {
            throw InvalidIdentity(.malformed, "the statement names no file")
        }
        var resources: [Resource] = []
        for value in values { resources.append(try Resource(value)) }
        for (left, right) in zip(resources, resources.dropFirst()) where !left.precedes(right) {
            throw InvalidIdentity(
                .malformed, "the files of the statement are not in the order of their names")
        }
        guard Hash.sha256.of(resources.flatMap(\.digest.bytes)).hex == subject.hex else {
            throw InvalidIdentity(
                .malformed, "the digest of the subject is not that of the files it names")
        }
        artifact = resources.count == 1 ? resources.first?.digest ?? subject : subject
    }

    private static func another(
        _ what: String, _ found: CanonicalJSON?, _ expected: String
    ) -> InvalidIdentity {
        InvalidIdentity(
            .unsupported,
            "the signature is of another type: \(what) is \(found.words), not \(expected)")
    }
}

extension CanonicalJSON? {
    /// For a message: text in quotes, or what kind of value it is.
    var words: String {
        switch self {
        case nil: "missing"
        case .string(let text)?: text.prefix(80).debugDescription
        default: "no text"
        }
    }
}

extension Digest {
    fileprivate init?(_ value: CanonicalJSON?) {
        guard case .string(let text)? = value else { return nil }
        self.init(hex: text)
    }

    fileprivate var bytes: [UInt8] {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in hex.utf8 {
            let value = digit < 58 ? digit &- 48 : digit &- 87
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }
}
