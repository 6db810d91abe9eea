internal import CGit2

/// An open repository and a remote to talk to: options, references and error texts of both
/// directions in one place.
struct RemoteConnection: ~Copyable {
    let repository: Handle<RepositoryKind>
    let conversation: RemoteConversation
    private let remote: Handle<RemoteKind>

    /// Runs `body` with a connection, and turns what libgit2 says into a failure without secrets.
    static func open<Value>(
        _ path: String, _ remote: GitRemote,
        _ body: (borrowing RemoteConnection) throws(GitError) -> Value
    ) throws(RemoteFailure) -> Value {
        let scrubber = SecretScrubber(remote)
        let conversation: RemoteConversation
        let connection: RemoteConnection
        do throws(GitError) {
            conversation = RemoteConversation(remote, hostKeys: try KnownHosts(for: remote))
            connection = try RemoteConnection(path, remote, conversation)
        } catch {
            throw scrubber.scrub(RemoteFailure.misconfigured("\(error)"))
        }
        do throws(GitError) {
            return try body(connection)
        } catch {
            throw scrubber.scrub(conversation.failure ?? failure(for: error))
        }
    }

    private init(
        _ path: String, _ remote: GitRemote, _ conversation: RemoteConversation
    ) throws(GitError) {
        let repository = try openRepository(at: path)
        var options = git_remote_create_options()
        try GitError.check(
            git_remote_create_options_init(&options, UInt32(GIT_REMOTE_CREATE_OPTIONS_VERSION)),
            "prepare the remote")
        options.repository = repository.raw
        // A `url.….insteadOf` in some config file must not send us, or our token, elsewhere.
        options.flags =
            GIT_REMOTE_CREATE_SKIP_INSTEADOF.rawValue
            | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC.rawValue
        self.remote = try Handle("prepare the remote") {
            git_remote_create_with_opts(&$0, remote.url, &options)
        }
        self.repository = repository
        self.conversation = conversation
    }

    /// The references of the server by name.
    func listHeads() throws(GitError) -> [String: ObjectID] {
        let operation = "connect to the remote"
        var options = git_remote_connect_options()
        try GitError.check(
            git_remote_connect_options_init(
                &options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION)), operation)
        options.callbacks = try conversation.callbacks()
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        try GitError.check(
            git_remote_connect_ext(remote.raw, GIT_DIRECTION_FETCH, &options), operation)
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try GitError.check(git_remote_ls(&heads, &count, remote.raw), operation)
        var found: [String: ObjectID] = [:]
        for case let head? in UnsafeBufferPointer(start: heads, count: count) {
            guard let name = head.pointee.name else { continue }
            found[String(cString: name)] = ObjectID(head.pointee.oid)
        }
        return found
    }

    /// Brings the objects that the refspec names; no reference is written.
    func download(_ refspec: String) throws(GitError) {
        var options = git_fetch_options()
        try GitError.check(
            git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION)), "fetch")
        options.callbacks = try conversation.callbacks()
        options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        let result = withRefspec(refspec) { git_remote_download(remote.raw, $0, &options) }
        try GitError.check(result, "fetch from the remote")
        git_remote_disconnect(remote.raw)
    }

    func push(_ refspec: String) throws(GitError) {
        var options = git_push_options()
        try GitError.check(
            git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION)), "push")
        options.callbacks = try conversation.callbacks()
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        let result = withRefspec(refspec) { git_remote_push(remote.raw, $0, &options) }
        try GitError.check(result, "push to the remote")
    }

    private func withRefspec(
        _ refspec: String, _ body: (UnsafePointer<git_strarray>) -> Int32
    ) -> Int32 {
        var copy = Array(refspec.utf8CString)
        return copy.withUnsafeMutableBufferPointer { text in
            var first = text.baseAddress
            return withUnsafeMutablePointer(to: &first) { strings in
                var list = git_strarray(strings: strings, count: 1)
                return body(&list)
            }
        }
    }

    private static func failure(for error: GitError) -> RemoteFailure {
        switch error.code {
        case .authentication: .unauthorised(error.message)
        case .untrustedServer: .rejectedCertificate(error.message)
        case .notFastForward: .notFastForward
        case .foreignOwner, .locked, .invalidName: .misconfigured("\(error)")
        case _ where error.message.contains("status code: 403"): .refused(error.message)
        default: .unreachable("\(error)")
        }
    }
}
