package import Git
import Identity
import RolloutCore

// Only controllers write below `state/`. A chain that is consistent in itself can be written by
// anybody who may push; the signatures of its commits cannot.
extension Ledger {
    /// The newest commit that was read when every state was written by controllers.
    package static let clean = "refs/gatewright/clean"

    /// Where an earlier life saw last that all states were controllers'; `nil` without one.
    func lastClean() async throws(GitError) -> ObjectID? {
        try await repository.resolve(try ReferenceName(Self.clean))
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
    /// - Parameter base: a commit at which the state was a controller's. It need not be in the history
    ///   of the other: people may have given it up.
    /// - Returns: `nil` when it is as a controller left it, or when the repository does not say whose
    ///   keys controllers sign with.
    func foreignWriter(
        of name: RolloutName, since base: ObjectID, at commit: ObjectID
    ) async throws -> String? {
        let folder = RecordFile.folder(name)
        let tree = try await repository.entry(at: folder, in: commit)?.id
        guard try await repository.entry(at: folder, in: base)?.id != tree else { return nil }
        let files = CommittedFiles(repository, parse: parse)
        var problem: String?
        // What is new is nearly always a controller's. If not, people may have put back what one left
        // long ago; and a history that was given up may end where somebody had just written.
        for hidden in [base, nil] {
            for info in try await repository.history(
                from: commit, hiding: hidden, touching: folder, limit: GitLimit.historyScanMax)
            {
                guard let found = try await self.problem(of: info, files, at: commit) else {
                    let left = try await repository.entry(at: folder, in: info.id)?.id
                    return left == tree ? nil : problem
                }
                problem = problem ?? found
            }
        }
        return problem
    }

    /// Why a commit is no controller's.
    ///
    /// Who is one is what the repository said before the commit, or says by now: a new controller
    /// may have written before somebody named its key.
    private func problem(
        of info: CommitInfo, _ files: CommittedFiles, at commit: ObjectID
    ) async throws -> String? {
        let raw = try await repository.rawCommit(info.id)
        let signed = try? SignedCommit.signer(of: raw)
        if let signed, signed == key?.publicKey { return nil }
        for place in [info.parents.first, commit].compactMap(\.self) {
            let policies = try await files.policies(at: place)
            guard policies.signers.allowed != nil, !policies.controllers.isEmpty else {
                // Where nobody was named, whoever wrote could be one.
                if place == commit { continue }
                return nil
            }
            if let signed, let owner = policies.signers.owner(of: signed),
                policies.controllers.contains(owner),
                !(policies.signers.revoked?.contains(signed) ?? false)
            {
                return nil
            }
        }
        let by = signed.map { "signed by \($0.fingerprint)" } ?? "signed by nobody"
        return "commit \(info.id.short), \(by), wrote below state/, where only "
            + "group controllers of policies/groups.yaml may. Revert that commit; until then the "
            + "share stays"
    }
}
