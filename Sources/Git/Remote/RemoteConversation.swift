internal import CGit2

/// What the callbacks of one conversation with a remote need and find out.
///
/// libgit2 calls them on the thread of the call that takes them, so nothing here is shared.
final class RemoteConversation {
    let remote: GitRemote
    let hostKeys: KnownHosts?
    /// More precise than libgit2's error for what a callback turned down.
    var failure: RemoteFailure?
    /// The push that is under way: the commit and where the caller saw the branch.
    var pushing: (commit: ObjectID, expecting: ObjectID?)?
    /// The branch already is at the commit: an earlier push whose answer was lost.
    var alreadyThere = false
    /// The server's status for the branch: `.some(nil)` is "done".
    var status: String??
    private var serverText: [UInt8] = []
    private var credentialsGiven = 0

    init(_ remote: GitRemote, hostKeys: KnownHosts?) {
        self.remote = remote
        self.hostKeys = hostKeys
    }

    /// The last lines that the server's hooks wrote, without control characters.
    var hookText: String {
        let text = String(decoding: serverText, as: UTF8.self)
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 })
        ).split(separator: " ").joined(separator: " ")
    }

    /// Callbacks that hold this object unretained: it must outlive their use.
    func callbacks() throws(GitError) -> git_remote_callbacks {
        var callbacks = git_remote_callbacks()
        try GitError.check(
            git_remote_init_callbacks(&callbacks, UInt32(GIT_REMOTE_CALLBACKS_VERSION)),
            "prepare the connection")
        callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        callbacks.credentials = { out, _, userInURL, allowed, payload in
            conversation(payload).giveCredential(
                out, userInURL: userInURL.map { String(cString: $0) }, allowed: allowed)
        }
        callbacks.certificate_check = { certificate, valid, host, payload in
            conversation(payload).check(
                certificate, isValid: valid == 1, host: host.map { String(cString: $0) } ?? "")
        }
        callbacks.push_negotiation = { updates, count, payload in
            conversation(payload).negotiate(UnsafeBufferPointer(start: updates, count: count))
        }
        callbacks.push_update_reference = { _, status, payload in
            conversation(payload).status = .some(status.map { String(cString: $0) })
            return 0
        }
        callbacks.sideband_progress = { text, count, payload in
            guard let text, count > 0 else { return 0 }
            let bytes = UnsafeRawBufferPointer(start: text, count: Int(count))
            conversation(payload).hear(Array(bytes))
            return 0
        }
        return callbacks
    }

    private func hear(_ bytes: [UInt8]) {
        serverText = (serverText + bytes).suffix(2_048)
    }

    private func giveCredential(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, userInURL: String?,
        allowed: UInt32
    ) -> Int32 {
        func allows(_ kind: git_credential_t) -> Bool { allowed & kind.rawValue != 0 }
        // For SSH the name is asked for first; it proves nothing, so it is not counted.
        if allows(GIT_CREDENTIAL_USERNAME), let user = configuredUser {
            return git_credential_username_new(out, user)
        }
        credentialsGiven += 1
        guard credentialsGiven == 1 else {
            // Asked again: what we gave was not accepted.
            return deny("\(credentialName) was not accepted")
        }
        switch remote.credential {
        case .token(let user, let token) where allows(GIT_CREDENTIAL_USERPASS_PLAINTEXT):
            return git_credential_userpass_plaintext_new(out, user, token.text)
        case .sshAgent(let user) where allows(GIT_CREDENTIAL_SSH_KEY):
            return git_credential_ssh_key_from_agent(out, userInURL ?? user)
        case .sshKey(let user, let path, let passphrase) where allows(GIT_CREDENTIAL_SSH_KEY):
            return git_credential_ssh_key_new(
                out, userInURL ?? user, nil, path, passphrase?.text)
        case .none: return deny("the server asks for a credential and none is configured")
        default: return deny("the server does not take \(credentialName)")
        }
    }

    private var configuredUser: String? {
        switch remote.credential {
        case .none: nil
        case .token(let user, _), .sshAgent(let user), .sshKey(let user, _, _): user
        }
    }

    private var credentialName: String {
        switch remote.credential {
        case .none: "no credential"
        case .token(let user, _): "the token of \(quoted(user))"
        case .sshAgent(let user): "a key of the SSH agent for \(quoted(user))"
        case .sshKey(let user, let path, _): "the key \(path) for \(quoted(user))"
        }
    }

    private func deny(_ text: String) -> Int32 {
        failure = .unauthorised(text)
        return GIT_EUSER.rawValue
    }

    private func check(
        _ certificate: UnsafeMutablePointer<git_cert>?, isValid: Bool, host: String
    ) -> Int32 {
        guard let certificate, certificate.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2 else {
            if isValid { return 0 }
            failure = .rejectedCertificate("\(quoted(host)) is not who it says it is")
            return GIT_ECERTIFICATE.rawValue
        }
        let key = UnsafeRawPointer(certificate).assumingMemoryBound(to: git_cert_hostkey.self)
            .pointee
        let isRaw = key.type.rawValue & GIT_CERT_SSH_RAW.rawValue != 0
        let blob =
            isRaw
            ? key.hostkey.map {
                Array(UnsafeRawBufferPointer(start: $0, count: key.hostkey_len))
            } : nil
        let refusal: String? =
            if let hostKeys, let file = remote.knownHosts, let blob {
                hostKeys.refusal(of: blob, file: file)
            } else {
                "no known_hosts file is configured for \(quoted(host)); name one that pins its key"
            }
        guard let refusal else { return 0 }
        failure = .rejectedHostKey(refusal)
        return GIT_ECERTIFICATE.rawValue
    }

    /// The server has said where its branch is and nothing was sent yet.
    private func negotiate(_ updates: UnsafeBufferPointer<UnsafePointer<git_push_update>?>) -> Int32
    {
        guard let pushing, updates.count == 1, let update = updates.first ?? nil,
            ObjectID(update.pointee.dst) == pushing.commit
        else {
            failure = .misconfigured("the push would have sent something else than it was told to")
            return GIT_EUSER.rawValue
        }
        var old = update.pointee.src
        let found = git_oid_is_zero(&old) == 1 ? nil : ObjectID(old)
        alreadyThere = found == pushing.commit
        guard !alreadyThere, found == pushing.expecting else {
            failure = .notFastForward
            return GIT_EUSER.rawValue
        }
        return 0
    }
}

private func conversation(_ payload: UnsafeMutableRawPointer?) -> RemoteConversation {
    guard let payload else { preconditionFailure("libgit2 hands back the payload it was given") }
    return Unmanaged<RemoteConversation>.fromOpaque(payload).takeUnretainedValue()
}
