package import Identity
package import RolloutCore
package import RolloutFiles

/// `rollouts/NAME/approvals/*.json`: what a person agreed to, with the signature over it.
package struct ApprovalFile: Codable, Sendable, Hashable {
    package let approval: Approval
    /// Armoured, made in the namespace `approval.v1@gatewright` over the canonical JSON of
    /// `approval`.
    package let signature: String

    package init(approval: Approval, signature: String) {
        self.approval = approval
        self.signature = signature
    }

    package static let bytesMax = 64 << 10
    /// In one folder; each costs a signature check when it is read.
    package static let countMax = 256

    package static func folder(_ rollout: RolloutName) -> String { "rollouts/\(rollout)/approvals" }

    package static func path(_ approval: Approval) -> String {
        "\(folder(approval.rollout))/\(approval.run.firstDecision)-\(approval.toStage.rawValue)-"
            + "\(approval.nonce.prefix(12)).json"
    }

    /// The bytes that are signed.
    package static func message(_ approval: Approval) throws(CanonicalJSONError) -> [UInt8] {
        try CanonicalJSON.encode(approval).compact
    }

    /// Reads a file. It must be the bytes that we would write: what a person signed has one form.
    ///
    /// - Throws: `InvalidIdentity` with code `malformed`.
    package init(_ bytes: [UInt8]) throws(InvalidIdentity) {
        do {
            let json = try CanonicalJSON.parse(bytes, sizeLimit: Self.bytesMax)
            let file = try json.decode(ApprovalFile.self)
            guard try CanonicalJSON.encode(file).pretty == bytes else {
                throw InvalidIdentity(
                    .malformed,
                    "the approval has other keys or another form than gatewright approve writes")
            }
            self = file
        } catch let error as InvalidIdentity {
            throw error
        } catch {
            throw InvalidIdentity(.malformed, "the approval cannot be read: \(error)")
        }
    }
}

/// An approval file as it was found, with its signature checked. Whose key it is, and whether that
/// counts, is asked anew at every look.
package struct FoundApproval: Sendable, Hashable {
    package let path: String
    package let approval: Approval
    package let payload: Digest
    package let signature: String
    package let key: PublicKey?
    /// What is wrong, whoever signed it.
    package let problem: String?

    /// - Parameter isKnownCommit: whether the commit that the approval names is one of this history.
    package init(
        path: String, _ file: ApprovalFile, isKnownCommit: Bool
    ) throws(CanonicalJSONError) {
        let message = try ApprovalFile.message(file.approval)
        self.path = path
        approval = file.approval
        payload = RecordFile.digest(message)
        signature = file.signature
        var key: PublicKey?
        var problem: String?
        do throws(InvalidIdentity) {
            let signature = try SSHSignature(armored: file.signature)
            key = signature.publicKey
            try signature.verify(message, namespace: Namespace.approval)
            if !isKnownCommit {
                problem = "it names a commit that this history does not have"
            }
        } catch { problem = error.message }
        self.key = key
        self.problem = problem
    }

    /// What it is worth now.
    ///
    /// - Parameter before: who could sign before the change; a key that came with it does not count.
    package func seen(
        _ signers: SignerFiles, before: RunOrigin.Before?, firstSeen: Timestamp
    ) -> SeenApproval {
        var principal: String?
        var problem = problem
        if problem == nil, let key {
            do throws(InvalidIdentity) {
                principal = try signers.principal(
                    of: key, for: Namespace.approval, seen: firstSeen)
                if let before, let name = principal, !before.keys.contains(key) {
                    throw InvalidIdentity(
                        .unknownKey,
                        "the key of \(name) came to policies/signers with the change or after it; "
                            + "who may approve a change is who could before it")
                }
            } catch {
                principal = nil
                problem = error.message
            }
        }
        return SeenApproval(
            approval: approval, payload: payload, channel: .signed, principal: principal,
            fingerprint: key?.fingerprint, signature: signature, firstSeen: firstSeen,
            problem: problem)
    }
}
