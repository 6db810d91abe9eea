package import Identity
package import RolloutCore
import RolloutFiles

/// An approval that a person gave by the page: the controller signs that they did.
package enum PageApproval {
    private struct Payload: Encodable {
        let approval: Approval
        let channel: ApprovalPolicy.Channel
        let principal: String
    }

    /// The bytes that the controller signs.
    private static func message(
        _ approval: Approval, _ principal: String
    ) throws(CanonicalJSONError) -> [UInt8] {
        try CanonicalJSON.encode(Payload(approval: approval, channel: .ui, principal: principal))
            .compact
    }

    /// - Throws: when the key cannot sign or the words have no JSON form.
    package static func make(
        _ approval: Approval, by principal: String, at now: Timestamp, key: PrivateKey
    ) throws -> SeenApproval {
        let signature = try SSHSignature(
            message(approval, principal), namespace: Namespace.approval, by: key)
        return SeenApproval(
            approval: approval, payload: RecordFile.digest(try ApprovalFile.message(approval)),
            channel: .ui, principal: principal, fingerprint: key.publicKey.fingerprint,
            signature: signature.armored, firstSeen: now, problem: nil)
    }

    /// Why a controller of these did not sign it; `nil` when one did.
    package static func objection(
        to seen: SeenApproval, _ signers: SignerFiles, _ controllers: [String]
    ) -> String? {
        guard let principal = seen.principal else { return "it names nobody" }
        do {
            let signature = try SSHSignature(armored: seen.signature)
            try signature.verify(
                message(seen.approval, principal), namespace: Namespace.approval)
            guard let owner = signers.owner(of: signature.publicKey), controllers.contains(owner)
            else { return "its key is not a controller's" }
            return nil
        } catch { return "\(error)" }
    }
}
