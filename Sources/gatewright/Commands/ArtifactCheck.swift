import Foundation
import Identity
import RolloutCore
import RolloutFiles

/// Artifacts that lie in the working tree, as `rollouts/NAME/artifacts/VERSION` or `VERSION.*`,
/// against what their version files say of them.
struct ArtifactCheck {
    private(set) var diagnostics: [Diagnostic] = []
    /// Paths of artifacts that have the digest they should have.
    private(set) var verified: [VersionReference: String] = [:]

    init(_ root: String, _ project: CheckedProject) {
        for rollout in project.rollouts.values.sorted(by: { $0.name < $1.name }) {
            let files = Self.files("\(root)/rollouts/\(rollout.name)/artifacts")
            for version in rollout.versions.values.sorted(by: { $0.version < $1.version }) {
                let others = rollout.versions.keys.filter { $0 != version.version }
                let own = files.filter { file in
                    // 1.0.1.json belongs to 1.0.1, and not to 1.0.
                    Self.belongs(file, to: version.version)
                        && !others.contains {
                            $0.rawValue.utf8.count > version.version.rawValue.utf8.count
                                && Self.belongs(file, to: $0)
                        }
                }
                check(own, of: version, root)
            }
        }
    }

    private static func belongs(_ file: String, to version: VersionName) -> Bool {
        file == version.rawValue || file.hasPrefix("\(version).")
    }

    /// Plain files; a link is not followed.
    private static func files(_ folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            return attributes?[.type] as? FileAttributeType == .typeRegular
        }.sorted()
    }

    /// One file with the right digest is enough: beside it there may lie a signature or a card.
    private mutating func check(_ files: [String], of version: ModelVersion, _ root: String) {
        var wrong: [Diagnostic] = []
        for file in files {
            let path = "rollouts/\(version.model)/artifacts/\(file)"
            guard let found = Self.measure("\(root)/\(path)") else {
                wrong.append(
                    Diagnostic(
                        path: path, message: "the artifact of \(version.version) cannot be read",
                        fix: "let the file be read"))
                continue
            }
            if found.digest == version.artifact.sha256.hex {
                verified[version.reference] = path
                checkSize(found.size, of: version, path)
                return
            }
            wrong.append(
                Diagnostic(
                    path: path,
                    message: "these are other bytes than those of \(version.version): their SHA-256"
                        + " is \(found.digest)" + (found.isPointer ? " (a git-lfs pointer)" : ""),
                    found: found.digest, expected: version.artifact.sha256.hex,
                    fix: found.isPointer
                        ? "git lfs pull"
                        : "put the artifact back, or give the new bytes a version of their own"))
        }
        diagnostics += wrong
    }

    private mutating func checkSize(_ size: Int64, of version: ModelVersion, _ path: String) {
        let written = version.artifact.size
        // People write 157KB for 156,065 bytes: the size is right to within its own unit.
        let units: [Int64] = [1 << 30, 1_000_000_000, 1 << 20, 1_000_000, 1 << 10, 1_000]
        let unit = units.first { written % $0 == 0 && written > 0 } ?? 1
        guard abs(size - written) >= unit else { return }
        diagnostics.append(
            Diagnostic(
                path: path,
                message: "the artifact of \(version.version) has \(grouped(Int(size))) bytes, and "
                    + "its version file says \(grouped(Int(written)))", found: "\(size)",
                expected: "\(written)",
                fix: "correct artifact.size in rollouts/\(version.model)/versions/"
                    + "\(version.version).yaml"))
    }

    private struct Measure {
        var digest = ""
        var size: Int64 = 0
        var isPointer = false
    }

    private static func measure(_ path: String) -> Measure? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        let hash = HashStream()
        var found = Measure()
        do {
            while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
                if found.size == 0 {
                    found.isPointer = piece.starts(with: "version https://git-lfs.".utf8)
                }
                hash.add(piece)
                found.size += Int64(piece.count)
            }
        } catch {
            return nil
        }
        found.digest = hash.finish().hex
        return found
    }
}
