import Foundation
import RolloutCore
import Testing

@testable import Identity

@Suite struct SignersTests {
    private let key: PublicKey
    private let other: PublicKey

    init() throws {
        key = try PrivateKey.generate().publicKey
        other = try PrivateKey.generate().publicKey
    }

    private func signers(_ text: String) throws -> AllowedSigners {
        try AllowedSigners(Array(text.utf8))
    }

    @Test("G6: keys count for what and when they are listed")
    func readsTheSubset() throws {
        let signers = try signers(
            """
            # who may do what
            ana@example.org namespaces="git" \(key.openSSH) ana's laptop

            sam@example.org namespaces="git,approval.v1@gatewright",valid-after="20260101Z",valid-before="20270101120000Z" \(other.openSSH)
            """)
        let now = try #require(Timestamp("2026-11-21T00:00:00Z"))
        #expect(try signers.principal(of: key, for: "git", seen: now) == "ana@example.org")
        #expect(
            try signers.principal(of: other, for: Namespace.approval, seen: now)
                == "sam@example.org")
        #expect(signers.keys(of: "sam@example.org") == [other])
        #expect(
            code { _ = try signers.principal(of: key, for: Namespace.approval, seen: now) }
                == .wrongNamespace)
        for (time, expected) in [
            ("2025-12-31T23:59:59.999Z", InvalidIdentity.Code.notYetValid),
            ("2027-01-01T12:00:00Z", .expired),
        ] {
            let seen = try #require(Timestamp(time))
            #expect(
                code { _ = try signers.principal(of: other, for: "git", seen: seen) } == expected)
        }
        let stranger = try PrivateKey.generate().publicKey
        #expect(
            code { _ = try signers.principal(of: stranger, for: "git", seen: now) } == .unknownKey)
    }

    /// One line each: what OpenSSH would take and we do not, and what nobody should.
    @Test("G11: what is not plain among signers is refused")
    func refusesWhatIsNotPlain() throws {
        let good = "ana@example.org namespaces=\"git\" \(key.openSSH)"
        _ = try signers(good)
        let bad = [
            "* namespaces=\"git\" \(key.openSSH)",
            "*@example.org namespaces=\"git\" \(key.openSSH)",
            "an?@example.org namespaces=\"git\" \(key.openSSH)",
            "!eve@example.org namespaces=\"git\" \(key.openSSH)",
            "ana@example.org,eve@example.org namespaces=\"git\" \(key.openSSH)",
            "ana@example.org \(key.openSSH)",
            "ana@example.org namespaces=\"*\" \(key.openSSH)",
            "ana@example.org namespaces=\"git,\" \(key.openSSH)",
            "ana@example.org namespaces=\"\" \(key.openSSH)",
            "ana@example.org cert-authority,namespaces=\"git\" \(key.openSSH)",
            "ana@example.org namespaces=\"git\",cert-authority \(key.openSSH)",
            "ana@example.org namespaces=\"git\",namespaces=\"file\" \(key.openSSH)",
            "ana@example.org namespaces=git \(key.openSSH)",
            "ana@example.org namespaces=\"git\",valid-before=\"20270101\" \(key.openSSH)",
            "ana@example.org namespaces=\"git\",valid-before=\"20270230Z\" \(key.openSSH)",
            "ana@example.org namespaces=\"git\",valid-before=\"2027Z\" \(key.openSSH)",
            "ana@example.org namespaces=\"git\",valid-after=\"20270101Z\",valid-before=\"20270101Z\" \(key.openSSH)",
            "ana@example.org namespaces=\"git\" ssh-dss AAAA",
            "ana@example.org namespaces=\"git\" ssh-ed25519",
            "ana@example.org namespaces=\"git\" ssh-ed25519 AAAA",
            "ana@example.org namespaces=\"git \(key.openSSH)",
            "ana@example.org\tnamespaces=\"git\" \(key.openSSH)",
            "\u{e1}na@example.org namespaces=\"git\" \(key.openSSH)",
            "namespaces=\"git\" \(key.openSSH)",
            // Found by fuzzing: a key without its person ended the program.
            key.openSSH,
            good + "\neve@example.org namespaces=\"git\" \(key.openSSH)",
            good + "\n" + good,
            good + "\r",
        ]
        for text in bad {
            #expect(throws: InvalidSigners.self, "\(text)") { try signers(text) }
        }
        let error = #expect(throws: InvalidSigners.self) {
            try signers(good + "\n# fine\n" + bad[0])
        }
        #expect(error?.problems.map(\.line) == [3])
        #expect(throws: InvalidSigners.self) {
            try AllowedSigners([UInt8](repeating: 32, count: AllowedSigners.bytesMax + 1))
        }
    }

    @Test func revokedKeysAreListedByKeyOrFingerprint() throws {
        let text = "# since March\nsequence 7\n\(key.fingerprint)\n\(other.openSSH) lost laptop\n"
        let revoked = try RevokedSigners(Array(text.utf8))
        #expect(revoked.sequence == 7)
        #expect(revoked.contains(key) && revoked.contains(other))
        #expect(try !revoked.contains(PrivateKey.generate().publicKey))
        _ = try RevokedSigners(Array("sequence 1".utf8))
        for bad in [
            "", "sequence 0", "sequence x", "SHA256:abc", "sequence 1\nSHA256:abc",
            "sequence 1\nsequence 2", "\(key.fingerprint)\nsequence 1",
        ] {
            #expect(throws: InvalidSigners.self, "\(bad)") { try RevokedSigners(Array(bad.utf8)) }
        }
    }
}
