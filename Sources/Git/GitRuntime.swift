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
            // By default no tree above 4 KiB is kept, and a folder of 10,000 entries would be
            // inflated and parsed once for each path below it.
            try GitError.check(
                cgit2_set_cached_tree_bytes(GitLimit.cachedTreeBytesMax), "set the cache")
            // By default every pack that was ever read from stays open.
            try GitError.check(cgit2_set_open_packs(GitLimit.openPacksMax), "bound open packs")
            try GitError.check(cgit2_set_user_agent("gatewright"), "set the user agent")
            return nil
        } catch {
            return error
        }
    }()

    /// Makes libgit2 look for `.ssh/known_hosts` in another folder than the user's home. Only for
    /// a process of ours that still has one thread: 1.5 reads the environment at each connection
    /// (and where `.gitconfig` is at the start, so the user's own still counts).
    static func findKnownHosts(in folder: String) throws(GitError) {
        try start()
        setenv("HOME", folder, 1)
    }
}
