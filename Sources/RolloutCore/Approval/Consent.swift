/// What people have said of the next step, and who they are.
package struct Consent: Codable, Sendable, Hashable {
    /// In the order of their payloads' digests.
    package var approvals: [SeenApproval]
    /// Who wrote what the run rolls out.
    package var authors: [ChangeAuthor]
    /// The controller's own names: what it signs is never consent.
    package var controllers: [String]
    /// Whether the files that say who may sign can be relied on.
    package var signers: Signers
    /// SHA-256 of the record that began the run.
    package var runDigest: Digest?
    /// The terms that were in force before the change: a policy that is loosened together with the
    /// version it lets in is not loosened for it.
    package var before: ApprovalTerms?

    package enum Signers: Codable, Sendable, Hashable {
        /// The sequence number of `policies/revoked-signers`.
        case known(sequence: Int)
        /// Nobody's approval counts until this is mended.
        case unusable(reason: String)
    }

    package init(
        approvals: [SeenApproval] = [], authors: [ChangeAuthor] = [], controllers: [String] = [],
        signers: Signers = .unusable(reason: "nobody has to agree now"),
        runDigest: Digest? = nil, before: ApprovalTerms? = nil
    ) {
        self.approvals = approvals
        self.authors = authors
        self.controllers = controllers
        self.signers = signers
        self.runDigest = runDigest
        self.before = before
    }

    /// Nobody was asked.
    package static let none = Consent()
}

/// One commit of a change, and who made it.
package struct ChangeAuthor: Codable, Sendable, Hashable {
    package let commit: String
    /// By the key that signed the commit; a name in a commit proves nothing.
    package let principal: String?
    /// The addresses that the commit claims, which exclude and never include.
    package let claimed: [String]
    /// Why no key says who it was.
    package let problem: String?

    package init(commit: String, principal: String?, claimed: [String], problem: String?) {
        self.commit = commit
        self.principal = principal
        self.claimed = claimed
        self.problem = problem
    }
}

/// What an advance used up.
package struct UsedConsent: Codable, Sendable, Hashable {
    package let payloads: [Digest]
    package let maxShare: Share
    package let signerSequence: Int
    /// Whether soak, proof and windows were waived.
    package let isHotfix: Bool

    package init(payloads: [Digest], maxShare: Share, signerSequence: Int, isHotfix: Bool) {
        self.payloads = payloads
        self.maxShare = maxShare
        self.signerSequence = signerSequence
        self.isHotfix = isHotfix
    }
}
