package import RolloutCore

/// The salted hash that places callers: SipHash-2-4 with fixed keys, over the bytes of
/// `salt`, a zero byte and the sticky key, with numbers read little-endian.
///
/// The keys are constants of the format, not secrets: every gateway, on every platform and after
/// every restart, must place one caller alike. Each use has its own keys, so that being mirrored
/// says nothing about being a candidate's user.
///
/// Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).
package struct StickyHash: Sendable {
    /// What the hash is drawn for.
    package enum Purpose: UInt64, Sendable {
        case split = 0x6761_7465_7772_6967
        case mirror = 0x6d69_7272_6f72_6564
        case unit = 0x756e_6974_2063_6e74
    }

    private static let secondKey: UInt64 = 0x6874_2f73_706c_6974

    package static func value(_ purpose: Purpose, salt: String, key: String) -> UInt64 {
        var hash = SipState(purpose.rawValue, secondKey)
        for byte in salt.utf8 { hash.append(byte) }
        hash.append(0)
        for byte in key.utf8 { hash.append(byte) }
        return hash.finish()
    }

    /// 0 to 9,999. The bias of the remainder is below 10⁻¹⁵.
    package static func bucket(_ purpose: Purpose, salt: String, key: String) -> Int {
        Int(value(purpose, salt: salt, key: key) % 10_000)
    }

    /// Whether a caller falls into a share. As the share grows callers only ever join.
    package static func falls(
        _ key: String, into share: Share, _ purpose: Purpose, salt: String
    ) -> Bool {
        if share == .zero { return false }
        return bucket(purpose, salt: salt, key: key) < share.basisPoints
    }
}

private struct SipState {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private var word: UInt64 = 0
    private var length: UInt64 = 0

    init(_ k0: UInt64, _ k1: UInt64) {
        v0 = k0 ^ 0x736f_6d65_7073_6575
        v1 = k1 ^ 0x646f_7261_6e64_6f6d
        v2 = k0 ^ 0x6c79_6765_6e65_7261
        v3 = k1 ^ 0x7465_6462_7974_6573
    }

    mutating func append(_ byte: UInt8) {
        word |= UInt64(byte) &<< (8 * (length & 7))
        length &+= 1
        guard length & 7 == 0 else { return }
        compress(word)
        word = 0
    }

    mutating func finish() -> UInt64 {
        compress(word | (length & 0xff) &<< 56)
        v2 ^= 0xff
        for _ in 0..<4 { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func compress(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    private mutating func round() {
        v0 = v0 &+ v1
        v1 = rotated(v1, 13) ^ v0
        v0 = rotated(v0, 32)
        v2 = v2 &+ v3
        v3 = rotated(v3, 16) ^ v2
        v0 = v0 &+ v3
        v3 = rotated(v3, 21) ^ v0
        v2 = v2 &+ v1
        v1 = rotated(v1, 17) ^ v2
        v2 = rotated(v2, 32)
    }

    private func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value &<< bits | value &>> (64 - bits)
    }
}
