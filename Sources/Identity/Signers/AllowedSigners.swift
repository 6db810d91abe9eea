package import RolloutCore

/// Who signs with which key: `policies/signers`, a strict subset of OpenSSH's `allowed_signers`.
///
/// `principal namespaces="git,approval.v1@gatewright" [valid-after="…Z"] [valid-before="…Z"] type
/// base64 [comment]`. One principal a line and one line a key, because a key that belonged to two
/// people would make two approvals of one. No wildcards and no certificates: whoever reads the file
/// knows who is meant. Times end in `Z`, because others depend on where they are read.
package struct AllowedSigners: Hashable, Sendable {
    package struct Signer: Hashable, Sendable {
        package let principal: String
        package let key: PublicKey
        package let namespaces: [String]
        package let validAfter: Timestamp?
        package let validBefore: Timestamp?
        package let line: Int
    }

    /// In the order of the file.
    package let signers: [Signer]
    private let byKey: [PublicKey: Signer]

    package static let bytesMax = 256 << 10
    package static let signersMax = 1_000

    /// - Throws: `InvalidSigners` with every line that is wrong; then nobody is a signer.
    package init(_ bytes: [UInt8]) throws(InvalidSigners) {
        let lines = try SignerLines.of(bytes, max: Self.bytesMax)
        var signers: [Signer] = []
        var byKey: [PublicKey: Signer] = [:]
        var problems: [InvalidSigners.Problem] = []
        for (number, line) in lines {
            do throws(InvalidIdentity) {
                let signer = try SignerLine(line).signer(number)
                if let other = byKey.updateValue(signer, forKey: signer.key) {
                    throw InvalidIdentity(
                        .unsupported,
                        "the key of line \(other.line) again; each key belongs to one line")
                }
                signers.append(signer)
            } catch {
                problems.append(InvalidSigners.Problem(line: number, message: error.message))
            }
        }
        if signers.count > Self.signersMax {
            problems.append(
                InvalidSigners.Problem(
                    line: 0, message: "more than \(Self.signersMax) signers"))
        }
        guard problems.isEmpty else { throw InvalidSigners(problems: problems) }
        self.signers = signers
        self.byKey = byKey
    }

    /// Who signed with this key, for this purpose, seen at this time.
    ///
    /// - Parameter seen: when the signature was first seen. What it says about itself does not
    ///   count: an expired key can sign in the past.
    /// - Throws: `InvalidIdentity`: `unknownKey`, `wrongNamespace`, `notYetValid`, `expired`.
    package func principal(
        of key: PublicKey, for namespace: String, seen: Timestamp
    ) throws(InvalidIdentity) -> String {
        guard let signer = byKey[key] else {
            throw InvalidIdentity(
                .unknownKey, "the key \(key.fingerprint) is not in policies/signers")
        }
        guard signer.namespaces.contains(namespace) else {
            throw InvalidIdentity(
                .wrongNamespace,
                "the key of \(signer.principal) may sign \(signer.namespaces.joined(separator: ", "))"
                    + ", not \(namespace)")
        }
        if let after = signer.validAfter, seen < after {
            throw InvalidIdentity(
                .notYetValid, "the key of \(signer.principal) is valid from \(after) on")
        }
        if let before = signer.validBefore, seen >= before {
            throw InvalidIdentity(
                .expired, "the key of \(signer.principal) was valid until \(before)")
        }
        return signer.principal
    }

    /// The keys of a principal.
    package func keys(of principal: String) -> [PublicKey] {
        signers.filter { $0.principal == principal }.map(\.key)
    }
}

/// A file of signers or of revoked keys that cannot be used, with every line that is wrong.
package struct InvalidSigners: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Problem: Hashable, Sendable {
        /// From 1; 0 when it is the whole file.
        package let line: Int
        package let message: String
    }

    package let problems: [Problem]

    package var description: String {
        problems.map { $0.line > 0 ? "line \($0.line): \($0.message)" : $0.message }
            .joined(separator: "; ")
    }
}
