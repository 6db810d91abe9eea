import Foundation

/// A public key that models are signed with, as PEM writes it (RFC 7468 §13): a point of P-256 or
/// P-384 in its uncompressed form (RFC 5480 §2). Whether the point is on its curve is for those to
/// say who use it.
package struct SigningKeyText: Hashable, Sendable {
    package enum Curve: String, Sendable, Hashable, CaseIterable { case p256, p384 }

    package let curve: Curve
    /// SubjectPublicKeyInfo, distinguished encoding.
    package let bytes: [UInt8]

    static let (begin, end) = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")

    /// `nil` for anything but one such key with nothing before and after it.
    package init?(pem: String) {
        guard let key = try? Self.read(pem) else { return nil }
        self = key
    }

    private init(_ curve: Curve, _ bytes: [UInt8]) {
        self.curve = curve
        self.bytes = bytes
    }

    static func read(_ text: String) throws(Refusal) -> SigningKeyText {
        if text.contains("PRIVATE KEY") {
            throw Refusal("this is a private key, which nobody may trust any more: make another")
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        guard lines.count >= 3, let first = lines.first, first == begin,
            let last = lines.last, last == end
        else { throw Refusal("lines from \(begin) to \(end)") }
        let base64 = lines.dropFirst().dropLast().joined()
        guard let data = Data(base64Encoded: base64),
            data.base64EncodedString().utf8.elementsEqual(base64.utf8)
        else { throw Refusal("its lines are no base64") }
        let bytes = Array(data)
        guard
            let curve = Curve.allCases.first(where: {
                bytes.starts(with: $0.prefix) && bytes.count == $0.prefix.count + $0.pointBytes
            })
        else {
            throw Refusal(
                "a key of another kind; openssl ecparam -name prime256v1 -genkey makes one")
        }
        return SigningKeyText(curve, bytes)
    }

    /// The one form of the key: lines of 64 characters (RFC 7468 §2), as OpenSSL writes them.
    package var pem: String {
        let base64 = Array(Data(bytes).base64EncodedString().utf8)
        let lines = stride(from: 0, to: base64.count, by: 64).map { start in
            String(decoding: base64[start..<min(start + 64, base64.count)], as: UTF8.self)
        }
        return ([Self.begin] + lines + [Self.end]).map { $0 + "\n" }.joined()
    }
}

extension SigningKeyText.Curve {
    /// What stands before the two coordinates: RFC 5480 §2.1.1 and §2.1.1.1, X.690 §8.
    fileprivate var prefix: [UInt8] {
        let ecPublicKey: [UInt8] = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]
        return switch self {
        case .p256:
            [0x30, 0x59, 0x30, 0x13] + ecPublicKey
                + [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]
                + [0x03, 0x42, 0x00, 0x04]
        case .p384:
            [0x30, 0x76, 0x30, 0x10] + ecPublicKey + [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22]
                + [0x03, 0x62, 0x00, 0x04]
        }
    }

    fileprivate var pointBytes: Int {
        switch self {
        case .p256: 64
        case .p384: 96
        }
    }
}

extension Shape where Value == String {
    /// A key that models are signed with; read into its one form.
    static var signingKey: Shape {
        .scalar(
            "a PEM public key on P-256 or P-384", example: "|- and the lines of the .pub file",
            schema: [
                "type": "string",
                "pattern": .string(
                    "^\(SigningKeyText.begin)\n[A-Za-z0-9+/=\n]+\(SigningKeyText.end)\n?$"),
            ]
        ) { scalar throws(Refusal) in try SigningKeyText.read(scalar.text).pem }
    }
}
