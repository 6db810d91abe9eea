package import Git
import Identity
import RolloutCore
import RolloutFiles

/// What was read before, so that a new commit costs no more than what it changed.
struct SnapshotCache: Sendable {
    var tree: ObjectID?
    var policyFiles: [String: ParsedFile] = [:]
    var rolloutFiles: [RolloutName: [String: ParsedFile]] = [:]
    var policies = CheckedPolicies([])
    var signers = SignerFiles.none
    var approvals: [RolloutName: [String: FoundApproval]] = [:]
    /// Files below `approvals/` that are none, and why.
    var strangeApprovals: [RolloutName: [String: String]] = [:]
    var stateFolder: ObjectID?
    var stateTrees: [RolloutName: ObjectID] = [:]
    /// Rollouts whose state is damaged, and the commit at which it was last a controller's; `nil`
    /// where that was never seen.
    var damagedSince: [RolloutName: ObjectID?] = [:]
    /// Of rollouts that have any.
    var diagnostics: [RolloutName: [Diagnostic]] = [:]
}

extension Snapshot {
    /// YAML above this is refused by the reader; a little more is read so that it can say so.
    private static let fileBytesMax = 1 << 20

    /// Reads a commit, straight from the object database.
    ///
    /// - Parameter previous: a snapshot of the same repository; only what differs is read.
    /// - Throws: `GitError` when the repository cannot be read.
    package static func read(
        _ ledger: Ledger, at commit: ObjectID, after previous: Snapshot?
    ) async throws -> Snapshot {
        if let previous, previous.commit == commit { return previous.unchanged }
        var reader = SnapshotReader(
            ledger: ledger, commit: commit, previous: previous,
            clean: previous == nil ? try await ledger.lastClean() : nil)
        return try await reader.read()
    }

    private struct SnapshotReader {
        let ledger: Ledger
        let commit: ObjectID
        let previous: Snapshot?
        /// What an earlier life saw last when all was well.
        let clean: ObjectID?
        var cache: SnapshotCache
        var rollouts: [RolloutName: RequestedRollout]
        var recorded: [RolloutName: Recorded]
        var changed: Set<RolloutName> = []

        init(
            ledger: Ledger, commit: ObjectID, previous: Snapshot?, clean: ObjectID?
        ) {
            self.ledger = ledger
            self.commit = commit
            self.previous = previous
            self.clean = clean
            cache = previous?.cache ?? SnapshotCache()
            rollouts = previous?.rollouts ?? [:]
            recorded = previous?.recorded ?? [:]
        }

        mutating func read() async throws -> Snapshot {
            let tree = try await ledger.repository.commitInfo(commit).tree
            let policiesChanged = try await readPolicies(tree)
            var names = try await readRollouts(tree)
            if policiesChanged { names.formUnion(cache.rolloutFiles.keys) }
            try await readSigners(tree)
            for name in names { link(name) }
            try await readState(tree)
            cache.tree = tree
            return Snapshot(
                commit: commit, rollouts: rollouts, recorded: recorded, stop: stop,
                signers: cache.signers, controllers: cache.policies.groups.controllers,
                diagnostics: (cache.policies.diagnostics
                    + cache.diagnostics.keys.sorted().flatMap { cache.diagnostics[$0] ?? [] }),
                changed: policiesChanged ? changed.union(rollouts.keys) : changed, cache: cache)
        }

        /// A stop that cannot be read stops: somebody wanted to.
        private var stop: StopOrder? {
            switch cache.policies.stop {
            case .none: nil
            case .ordered(let order): order
            case .unreadable:
                StopOrder(
                    owner: "unknown", reason: "policies/stop.yaml cannot be read", since: nil,
                    expires: nil)
            }
        }

