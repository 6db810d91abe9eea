internal import CGit2

/// What failed, in which operation, and what a person can do about it.
package struct GitError: Error, Hashable, Sendable {
    /// What callers switch on.
    package enum Code: Hashable, Sendable {
        case notFound
        /// A reference moved, came or went since it was read: read again and decide again.
        case modified
        /// Another process holds the lock of the reference: try again.
        case locked
        /// The repository belongs to another user of this machine.
        case foreignOwner
        /// A name that git or our own allow-list does not accept.
        case invalidName
        /// An object that is larger than the caller allowed; the size is in bytes or entries.
        case tooLarge(size: Int)
        /// An object of another kind than the one asked for, such as a tree in place of a blob.
        case wrongKind
        case notFastForward
        case authentication
        case untrustedServer
        /// Any other code of libgit2.
        case other(Int32)
    }

    /// What we were doing: `resolve refs/heads/main`.
    package let operation: String
    package let code: Code
    package let message: String
    package let hint: String?

    package init(operation: String, code: Code, message: String, hint: String? = nil) {
        self.operation = operation
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension GitError: CustomStringConvertible {
    package var description: String {
        "cannot \(operation): \(message)" + (hint.map { "; \($0)" } ?? "")
    }
}

extension GitError {
    /// Turns a negative result into an error. The text belongs to the thread and to the call just
    /// made, so nothing may run between that call and this one.
    static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(GitError) {
        guard result < 0 else { return }
        let message = git_error_last().flatMap { error in
            error.pointee.message.map { String(cString: $0) }
        }
        git_error_clear()
        let (code, hint) = meaning(of: result)
        throw GitError(
            operation: operation(), code: code,
            message: message ?? "libgit2 gave code \(result) and no text", hint: hint)
    }

    private static func meaning(of result: Int32) -> (Code, String?) {
        switch result {
        case GIT_ENOTFOUND.rawValue: (.notFound, nil)
        case GIT_EEXISTS.rawValue, GIT_EMODIFIED.rawValue: (.modified, nil)
        case GIT_ELOCKED.rawValue:
            (.locked, "if no other process uses the repository, delete the .lock file it names")
        case GIT_EOWNER.rawValue:
            (
                .foreignOwner,
                "run as the owner, or chown the repository, or as this user run "
                    + "`git config --global --add safe.directory <path of the repository>`"
            )
        case GIT_EINVALIDSPEC.rawValue: (.invalidName, nil)
        case GIT_ENONFASTFORWARD.rawValue: (.notFastForward, nil)
        case GIT_EAUTH.rawValue: (.authentication, nil)
        case GIT_ECERTIFICATE.rawValue: (.untrustedServer, nil)
        default: (.other(result), nil)
        }
    }
}
