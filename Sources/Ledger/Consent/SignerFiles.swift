package import Identity
package import RolloutCore
package import RolloutFiles

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

extension SignerFiles {
    /// What is wrong with the files, for the person who writes them.
    ///
    /// - Parameters:
    ///   - groups: of which `controllers` names the controllers.
    ///   - approvals: the policies that rollouts name.
    package static func diagnostics(
        signers: [UInt8]?, revoked: [UInt8]?, groups: Groups, approvals: [ApprovalPolicy]
    ) -> [Diagnostic] {
        var found = diagnostics(signersPath, signers) { bytes throws(InvalidSigners) in
            _ = try AllowedSigners(bytes)
        }
        found += diagnostics(revokedPath, revoked) { bytes throws(InvalidSigners) in
            _ = try RevokedSigners(bytes)
        }
        guard let bytes = signers, let allowed = try? AllowedSigners(bytes) else { return found }
        let able = Set(
            allowed.signers.filter { $0.namespaces.contains(Namespace.approval) }.map(\.principal))
        for policy in approvals where !policy.channels.contains(.ui) {
            let people = groups.people(policy.approvers + policy.required)
            let mute = people.subtracting(able).sorted()
            guard people.count - mute.count < policy.minApprovals else { continue }
            found.append(
                Diagnostic(
                    path: signersPath, severity: .warning,
                    message:
                        "policy \(policy.name) needs \(policy.minApprovals) approvals, and only "
                        + "\(people.count - mute.count) of its people have a key for "
                        + Namespace.approval,
                    found: "no key of \(mute.joined(separator: ", "))",
                    expected: "a line for each of them", fix: "ask them for their .pub files"))
        }
        return found
    }

    private static func diagnostics(
        _ path: String, _ bytes: [UInt8]?, _ read: ([UInt8]) throws(InvalidSigners) -> Void
    ) -> [Diagnostic] {
        guard let bytes else {
            return [
                Diagnostic(
                    path: path, message: "the file is missing, so no approval can count",
                    found: "nothing", expected: path, fix: "gatewright init writes one")
            ]
        }
        do throws(InvalidSigners) {
            try read(bytes)
            return []
        } catch {
            return error.problems.map {
                Diagnostic(
                    path: path, line: $0.line, column: 1, message: $0.message,
                    fix: "correct the line; until then no approval counts")
            }
        }
    }
}
