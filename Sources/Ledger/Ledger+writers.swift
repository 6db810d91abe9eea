package import Git
import Identity
import RolloutCore

// Only controllers write below `state/`. A chain that is consistent in itself can be written by
// anybody who may push; the signatures of its commits cannot.
extension Ledger {
    /// The newest commit that was read when every state was written by controllers.
    static let clean = "refs/gatewright/clean"

    /// What an earlier life knew before a commit; `nil` when it had seen all of it, or nothing.
    package func lastClean(before commit: ObjectID) async throws -> Snapshot? {
        guard let clean = try await repository.resolve(try ReferenceName(Self.clean)),
            clean != commit, try await repository.isDescendant(commit, of: clean)
        else { return nil }
        return try await Snapshot.read(self, at: clean, after: nil)
    }

    /// Remembers a commit at which nobody else had written a state: after a restart that is where
    /// looking goes on.
    package func keepClean(_ commit: ObjectID) async throws(GitError) {
        let mark = try ReferenceName(Self.clean)
        let known = try await repository.resolve(mark)
        guard known != commit else { return }
        try await repository.updateReference(mark, to: commit, expecting: known)
    }

    /// Who else than a controller left the state of a rollout as it is.
    ///
    /// - Parameter base: a commit at which the state was a controller's.
    /// - Returns: `nil` when a controller did, when it is as it was at `base`, or when the repository
    ///   does not say whose keys controllers sign with.
    func foreignWriter(
        of name: RolloutName, since base: ObjectID, at commit: ObjectID
    ) async throws -> String? {
        let folder = RecordFile.folder(name)
        let tree = try await repository.entry(at: folder, in: commit)?.id
        let files = CommittedFiles(repository, parse: parse)
        var problem: String?
        for info in try await repository.history(
            from: commit, hiding: base, touching: folder, limit: GitLimit.historyScanMax)
        {
            guard let found = try await self.problem(of: info, files, at: commit) else {
                let left = try await repository.entry(at: folder, in: info.id)?.id
                return left == tree ? nil : problem
            }
            problem = problem ?? found
        }
        return try await repository.entry(at: folder, in: base)?.id == tree ? nil : problem
    }

    /// Who else wrote a state since all of them were read and found to be controllers': nothing is
    /// put onto that.
    func foreignWriter(of name: RolloutName, at commit: ObjectID) async throws -> String? {
        guard let clean = try await repository.resolve(try ReferenceName(Self.clean)) else {
            return nil
        }
        return try await foreignWriter(of: name, since: clean, at: commit)
    }

    /// Why a commit is no controller's.
    ///
    /// Who is one is what the repository said before the commit, or says by now: a new controller
    /// may have written before somebody named its key.
    private func problem(
        of info: CommitInfo, _ files: CommittedFiles, at commit: ObjectID
    ) async throws -> String? {
        let signed = try await signer(of: info)
        if let signed, signed == key?.publicKey { return nil }
        var isKnown = false
        for place in [info.parents.first, commit].compactMap(\.self) {
            let policies = try await files.policies(at: place)
            guard let allowed = policies.signers.allowed, !policies.controllers.isEmpty else {
                continue
            }
            isKnown = true
            if let signed,
                let owner = allowed.signers.first(where: { $0.key == signed })?.principal,
                policies.controllers.contains(owner),
                !(policies.signers.revoked?.contains(signed) ?? false)
            {
                return nil
            }
        }
        guard isKnown else { return nil }
        let by = signed.map { "signed by \($0.fingerprint)" } ?? "signed by nobody"
        return "commit \(info.id.short), \(by), wrote below state/, where only "
            + "group controllers of policies/groups.yaml may. Revert that commit; until then the "
            + "share stays"
    }

    /// The key whose signature is right; `nil` for a commit without one.
    private func signer(of info: CommitInfo) async throws -> PublicKey? {
        let raw = try await repository.rawCommit(info.id)
        do throws(InvalidIdentity) {
            let signed = try SignedCommit(raw)
            try signed.verify()
            return signed.signature.publicKey
        } catch {
            return nil
        }
    }
}
