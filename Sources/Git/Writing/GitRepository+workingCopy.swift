internal import CGit2
import Foundation

extension GitRepository {
    /// Brings index and working files of some paths to a commit, if this repository has a working
    /// copy in which `branch` is checked out. Other paths are left alone.
    ///
    /// For a controller that serves the repository it stands in: without this, the person's next
    /// commit there would take back what the controller recorded.
    /// - Throws: `GitError`; nothing but these paths has changed then.
    package func followInWorkingCopy(
        _ commit: ObjectID, on branch: ReferenceName, paths: [String]
    ) throws(GitError) {
        let operation = "follow \(branch) in the working copy"
        guard git_repository_is_bare(repository.raw) == 0, try isCheckedOut(branch, operation)
        else { return }
        let tree = try lookUpTree(try commitInfo(commit).tree, in: repository.raw)
        var options = git_checkout_options()
        try GitError.check(
            git_checkout_options_init(&options, UInt32(GIT_CHECKOUT_OPTIONS_VERSION)), operation)
        options.checkout_strategy =
            GIT_CHECKOUT_FORCE.rawValue | GIT_CHECKOUT_DISABLE_PATHSPEC_MATCH.rawValue
        options.disable_filters = 1
        var result: Int32 = 0
        withStrings(paths) { strings in
            options.paths = strings
            result = git_checkout_tree(repository.raw, tree.raw, &options)
        }
        try GitError.check(result, operation)
    }

    private func isCheckedOut(
        _ branch: ReferenceName, _ operation: String
    ) throws(GitError) -> Bool {
        let head = try Handle<ReferenceKind>(operation) {
            git_reference_lookup(&$0, repository.raw, "HEAD")
        }
        guard let target = git_reference_symbolic_target(head.raw) else { return false }
        return bytes(of: target) == Array(branch.text.utf8)
    }
}

/// Lends C copies of strings for the time of a call.
private func withStrings(_ texts: [String], _ body: (git_strarray) -> Void) {
    var pointers = texts.map { strdup($0) }
    defer { pointers.forEach { free($0) } }
    pointers.withUnsafeMutableBufferPointer { buffer in
        body(git_strarray(strings: buffer.baseAddress, count: buffer.count))
    }
}
