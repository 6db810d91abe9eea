package import Secrets

/// A branch of a repository elsewhere, and how to get there.
package struct GitRemote: Hashable, Sendable, Codable {
    /// `https`, `http`, `ssh`, `git` or `file` with `://`, `user@host:path`, or an absolute path.
    package let url: String
    /// `refs/heads/…`
    package let branch: ReferenceName
    package let credential: GitCredential
    /// The `known_hosts` file with the pinned keys of SSH servers; plain or hashed names.
    package let knownHosts: String?

    /// - Parameter branch: without `refs/heads/`.
    /// - Throws: `GitError` with `.invalidName` for a branch or address that we do not use.
    package init(
        url: String, branch: String, credential: GitCredential = .none, knownHosts: String? = nil
    ) throws(GitError) {
        self.url = url
        self.branch = try .branch(branch)
        self.credential = credential
        self.knownHosts = knownHosts
        _ = try RemoteAddress(self)
    }
}

extension GitRemote {
    /// With the token that its file holds now, for one conversation from its beginning to its end.
    /// - Throws: `.misconfigured` while the file cannot be read.
    func withTokenOfNow() throws(RemoteFailure) -> GitRemote {
        guard case .token(let user, let token) = credential else { return self }
        guard let text = token.current.text else {
            throw .misconfigured("the file with the token of \(quoted(user)) cannot be read")
        }
        return GitRemote(self, credential: .token(user: user, token: Secret(text)))
    }

    private init(_ other: GitRemote, credential: GitCredential) {
        (url, branch, knownHosts) = (other.url, other.branch, other.knownHosts)
        self.credential = credential
    }
}

/// What we prove ourselves with.
package enum GitCredential: Hashable, Sendable, Codable {
    case none
    /// Basic authentication over https (over http only to this machine itself).
    case token(user: String, token: Secret)
    case sshAgent(user: String)
    /// The path of a private key, read by the helper process.
    case sshKey(user: String, keyPath: String, passphrase: Secret?)
}

/// Text that must not reach a log: it prints as `•••`, and encodes as itself for the helper's
/// standard input only.
package struct Secret: Sendable {
    let current: LiveSecret
    /// Empty while its file cannot be read.
    var text: String { current.text ?? "" }

    package init(_ text: String) { current = LiveSecret(text) }

    /// One that may change: forges give tokens that end after an hour.
    package init(_ current: LiveSecret) { self.current = current }
}

extension Secret: Hashable {
    package static func == (left: Self, right: Self) -> Bool { left.text == right.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
