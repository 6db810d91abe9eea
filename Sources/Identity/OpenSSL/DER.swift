/// The few forms of ASN.1 that keys and signatures need (ITU-T X.690, distinguished encoding).
enum DER {
    static func sequence(_ parts: [UInt8]...) -> [UInt8] { tagged(0x30, parts.flatMap { $0 }) }

    /// A positive number, most significant byte first.
    static func integer(_ bytes: [UInt8]) -> [UInt8] {
        tagged(0x02, (bytes.first ?? 0) >= 0x80 ? [0] + bytes : bytes)
    }

    static func bits(_ bytes: [UInt8]) -> [UInt8] { tagged(0x03, [0] + bytes) }

    static func identifier(_ bytes: [UInt8]) -> [UInt8] { tagged(0x06, bytes) }

    static let null: [UInt8] = [5, 0]

    private static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        if count < 0x80 { return [tag, UInt8(count)] + content }
        var length: [UInt8] = []
        var rest = count
        while rest > 0 {
            length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }
}

extension PublicKey.Material {
    /// The key as X.509 writes it: RFC 5480 §2 for ECDSA, RFC 3279 §2.3.1 for RSA.
    var subjectPublicKeyInfo: [UInt8] {
        switch self {
        case .ed25519(let point):
            DER.sequence(DER.sequence(DER.identifier([0x2b, 0x65, 0x70])), DER.bits(point))
        case .ecdsa(let curve, let point):
            DER.sequence(
                DER.sequence(
                    DER.identifier([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]),
                    DER.identifier(curve.objectIdentifier)), DER.bits(point))
        case .rsa(let modulus, let exponent):
            DER.sequence(
                DER.sequence(
                    DER.identifier([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]),
                    DER.null),
                DER.bits(DER.sequence(DER.integer(modulus), DER.integer(exponent))))
        }
    }
}

extension Curve {
    fileprivate var objectIdentifier: [UInt8] {
        switch self {
        case .p256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]
        case .p384: [0x2b, 0x81, 0x04, 0x00, 0x22]
        case .p521: [0x2b, 0x81, 0x04, 0x00, 0x23]
        }
    }
}
