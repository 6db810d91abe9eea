/// What OpenSSL does not check of an Ed25519 key.
///
/// A key of small order verifies a signature over any message, and a second encoding of a point
/// would be a second key of the same person (Chalkias, Garillot, Nikolaenko, "Taming the many
/// EdDSAs", 2020, §2 and table 6).
enum EdwardsPoint {
    static func check(_ point: [UInt8]) throws(InvalidIdentity) {
        guard point.count == 32, let top = point.last else {
            throw InvalidIdentity(.malformed, "an Ed25519 key has 32 bytes, found \(point.count)")
        }
        // The sign of x aside, the bytes are y, least significant first.
        let y = point.dropLast() + [top & 0x7f]
        guard !isAtLeastPrime(y) else {
            throw InvalidIdentity(.malformed, "the Ed25519 key is not in its only form")
        }
        guard !smallOrder.contains(Array(y)) else {
            throw InvalidIdentity(.malformed, "the Ed25519 key would verify anything")
        }
    }

    /// Whether y ≥ p = 2²⁵⁵ − 19.
    private static func isAtLeastPrime(_ y: ArraySlice<UInt8>) -> Bool {
        y.last == 0x7f && y.dropFirst().dropLast().allSatisfy { $0 == 0xff }
            && (y.first ?? 0) >= 0xed
    }

    /// y of the points whose order divides 8.
    private static let smallOrder: Set<[UInt8]> = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [0xec] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
            0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
            0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
            0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
            0x92, 0xac, 0x03, 0x7a,
        ],
    ]
}
