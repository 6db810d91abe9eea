internal import CGit2
internal import Foundation

/// The packs of a repository of our own. Each fetch that brings something leaves one there, and
/// nobody else tidies up.
struct PackFolder {
    private let path: String

    init(of repositoryPath: String) { path = collapsingSlashes(repositoryPath) + "/objects/pack" }

    /// Takes away what killed fetches left half-written; otherwise a remote that always hangs in
    /// the middle of a pack would fill the disk. An hour is far above any deadline.
    func removeAbandoned() {
        for name in names where name.hasPrefix("pack_git2_") {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + "/" + name)
            guard let written = attributes?[.modificationDate] as? Date,
                written.timeIntervalSinceNow < -3_600
            else { continue }
            remove(name)
        }
    }

    /// Once there are more than `GitLimit.smallPacksMax` small packs, puts what is in them into one.
    ///
    /// Who has the repository open meanwhile finds the objects again: libgit2 looks for packs anew
    /// when one of them is gone, as it must beside `git gc`.
    /// - Throws: `GitError`; nothing was taken away then.
    func combineSmall(in repository: OpaquePointer) throws(GitError) {
        let before = Set(packs)
        let small = before.filter { isSmall($0) }.sorted()
        guard small.count > GitLimit.smallPacksMax else { return }
        let operation = "put \(small.count) small packs into one"
        let builder = try Handle<PackBuilderKind>(operation) {
            git_packbuilder_new(&$0, repository)
        }
        for pack in small {
            for id in try objects(of: pack) {
                var raw = id.raw
                try GitError.check(git_packbuilder_insert(builder.raw, &raw, nil), operation)
            }
        }
        try GitError.check(git_packbuilder_write(builder.raw, nil, 0, nil, nil), operation)
        // Were the name one of theirs, the new pack would be among those that go.
        guard !before.isSuperset(of: packs) else { return }
        for pack in small {
            remove(pack + ".idx")
            remove(pack + ".pack")
        }
    }

    private var names: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }

    /// Names without their endings, of those that are whole.
    private var packs: [String] {
        let all = Set(names)
        return all.filter { $0.hasSuffix(".pack") }.map { String($0.dropLast(".pack".count)) }
            .filter { all.contains($0 + ".idx") && !all.contains($0 + ".keep") }
    }

    private func isSmall(_ pack: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(pack).pack")
        let size = (attributes?[.size] as? NSNumber)?.intValue
        return size.map { $0 <= GitLimit.smallPackBytesMax } ?? false
    }

    private func objects(of pack: String) throws(GitError) -> [ObjectID] {
        let operation = "read \(pack).idx"
        let database = try Handle<DatabaseKind>(operation) { git_odb_new(&$0) }
        var backend: OpaquePointer?
        try GitError.check(git_odb_backend_one_pack(&backend, "\(path)/\(pack).idx"), operation)
        try GitError.check(git_odb_add_backend(database.raw, backend, 1), operation)
        var found: [ObjectID] = []
        let result = withUnsafeMutablePointer(to: &found) { found in
            git_odb_foreach(
                database.raw,
                { id, found in
                    guard let id, let found else { return -1 }
                    found.assumingMemoryBound(to: [ObjectID].self).pointee
                        .append(ObjectID(id.pointee))
                    return 0
                }, found)
        }
        try GitError.check(result, operation)
        return found
    }

    private func remove(_ name: String) {
        try? FileManager.default.removeItem(atPath: path + "/" + name)
    }
}
