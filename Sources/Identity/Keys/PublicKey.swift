import Foundation

/// A public key in the form that SSH writes it, checked when it is read.
///
/// Two keys are equal when their bytes are: every key that is taken has one form only.
package struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    package enum Algorithm: String, Sendable, Hashable, CaseIterable {
        case ed25519 = "ssh-ed25519"
        case ecdsaP256 = "ecdsa-sha2-nistp256"
        case ecdsaP384 = "ecdsa-sha2-nistp384"
        case ecdsaP521 = "ecdsa-sha2-nistp521"
        case rsa = "ssh-rsa"
        case securityKeyEd25519 = "sk-ssh-ed25519@openssh.com"
        case securityKeyP256 = "sk-ecdsa-sha2-nistp256@openssh.com"
    }

    /// What the mathematics need.
    enum Material: Hashable, Sendable {
        case ed25519([UInt8])
        /// An uncompressed point.
        case ecdsa(Curve, [UInt8])
        case rsa(modulus: [UInt8], exponent: [UInt8])
    }

    package let algorithm: Algorithm
    package let blob: [UInt8]
    let material: Material
    /// Of a security key: what it was made for, usually `ssh:`.
    let application: [UInt8]?

    /// Bits of an RSA modulus that are taken: below it can be broken, above it is slow to check.
    static let rsaBits = 2_048...8_192

    /// Reads the binary form.
    ///
    /// - Throws: `InvalidIdentity`: `malformed`, `unsupported`.
    package init(blob: [UInt8]) throws(InvalidIdentity) {
        var reader = WireReader(blob)
        let name = try reader.text()
        guard let algorithm = Algorithm(rawValue: name) else {
            throw InvalidIdentity(
                .unsupported,
                "a key of type \(name) is not taken; use ed25519, ecdsa, rsa or a security key")
        }
        switch algorithm {
        case .ed25519, .securityKeyEd25519:
            let point = try reader.string()
            try EdwardsPoint.check(point)
            material = .ed25519(point)
        case .ecdsaP256, .securityKeyP256: material = try Self.point(.p256, &reader)
        case .ecdsaP384: material = try Self.point(.p384, &reader)
        case .ecdsaP521: material = try Self.point(.p521, &reader)
        case .rsa:
            let (exponent, modulus) = (try reader.positive(), try reader.positive())
            let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
            guard Self.rsaBits.contains(bits) else {
                throw InvalidIdentity(
                    .unsupported,
                    "an RSA key of \(bits) bits is not taken; use \(Self.rsaBits.lowerBound) or more"
                )
            }
            guard exponent.count <= 4, let last = exponent.last, last & 1 == 1, exponent != [1]
            else { throw InvalidIdentity(.unsupported, "the exponent of the RSA key is unusual") }
            material = .rsa(modulus: modulus, exponent: exponent)
        }
        switch algorithm {
        case .securityKeyEd25519, .securityKeyP256: application = try reader.string()
        default: application = nil
        }
        try reader.finish("the key")
        self.algorithm = algorithm
        self.blob = blob
        if case .ecdsa = material {
            // Whether the point is on its curve.
            _ = try EnvelopeKey(material)
        }
    }

    private static func point(
        _ curve: Curve, _ reader: inout WireReader
    ) throws(InvalidIdentity) -> Material {
        guard try reader.text() == curve.name else {
            throw InvalidIdentity(.malformed, "the key names another curve than its type does")
        }
        let point = try reader.string()
        guard point.count == 1 + 2 * curve.coordinateBytes, point.first == 4 else {
            throw InvalidIdentity(.malformed, "the key's point is not in its uncompressed form")
        }
        return .ecdsa(curve, point)
    }

    /// Reads `ssh-ed25519 AAAA… comment`, as in a `.pub` file.
    ///
    /// - Throws: `InvalidIdentity`: `malformed`, `unsupported`.
    package init(openSSH line: String) throws(InvalidIdentity) {
        let words = line.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count >= 2 else {
            throw InvalidIdentity(
                .malformed, "expected a key such as ssh-ed25519 AAAA…, found \(line.prefix(40))")
        }
        try self.init(type: words[0], base64: words[1])
    }

    init(type: Substring, base64: Substring) throws(InvalidIdentity) {
        guard let bytes = Base64.strict(base64) else {
            throw InvalidIdentity(.malformed, "the key is not base64")
        }
        try self.init(blob: bytes)
        guard algorithm.rawValue == type else {
            throw InvalidIdentity(
                .malformed, "the key says \(type) and is \(algorithm.rawValue)")
        }
    }

    /// `ssh-ed25519 AAAA…`
    package var openSSH: String { "\(algorithm.rawValue) \(Base64.text(blob))" }

    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    package var fingerprint: String {
        let text = Base64.text(Hash.sha256.of(blob))
        return "SHA256:" + text.prefix { $0 != "=" }
    }

    package var description: String { fingerprint }
}

/// The curves of ECDSA keys (NIST FIPS 186-4, D.1.2).
enum Curve: Hashable, Sendable {
    case p256, p384, p521

    var name: String {
        switch self {
        case .p256: "nistp256"
        case .p384: "nistp384"
        case .p521: "nistp521"
        }
    }

    var coordinateBytes: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    /// The hash that SSH uses with this curve (RFC 5656 §6.2.1).
    var hash: Hash {
        switch self {
        case .p256: .sha256
        case .p384: .sha384
        case .p521: .sha512
        }
    }
}

/// Base64 with one form only: what is read and written again is the same text.
enum Base64 {
    static func strict(_ text: some StringProtocol) -> [UInt8]? {
        guard let data = Data(base64Encoded: String(text)) else { return nil }
        let bytes = Array(data)
        return Self.text(bytes).utf8.elementsEqual(text.utf8) ? bytes : nil
    }

    static func text(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
