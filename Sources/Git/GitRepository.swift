internal import CGit2

/// A local repository, read and written without index, work tree, filter or hook.
///
/// One object of libgit2 may be used by one thread at a time, so each repository is an actor, on a
/// queue of its own. Any number of them may be open on one path: git's lock files order them.
package actor GitRepository {
    private let executor: QueueExecutor
    private(set) var repository: Handle<RepositoryKind>
    package nonisolated let path: String
    private var targets: [ReferenceName: ObjectID] = [:]
    private var movesSeen = 0

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Opens the repository in exactly this folder; parent folders are not searched.
    /// - Throws: `GitError`, `.notFound` when there is none, `.foreignOwner` when it belongs to
    ///   another user.
    package init(opening path: String) throws(GitError) {
        repository = try openRepository(at: path)
        self.path = collapsingSlashes(path)
        executor = QueueExecutor(label: "git")
    }

    /// Opens the bare repository in this folder, or makes an empty one when the folder is missing
    /// or empty.
    package init(openingOrCreatingBareAt path: String) throws(GitError) {
        try GitRuntime.start()
        let path = collapsingSlashes(path)
        do throws(GitError) {
            repository = try openRepository(at: path)
        } catch {
            guard error.code == .notFound else { throw error }
            repository = try createBareRepository(at: path)
        }
        self.path = path
        executor = QueueExecutor(label: "git")
    }

    /// Opens the repository anew once references have moved often enough. libgit2 keeps the index of
    /// every pack that it ever saw mapped, also of packs that are gone, and asks each of them for an
    /// object that it does not find: what is never opened anew takes longer with every fetch.
    func notice(_ name: ReferenceName, at target: ObjectID?) {
        guard targets[name] != target else { return }
        targets[name] = target
        movesSeen += 1
        guard movesSeen >= GitLimit.movesToOpenAnew else { return }
        // When it cannot be opened just now, the one that is open still can be read.
        guard let again = try? openRepository(at: path) else { return }
        repository = again
        (targets, movesSeen) = ([:], 0)
    }
}

/// libgit2 1.5 fails on some paths with two slashes in a row.
func collapsingSlashes(_ path: String) -> String {
    (path.hasPrefix("/") ? "/" : "") + path.split(separator: "/").joined(separator: "/")
}

private func createBareRepository(at path: String) throws(GitError) -> Handle<RepositoryKind> {
    let operation = "create the repository \(quoted(path))"
    var options = git_repository_init_options()
    try GitError.check(
        git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION)),
        operation)
    options.flags =
        GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
        | GIT_REPOSITORY_INIT_NO_REINIT.rawValue
    return try Handle(operation) { made in
        "main".withCString { branch in
            options.initial_head = branch
            return git_repository_init_ext(&made, path, &options)
        }
    }
}

func openRepository(at path: String) throws(GitError) -> Handle<RepositoryKind> {
    try GitRuntime.start()
    return try Handle("open the repository \(quoted(path))") {
        let flags = GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue
        return git_repository_open_ext(&$0, collapsingSlashes(path), flags, nil)
    }
}
