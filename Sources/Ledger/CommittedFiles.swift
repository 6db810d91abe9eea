package import Git
import Identity
package import RolloutCore
package import RolloutFiles

/// What the files of a commit say, one rollout at a time.
///
/// Kept by the ids of trees: thousands of decisions read the same policies.
package final class CommittedFiles {
    package struct Policies: Sendable {
        package let checked: CheckedPolicies
        package let signers: SignerFiles
        package let controllers: [String]
    }

    package struct Rollout: Sendable {
        package let checked: CheckedRollout
        package let request: Request
        /// Payloads of the approvals that lie there.
        package let approvals: Set<Digest>
    }

    private struct Key: Hashable {
        let policies: ObjectID?
        let rollout: ObjectID?
    }

    private let repository: any Repository
    private let parse: Ledger.FileParser
    private var policies: [ObjectID?: Policies] = [:]
    private var rollouts: [Key: Rollout] = [:]
    /// Sets of policies and rollouts that are kept: enough for a history in its order.
    private static let kept = 256

    package init(
        _ repository: any Repository, parse: @escaping Ledger.FileParser = ProjectFiles.parse
    ) {
        self.repository = repository
        self.parse = parse
    }

    package func policies(at commit: ObjectID) async throws -> Policies {
        let tree = try await repository.commitInfo(commit).tree
        let id = try await repository.entry(at: "policies", inTree: tree)?.id
        if let known = policies[id] { return known }
        var files: [ParsedFile] = []
        for path in try await repository.changedPaths(from: nil, to: tree, under: "policies") {
            if let file = try await read(path.text, tree) { files.append(file) }
        }
        let checked = CheckedPolicies(files)
        let found = Policies(
            checked: checked,
            signers: SignerFiles(
                signers: try await bytes(SignerFiles.signersPath, tree),
                revoked: try await bytes(SignerFiles.revokedPath, tree)),
            controllers: checked.groups.controllers)
        if policies.count >= Self.kept { policies = [:] }
        policies[id] = found
        return found
    }

    /// `nil` when the rollout has no folder there.
    package func rollout(_ name: RolloutName, at commit: ObjectID) async throws -> Rollout? {
        let policies = try await policies(at: commit)
        let tree = try await repository.commitInfo(commit).tree
        let folder = "rollouts/\(name)"
        let key = Key(
            policies: try await repository.entry(at: "policies", inTree: tree)?.id,
            rollout: try await repository.entry(at: folder, inTree: tree)?.id)
        guard key.rollout != nil else { return nil }
        if let known = rollouts[key] { return known }
        var files: [ParsedFile] = []
        var approvals: Set<Digest> = []
        for path in try await repository.changedPaths(from: nil, to: tree, under: folder) {
            guard let text = path.text else { continue }
            if text.hasPrefix(ApprovalFile.folder(name) + "/") {
                if let bytes = try await bytes(text, tree), let file = try? ApprovalFile(bytes),
                    let message = try? ApprovalFile.message(file.approval)
                {
                    approvals.insert(RecordFile.digest(message))
                }
            } else if let file = try await read(text, tree) {
                files.append(file)
            }
        }
        let checked = ProjectFiles.link(name, files: files, policies: policies.checked)
        let found = Rollout(
            checked: checked, request: Request(checked, groups: policies.checked.groups),
            approvals: approvals)
        if rollouts.count >= Self.kept { rollouts = [:] }
        rollouts[key] = found
        return found
    }

    private func bytes(_ path: String, _ tree: ObjectID) async throws -> [UInt8]? {
        guard let entry = try await repository.entry(at: path, inTree: tree),
            entry.kind == .file || entry.kind == .executable
        else { return nil }
        return try? await repository.blob(entry.id, limitBytes: AllowedSigners.bytesMax)
    }

    private func read(_ path: String?, _ tree: ObjectID) async throws -> ParsedFile? {
        guard let path, ProjectFiles.reads(path: path),
            let entry = try await repository.entry(at: path, inTree: tree)
        else { return nil }
        switch entry.kind {
        case .symbolicLink: return parse(path, [], .symlink)
        case .submodule: return parse(path, [], .submodule)
        case .directory: return nil
        case .file, .executable, .unknown:
            let bytes = (try? await repository.blob(entry.id, limitBytes: 1 << 20)) ?? []
            return parse(path, bytes, .file)
        }
    }
}
