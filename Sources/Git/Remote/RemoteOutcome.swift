/// What a fetch found.
package enum FetchOutcome: Hashable, Sendable, Codable {
    /// The branch is at `tip`, whose history is in the repository now.
    /// `previous` is what the fetch before this one found.
    case tip(ObjectID, previous: ObjectID?, change: TipChange)
    /// The server answers, and does not have the branch.
    /// `isEmpty`: it has no references at all, as a repository made anew.
    case missingBranch(previous: ObjectID?, isEmpty: Bool)
}

/// How the tip of a remote branch moved since it was fetched last. Everything but the first three
/// means that somebody rewrote history.
package enum TipChange: String, Hashable, Sendable, Codable {
    case first
    case unchanged
    case fastForward
    /// Back to a commit that we already knew as an ancestor.
    case rewound
    /// To another line with a common ancestor.
    case diverged
    /// To a history that shares nothing with the one before.
    case unrelated
}

/// What the server said to a push.
package enum PushOutcome: Hashable, Sendable, Codable {
    case accepted
    /// A hook or a protected branch said no; with the server's text.
    case refused(String)
    /// Somebody pushed first, or the branch is not where the caller saw it: fetch, decide again.
    case notFastForward
}

/// Why a remote did not do what we asked. Texts never hold a secret.
package enum RemoteFailure: Error, Hashable, Sendable, Codable {
    /// No connection, a broken one, or an answer that is not git's. Whether a push took effect is
    /// unknown: fetch to find out.
    case unreachable(String)
    /// The server does not accept the credential.
    case unauthorised(String)
    case refused(String)
    case notFastForward
    /// The SSH server's key is not the pinned one.
    case rejectedHostKey(String)
    /// The TLS certificate is not valid.
    case rejectedCertificate(String)
    /// The push was accepted, and a fetch afterwards does not show our commit.
    case unacknowledged(String)
    /// The helper was killed at its deadline. As with `unreachable`, fetch to find out.
    case timedOut(afterMilliseconds: Int64)
    /// The address or the local repository cannot be used; a person has to act.
    case misconfigured(String)
    /// The helper process could not be started or ended without an answer.
    case helperFailed(String)
    /// The calling task was cancelled, and the helper killed.
    case cancelled
}

extension RemoteFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let text): "the git remote cannot be reached: \(text)"
        case .unauthorised(let text):
            "the git remote does not accept the credential: \(text); renew the token or key"
        case .refused(let text): "the git remote refused: \(text)"
        case .notFastForward: "the remote branch moved; fetch and decide again"
        case .rejectedHostKey(let text): text
        case .rejectedCertificate(let text): "the server's certificate is not valid: \(text)"
        case .unacknowledged(let text): "the push was accepted and did not take effect: \(text)"
        case .timedOut(let milliseconds):
            "the git remote did not finish within \(milliseconds) ms; the helper was stopped"
        case .misconfigured(let text): text
        case .helperFailed(let text): "the git helper process failed: \(text)"
        case .cancelled: "the work with the git remote was cancelled"
        }
    }
}
