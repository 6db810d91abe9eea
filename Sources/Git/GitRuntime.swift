internal import CGit2
internal import Foundation

/// The state that libgit2 keeps for the whole process.
enum GitRuntime {
    /// Sets libgit2 up, once. Every way into the library begins here.
    static func start() throws(GitError) {
        if let failure { throw failure }
    }

    private static let failure: GitError? = {
        do throws(GitError) {
            // libgit2 and pipes to a helper that died would otherwise end this process.
            signal(SIGPIPE, SIG_IGN)
            try GitError.check(git_libgit2_init(), "start libgit2")
            // By default libgit2 syncs nothing, and a power cut could lose a decision.
            try GitError.check(cgit2_set_fsync(1), "turn on fsync")
            try GitError.check(cgit2_set_user_agent("gatewright"), "set the user agent")
            return nil
        } catch {
            return error
        }
    }()

    /// Sets libgit2 up with `.ssh/known_hosts` of another folder than the user's home; the user's
    /// `.gitconfig` still counts. Only for a process of ours that has one thread, as its first
    /// use of the library: libgit2 1.5 asks the environment for the home folder, once.
    static func start(knownHostsIn folder: String) throws(GitError) {
        let home = getenv("HOME").map { String(cString: $0) } ?? "/nonexistent"
        setenv("HOME", folder, 1)
        defer { setenv("HOME", home, 1) }
        try start()
        try GitError.check(
            cgit2_set_search_path(Int32(GIT_CONFIG_LEVEL_GLOBAL.rawValue), home),
            "set where .gitconfig is found")
    }
}
