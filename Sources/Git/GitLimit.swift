/// The limits of what one call reads, each with its reason.
package enum GitLimit {
    /// A forge with a reference for each pull request has some 100,000; we need a handful.
    package static let referencesMax = 200_000
    /// A folder of 10,000 entries, ten times over.
    package static let treeEntriesMax = 100_000
    /// Bytes of a tree that is kept in memory: one of `treeEntriesMax` entries. libgit2 keeps 256
    /// MiB of objects in all.
    static let cachedTreeBytesMax = 8 << 20
    /// Packs that are open at once, of the 1,024 descriptors that a process has by default.
    static let openPacksMax = 32
    /// Moves of references after which a repository is opened anew, which takes a millisecond.
    static let movesToOpenAnew = 64
    /// Packs of fetches that are left as they are; git itself puts more than 50 into one.
    static let smallPacksMax = 50
    /// Bytes of a small pack: a fetch of a few commits has a twentieth. What is put into one is a
    /// matter of milliseconds, so that no deadline of a fetch is at risk.
    static let smallPackBytesMax = 64 << 10
    /// Paths that may differ between two trees before a person should look at what happened.
    package static let changedPathsMax = 100_000
    /// Commits looked at to answer one question about history.
    package static let historyScanMax = 200_000
    /// A commit holds a message and a signature; this is many times the largest honest one.
    package static let commitBytesMax = 1 << 20
}
