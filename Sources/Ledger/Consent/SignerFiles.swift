package import Identity
package import RolloutCore

/// `policies/signers` and `policies/revoked-signers` of one commit.
///
/// Fails closed: a file that is missing or cannot be read makes every approval worthless, where git
/// itself would only warn.
package struct SignerFiles: Sendable, Hashable {
    package static let signersPath = "policies/signers"
    package static let revokedPath = "policies/revoked-signers"
    package static let endorsementsPath = "policies/endorsements"

    package let allowed: AllowedSigners?
    package let revoked: RevokedSigners?
    /// What is wrong with the files; `nil` when both can be relied on.
    package let problem: String?

    package init(signers: [UInt8]?, revoked: [UInt8]?) {
        var allowed: AllowedSigners?
        var list: RevokedSigners?
        var problem: String?
        func note(_ path: String, _ text: String) { problem = problem ?? "\(path): \(text)" }
        if let signers {
            do throws(InvalidSigners) { allowed = try AllowedSigners(signers) } catch {
                note(Self.signersPath, error.description)
            }
        } else {
            note(Self.signersPath, "there is no such file, so nobody can sign")
        }
        if let revoked {
            do throws(InvalidSigners) { list = try RevokedSigners(revoked) } catch {
                note(Self.revokedPath, error.description)
            }
        } else {
            note(
                Self.revokedPath,
                "there is no such file, so a lost key could not be told; begin with: sequence 1")
        }
        self.allowed = allowed
        self.revoked = list
        self.problem = problem
    }

    package static let none = SignerFiles(signers: nil, revoked: nil)

    /// For `decide`.
    package var condition: Consent.Signers {
        if let problem { return .unusable(reason: problem) }
        return .known(sequence: revoked?.sequence ?? 0)
    }

    /// Who signed with a key, for a purpose, seen at a time.
    ///
    /// - Throws: `InvalidIdentity`, also when the key is revoked or the files cannot be relied on.
    package func principal(
        of key: PublicKey, for namespace: String, seen: Timestamp
    ) throws(InvalidIdentity) -> String {
        guard let allowed, let revoked, problem == nil else {
            throw InvalidIdentity(.unknownKey, problem ?? "nobody can sign")
        }
        let principal = try allowed.principal(of: key, for: namespace, seen: seen)
        guard !revoked.contains(key) else {
            throw InvalidIdentity(.revoked, "the key of \(principal) was revoked")
        }
        return principal
    }

    /// Whose key it is, whatever it may sign and whether or not it still counts: whoever wrote a
    /// change wrote it with an expired key too.
    package func owner(of key: PublicKey) -> String? {
        allowed?.signers.first { $0.key == key }?.principal
    }
}
