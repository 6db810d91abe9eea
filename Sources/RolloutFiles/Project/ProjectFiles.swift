package import RolloutCore

/// From the files of a repository to rollouts that can be run.
///
/// `parse` looks at one file and can be kept by path and blob id; `link` looks at one rollout. One
/// changed file among 10,000 rollouts costs one parse and one link.
package enum ProjectFiles {
    /// Reads one file.
    package static func parse(
        path: String, bytes: [UInt8], entry: SourceFile.Entry = .file
    ) -> ParsedFile {
        ParsedFile(SourceFile(path: path, bytes: bytes, entry: entry))
    }

    /// Whether `parse` reads files at this path at all.
    package static func reads(path: String) -> Bool {
        FileRole(path: path) != .other
    }

    /// The folder below `rollouts/` that a path belongs to.
    package static func rollout(of path: String) -> RolloutName? {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].elementsEqual("rollouts".utf8) else { return nil }
        return String(parts[1]).flatMap { try? RolloutName($0) }
    }

    /// Paths that differ only in case or in how an accent is stored, each with its twin named.
    ///
    /// `check` asks this itself; whoever links rollouts one by one asks it when the tree changes.
    package static func twins(of paths: [String]) -> [Diagnostic] { PathTwins(paths).diagnostics }

    /// Reads and links a whole repository.
    package static func check(files: [SourceFile]) -> CheckedProject {
        link(files: files.map { ParsedFile($0) })
    }

    /// Links files that were read before.
    package static func link(files: [ParsedFile]) -> CheckedProject {
        let twins = PathTwins(files.map(\.path))
        let policies = CheckedPolicies(files.filter { !twins.contains($0.path) })
        var folders: [RolloutName: [ParsedFile]] = [:]
        var rest: [Diagnostic] = []
        for file in files {
            if let name = rollout(of: file.path) {
                folders[name, default: []].append(file)
            } else if case .document(_, nil, _) = file.role {
                continue
            } else {
                rest += file.diagnostics
            }
        }
        var rollouts: [RolloutName: CheckedRollout] = [:]
        for (name, files) in folders {
            rollouts[name] = link(name, files: files, policies: policies)
        }
        for path in twins.paths {
            guard let name = rollout(of: path) else { continue }
            rollouts[name]?.isUsable = false
            rollouts[name]?.diagnostics += twins.diagnostics.filter { $0.path == path }
        }
        let all = Set(
            policies.diagnostics + rest + twins.diagnostics
                + rollouts.values.flatMap(\.diagnostics))
        return CheckedProject(
            rollouts: rollouts, policies: policies, diagnostics: all.sorted())
    }
}

/// A repository after its check.
package struct CheckedProject: Sendable {
    package let rollouts: [RolloutName: CheckedRollout]
    package let policies: CheckedPolicies
    /// All of them, in reading order, each once.
    package let diagnostics: [Diagnostic]

    package var hasErrors: Bool { diagnostics.contains(where: \.isError) }
}