        private mutating func readPolicies(_ tree: ObjectID) async throws -> Bool {
            let paths = try await ledger.repository.changedPaths(
                from: cache.tree, to: tree, under: "policies")
            for path in paths.compactMap(\.text) {
                cache.policyFiles[path] = try await parse(path, tree)
            }
            guard !paths.isEmpty else { return false }
            cache.policies = CheckedPolicies(Array(cache.policyFiles.values))
            return true
        }

        private mutating func readRollouts(_ tree: ObjectID) async throws -> Set<RolloutName> {
            let paths = try await ledger.repository.changedPaths(
                from: cache.tree, to: tree, under: "rollouts")
            var names: Set<RolloutName> = []
            for path in paths.compactMap(\.text) {
                guard let name = ProjectFiles.rollout(of: path) else { continue }
                if path.hasPrefix(ApprovalFile.folder(name) + "/") {
                    try await readApproval(path, name, tree)
                    names.insert(name)
                    continue
                }
                guard ProjectFiles.reads(path: path) else { continue }
                cache.rolloutFiles[name, default: [:]][path] = try await parse(path, tree)
                if cache.rolloutFiles[name]?.isEmpty == true { cache.rolloutFiles[name] = nil }
                names.insert(name)
            }
            return names
        }

        /// - Returns: `nil` when nothing stands at the path any more.
        private func parse(_ path: String, _ tree: ObjectID) async throws -> ParsedFile? {
            guard let entry = try await ledger.repository.entry(at: path, inTree: tree) else {
                return nil
            }
            let kind: SourceFile.Entry
            switch entry.kind {
            case .file, .executable, .unknown: kind = .file
            case .symbolicLink: kind = .symlink
            case .submodule: kind = .submodule
            case .directory: return nil
            }
            guard kind == .file else {
                return ledger.parse(path, [], kind)
            }
            do throws(GitError) {
                let bytes = try await ledger.repository.blob(
                    entry.id, limitBytes: Snapshot.fileBytesMax)
                return ledger.parse(path, bytes, .file)
            } catch {
                guard case .tooLarge = error.code else { throw error }
                // Enough of nothing to be refused for its size, whatever it holds.
                let blank = [UInt8](repeating: UInt8(ascii: " "), count: Snapshot.fileBytesMax)
                return ledger.parse(path, blank, .file)
            }
        }

        private mutating func link(_ name: RolloutName) {
            changed.insert(name)
            guard let files = cache.rolloutFiles[name] else {
                rollouts[name] = nil
                cache.diagnostics[name] = nil
                return
            }
            let checked = ProjectFiles.link(
                name, files: Array(files.values), policies: cache.policies)
            let strange = (cache.strangeApprovals[name] ?? [:]).sorted { $0.key < $1.key }.map {
                Diagnostic(
                    path: $0.key, severity: .warning, message: $0.value,
                    fix: "remove it, and approve again with gatewright approve \(name)")
            }
            let all = checked.diagnostics + strange
            cache.diagnostics[name] = all.isEmpty ? nil : all
            let approvals = (cache.approvals[name] ?? [:]).sorted {
                $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
            }
            rollouts[name] = RequestedRollout(
                checked, groups: cache.policies.groups, approvals: approvals.map(\.value))
        }

        private mutating func readSigners(_ tree: ObjectID) async throws {
            func bytes(_ path: String) async throws -> [UInt8]? {
                guard let entry = try await ledger.repository.entry(at: path, inTree: tree),
                    entry.kind == .file || entry.kind == .executable
                else { return nil }
                return try? await ledger.repository.blob(
                    entry.id, limitBytes: AllowedSigners.bytesMax)
            }
            if let old = cache.tree,
                try await ledger.repository.entry(at: "policies", inTree: old)
                    == ledger.repository.entry(at: "policies", inTree: tree)
            {
                return
            }
            cache.signers = SignerFiles(
                signers: try await bytes(SignerFiles.signersPath),
                revoked: try await bytes(SignerFiles.revokedPath))
        }

