import Foundation
import RolloutCore
import Testing

@testable import Identity

/// Stamps of the openssl program, kept as files. Authorities below one root: the certificate of
/// `short` was good for twenty seconds around its stamp, that of `expired` only in January 2020;
/// `sha1` is by `short`, over a SHA-1.
@Suite struct TimestampResponseTests {
    private let text: [UInt8]
    private let authorities: TimestampAuthorities

    init() throws {
        text = try Self.fixture("text")
        authorities = try TimestampAuthorities(pem: Self.fixture("ca.pem"))
    }

    private static func fixture(_ name: String) throws -> [UInt8] {
        Array(try SigningBench.fixture(data: "stamps/\(name)"))
    }

    @Test func aStampOutlivesTheCertificateOfItsAuthority() throws {
        let response = try TimestampResponse(Self.fixture("short.tsr"))
        #expect(response.time == Timestamp("2026-11-21T10:40:44Z"))
        #expect(response.policy == "1.2.3.4.1" && response.serial == "01")
        try response.verify(text, by: authorities)
    }

    @Test func aCertificateThatHadExpiredBeforeStampsNothing() throws {
        let response = try TimestampResponse(Self.fixture("expired.tsr"))
        #expect(code { try response.verify(text, by: authorities) } == .badSignature)
    }

    @Test func aStampOverAWeakHashIsNone() throws {
        let response = try TimestampResponse(Self.fixture("sha1.tsr"))
        #expect(code { try response.verify(text, by: authorities) } == .badSignature)
    }

    @Test func anotherTextIsNotStamped() throws {
        let response = try TimestampResponse(Self.fixture("short.tsr"))
        for other in [[], Array(text.dropLast()), text + [10], Array(text.reversed())] {
            #expect(code { try response.verify(other, by: authorities) } == .badSignature)
        }
    }

    // The answer to somebody else's request, which has another nonce.
    @Test func anotherNonceIsNoAnswer() throws {
        let response = try TimestampResponse(Self.fixture("short.tsr"))
        let nonce: UInt64 = 0x9fd7_219c_ed23_ca88
        try response.check(answering: TimestampRequest(of: text, nonce: nonce))
        for wrong in [TimestampRequest(of: text, nonce: nonce ^ 1), TimestampRequest(of: text)] {
            #expect(code { try response.check(answering: wrong) } == .badSignature)
        }
        let other = TimestampRequest(of: text + [10], nonce: nonce)
        #expect(code { try response.check(answering: other) } == .badSignature)
        let weak = try TimestampResponse(Self.fixture("sha1.tsr"))
        #expect(
            code { try weak.check(answering: TimestampRequest(of: text, nonce: nonce)) }
                == .badSignature)
    }

    // Each byte changed, and each length cut: never a crash, and never another time, policy or
    // serial. What nobody signed, such as the word for "granted", may differ.
    @Test func aChangedStampSaysTheSameOrNothing() throws {
        let honest = try Self.fixture("short.tsr")
        let good = try TimestampResponse(honest)
        var refused = 0
        for index in honest.indices {
            for mask: UInt8 in [1, 0x80, 0xff] {
                var changed = honest
                changed[index] ^= mask
                do {
                    let response = try TimestampResponse(changed)
                    try response.verify(text, by: authorities)
                    #expect(response.time == good.time && response.policy == good.policy)
                    #expect(response.serial == good.serial)
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > honest.count * 3 * 9 / 10, "\(refused)")
        for count in 0..<honest.count {
            #expect(code { _ = try TimestampResponse(Array(honest.prefix(count))) } == .malformed)
        }
        #expect(code { _ = try TimestampResponse(honest + [0]) } == .malformed)
    }

    @Test func requestsDifferAndAreSmall() throws {
        let (one, two) = (
            try TimestampRequest(of: text).bytes, try TimestampRequest(of: text).bytes
        )
        #expect(one != two && one.count < 80 && one.contains(subsequence: Hash.sha256.of(text)))
        // certReq, the last field of RFC 3161 §2.4.1 without extensions.
        #expect(one.suffix(3) == [1, 1, 0xff])
    }

    @Test func rootsAreCertificates() throws {
        let root = try Self.fixture("ca.pem")
        _ = try TimestampAuthorities(pem: root + root)
        _ = try TimestampAuthorities(pem: Array("# our root\n".utf8) + root)
        let begin = Array("-----BEGIN CERTIFICATE-----\n".utf8)
        let key = Array(SigningBench().key.utf8)
        for bad in [[], Array("root".utf8), begin, root + begin + Array("MIIB\n".utf8), key] {
            #expect(code { _ = try TimestampAuthorities(pem: bad) } == .malformed)
        }
        let large = root + [UInt8](repeating: 10, count: TimestampAuthorities.bytesMax)
        #expect(code { _ = try TimestampAuthorities(pem: large) } == .malformed)
    }
}

extension [UInt8] {
    fileprivate func contains(subsequence: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: subsequence) }
    }
}
