internal import CGit2

extension GitRepository {
    /// One commit.
    package func commitInfo(_ id: ObjectID) throws(GitError) -> CommitInfo {
        let header = try DatabaseHeader(id, in: repository.raw)
        guard header.size <= GitLimit.commitBytesMax else {
            throw GitError(
                operation: "read commit \(id.short)", code: .tooLarge(size: header.size),
                message: "it has \(header.size) bytes, \(GitLimit.commitBytesMax) are allowed")
        }
        let commit = try lookUpCommit(id, in: repository.raw)
        return CommitInfo(commit.raw)
    }

    /// Whether `ancestor` can be reached from `id` through parents; true when they are equal.
    /// - Throws: `GitError` with `.notFound` when the repository lacks one of them.
    package func isDescendant(_ id: ObjectID, of ancestor: ObjectID) throws(GitError) -> Bool {
        try isCommit(id, descendantOf: ancestor, in: repository.raw)
    }

    /// Commits reachable from `tip`, children before parents whatever their dates say.
    ///
    /// - Parameters:
    ///   - hidden: leaves out what can be reached from here too.
    ///   - path: keeps only commits that changed what stands at this path, compared with every
    ///     parent.
    /// - Throws: `GitError` with `.tooLarge` when more than `GitLimit.historyScanMax` commits had
    ///   to be looked at.
    package func history(
        from tip: ObjectID, hiding hidden: ObjectID? = nil, touching path: String? = nil,
        limit: Int
    ) throws(GitError) -> [CommitInfo] {
        let operation = "walk the history of \(tip.short)"
        let walk = try Handle<RevisionWalkKind>(operation) {
            git_revwalk_new(&$0, repository.raw)
        }
        try GitError.check(
            git_revwalk_sorting(walk.raw, GIT_SORT_TOPOLOGICAL.rawValue), operation)
        var start = tip.raw
        try GitError.check(git_revwalk_push(walk.raw, &start), operation)
        if var end = hidden?.raw { try GitError.check(git_revwalk_hide(walk.raw, &end), operation) }
        var found: [CommitInfo] = []
        var scanned = 0
        var id = git_oid()
        while found.count < limit {
            let result = git_revwalk_next(&id, walk.raw)
            if result == GIT_ITEROVER.rawValue { break }
            try GitError.check(result, operation)
            scanned += 1
            guard scanned <= GitLimit.historyScanMax else {
                throw GitError(
                    operation: operation, code: .tooLarge(size: scanned),
                    message: "\(GitLimit.historyScanMax) commits were not enough",
                    hint: "ask for fewer, or without a path")
            }
            let commit = try commitInfo(ObjectID(id))
            if let path, try !changes(commit, path: path) { continue }
            found.append(commit)
        }
        return found
    }

    private func changes(_ commit: CommitInfo, path: String) throws(GitError) -> Bool {
        let now = try entry(at: path, inTree: commit.tree)
        guard !commit.parents.isEmpty else { return now != nil }
        for parent in commit.parents where try entry(at: path, in: parent) == now { return false }
        return true
    }
}

func isCommit(
    _ id: ObjectID, descendantOf ancestor: ObjectID, in repository: OpaquePointer
) throws(GitError) -> Bool {
    let operation = "look for \(ancestor.short) in the history of \(id.short)"
    for end in [id, ancestor] { _ = try lookUpCommit(end, in: repository) }
    if id == ancestor { return true }
    var (raw, rawAncestor) = (id.raw, ancestor.raw)
    let result = git_graph_descendant_of(repository, &raw, &rawAncestor)
    try GitError.check(result, operation)
    return result == 1
}