        private mutating func readApproval(
            _ path: String, _ name: RolloutName, _ tree: ObjectID
        ) async throws {
            cache.approvals[name]?[path] = nil
            cache.strangeApprovals[name]?[path] = nil
            guard let entry = try await ledger.repository.entry(at: path, inTree: tree) else {
                return
            }
            do {
                guard entry.kind == .file || entry.kind == .executable else {
                    throw InvalidIdentity(.malformed, "an approval is a plain file")
                }
                guard (cache.approvals[name]?.count ?? 0) < ApprovalFile.countMax else {
                    throw InvalidIdentity(
                        .unsupported, "the folder has more than \(ApprovalFile.countMax) approvals")
                }
                let file = try ApprovalFile(
                    await ledger.repository.blob(entry.id, limitBytes: ApprovalFile.bytesMax))
                cache.approvals[name, default: [:]][path] = try FoundApproval(
                    path: path, file, isKnownCommit: await isKnown(file.approval.baseCommit))
            } catch {
                cache.strangeApprovals[name, default: [:]][path] = "\(error)"
            }
        }

        private func isKnown(_ base: String) async -> Bool {
            guard let base = ObjectID(hex: base) else { return false }
            return (try? await ledger.repository.isDescendant(commit, of: base)) ?? false
        }

        /// At a cold start: a rollout that was recorded once and is not now has lost its memory.
        /// Nothing may be raised, and above all nothing bootstrapped again.
        private mutating func noticeLoss(of names: [RolloutName]) async throws {
            guard !names.isEmpty else { return }
            let past = try await ledger.repository.history(
                from: commit, hiding: nil, touching: "state", limit: GitLimit.historyScanMax)
            let lines = past.flatMap { $0.message.split(separator: "\n") }
            let ever = Set(lines.filter { $0.hasPrefix("Rollout: ") }.map { $0.dropFirst(9) })
            for name in names where ever.contains(Substring(name.rawValue)) {
                damage(name, Self.removed)
            }
        }

        private mutating func readState(_ tree: ObjectID) async throws {
            let folder = try await ledger.repository.entry(at: "state", inTree: tree)
            // Nothing was recorded since: an idle look costs no more than this.
            if previous != nil, folder?.id == cache.stateFolder, cache.damagedSince.isEmpty {
                return
            }
            var entries: [TreeEntry] = []
            if let folder { entries = try await ledger.repository.tree(folder.id) }
            var trees: [RolloutName: ObjectID] = [:]
            for entry in entries where entry.kind == .directory {
                guard let text = entry.name.text, let name = try? RolloutName(text) else {
                    continue
                }
                trees[name] = entry.id
                guard cache.stateTrees[name] != entry.id || cache.damagedSince[name] != nil
                else { continue }
                changed.insert(name)
                await readState(of: name)
            }
            if previous == nil {
                try await noticeLoss(of: rollouts.keys.filter { trees[$0] == nil })
            }
            for name in cache.stateTrees.keys where trees[name] == nil {
                changed.insert(name)
                damage(name, Self.removed)
            }
            cache.stateFolder = folder?.id
            cache.stateTrees = trees
        }

        /// A state counts when it is what its decisions led to, and a controller wrote it.
        private mutating func readState(of name: RolloutName) async {
            do {
                let state = try await ledger.currentState(of: name, at: commit).state
                if let base = lastClean(name),
                    let problem = try await ledger.foreignWriter(
                        of: name, since: base, at: commit)
                {
                    return damage(name, problem)
                }
                recorded[name] = .state(state)
                cache.damagedSince[name] = nil
            } catch {
                damage(name, "\(error)")
            }
        }

        private mutating func damage(_ name: RolloutName, _ problem: String) {
            cache.damagedSince.updateValue(lastClean(name), forKey: name)
            recorded[name] = .damaged(problem)
        }

        private func lastClean(_ name: RolloutName) -> ObjectID? {
            cache.damagedSince[name] ?? previous?.commit ?? clean
        }

        private static let removed = "its folder below state/ was removed"
    }
}
