package import Git
package import Identity
package import RolloutCore
import RolloutFiles

/// Where a run comes from: the record that began it, and who wrote what it rolls out.
package struct RunOrigin: Sendable, Hashable {
    package let run: RunID
    package let recordDigest: Digest
    package let inputsCommit: String
    /// The commits that asked for the version, or wrote it, since another one was asked for.
    package let commits: [OriginCommit]
    /// Who could approve before the change; `nil` when nothing was asked before it.
    package let before: Before?

    package struct Before: Sendable, Hashable {
        /// Keys of `policies/signers`.
        package let keys: Set<PublicKey>
        package let terms: ApprovalTerms?
    }

    /// One commit of the change, with the key that signed it.
    package struct OriginCommit: Sendable, Hashable {
        package let id: String
        let key: PublicKey?
        let problem: String?
        let claimed: [String]
    }

    /// Who wrote the change, as the signers of now say.
    package func authors(_ signers: SignerFiles) -> [ChangeAuthor] {
        commits.map { commit in
            let principal = commit.key.flatMap { signers.owner(of: $0) }
            var problem = commit.problem
            if problem == nil, principal == nil, let key = commit.key {
                problem = "the key \(key.fingerprint) is not in policies/signers"
            }
            return ChangeAuthor(
                commit: commit.id, principal: problem == nil ? principal : nil,
                claimed: commit.claimed, problem: problem)
        }
    }
}

extension Ledger {
    /// Where a run comes from, by the branch as it is known.
    package func origin(of run: RunID) async throws -> RunOrigin? {
        guard let tip = try await trustedTip() else { return nil }
        return try await origin(of: run, at: tip)
    }

    /// Where a run comes from; `nil` when its first record is not at this commit.
    package func origin(
        of run: RunID, at tip: ObjectID
    ) async throws -> RunOrigin? {
        guard
            let (record, digest) = try await decision(run.firstDecision, of: run.rollout, at: tip),
            case .start(let start) = record.action, let inputs = ObjectID(hex: record.inputsCommit)
        else { return nil }
        let version = start.candidate.reference.version
        let base = try await lastWithout(version, before: record, inputs, at: tip)
        var commits: [ObjectID: CommitInfo] = [:]
        for path in [
            "rollouts/\(run.rollout)/rollout.yaml",
            "rollouts/\(run.rollout)/versions/\(version).yaml",
        ] {
            for commit in try await repository.history(
                from: inputs, hiding: base, touching: path, limit: Self.originCommitsMax)
            { commits[commit.id] = commit }
        }
        guard commits.count < Self.originCommitsMax else {
            throw LedgerError(
                message: "more than \(Self.originCommitsMax) commits wrote \(version) of "
                    + "\(run.rollout): ask for it in a commit of its own")
        }
        var found: [RunOrigin.OriginCommit] = []
        for commit in commits.values.sorted(by: { $0.id.hex < $1.id.hex }) {
            found.append(try await author(of: commit))
        }
        return RunOrigin(
            run: run, recordDigest: digest, inputsCommit: record.inputsCommit, commits: found,
            before: try await before(base, run.rollout))
    }

    private func before(
        _ base: ObjectID?, _ rollout: RolloutName
    ) async throws -> RunOrigin.Before? {
        guard let base else { return nil }
        let files = CommittedFiles(repository, parse: parse)
        let signers = try await files.policies(at: base).signers
        var terms: ApprovalTerms?
        if case .asked(let ask)? = try await files.rollout(rollout, at: base)?.request {
            terms = ask.approvals
        }
        return RunOrigin.Before(
            keys: Set(signers.allowed?.signers.map(\.key) ?? []), terms: terms)
    }

    /// A change of more commits than this was not made by people.
    private static let originCommitsMax = 1_000
    /// Decisions that are looked at for it; beyond them all of history is the change.
    private static let lookBackMax = 500

    /// The newest commit that a decision read in which another version was asked for: what came
    /// after it is the change. `nil` when there is none, and all history is.
    ///
    /// A step back may rest on a commit that people gave up since (`accept-history`). Nothing came
    /// after that one, and it would hide who asked for the version in the history that is left.
    private func lastWithout(
        _ version: VersionName, before start: DecisionRecord, _ inputs: ObjectID, at tip: ObjectID
    ) async throws -> ObjectID? {
        var number = start.number - 1
        while number > max(0, start.number - Self.lookBackMax) {
            guard
                let (record, _) = try await decision(number, of: start.rollout, at: tip)
            else { return nil }
            if let commit = ObjectID(hex: record.inputsCommit),
                (try? await repository.isDescendant(inputs, of: commit)) ?? false,
                try await asked(for: start.rollout, at: commit) != version
            {
                return commit
            }
            number -= 1
        }
        return nil
    }

    private func asked(for rollout: RolloutName, at commit: ObjectID) async throws -> VersionName? {
        try await spec(of: rollout, at: commit)?.version
    }

    /// The router at which a run began; `nil` when its first record, or what that read, is not there.
    package func router(of run: RunID, at tip: ObjectID) async throws -> RouterName? {
        guard let (record, _) = try await decision(run.firstDecision, of: run.rollout, at: tip),
            let inputs = ObjectID(hex: record.inputsCommit)
        else { return nil }
        return try await spec(of: run.rollout, at: inputs)?.router
    }

    private func spec(of rollout: RolloutName, at commit: ObjectID) async throws -> RolloutSpec? {
        let path = "rollouts/\(rollout)/rollout.yaml"
        guard let entry = try await repository.entry(at: path, in: commit) else { return nil }
        let bytes = try await repository.blob(entry.id, limitBytes: 1 << 20)
        guard case .rollout(let spec)? = parse(path, bytes, .file).content else {
            return nil
        }
        return spec
    }

    private func author(of commit: CommitInfo) async throws -> RunOrigin.OriginCommit {
        var key: PublicKey?
        var problem: String?
        let raw = try await repository.rawCommit(commit.id)
        do throws(InvalidIdentity) {
            key = try SignedCommit.signer(of: raw)
        } catch { problem = error.message }
        return RunOrigin.OriginCommit(
            id: commit.id.hex, key: key, problem: problem,
            claimed: Set([commit.author.email, commit.committer.email]).sorted())
    }
}
