import ArgumentParser
import Foundation
import Git
import Ledger
import RolloutCore
import RolloutFiles

/// What two commits differ in, as far as rollouts are concerned.
struct ProposedChange {
    let base: ObjectID
    let head: ObjectID
    private(set) var proposals: [Proposal] = []
    /// Policies that the change edits, with the rollouts that name them.
    private(set) var policyEffects: [PolicyEffect] = []
    /// Errors in the files of the change.
    private(set) var problems: [Diagnostic] = []

    /// One rollout before and after.
    struct Proposal {
        let name: RolloutName
        let before: CheckedRollout?
        let after: CheckedRollout
        let groups: Groups
        let ask: Ask?
        let baseTerms: ApprovalTerms?
        let state: RolloutState
        /// The newest record of the rollout, which tells of its traffic.
        let records: [DecisionRecord]
        let stop: StopOrder?
        let authors: [String]
        /// Who else of its conflict group is on its way.
        let rival: Rival?
    }

    struct PolicyEffect: Encodable {
        let path: String
        let rollouts: [RolloutName]
    }

    init(repository path: String, base: String, head: String) async throws {
        let repository: GitRepository
        do { repository = try GitRepository(opening: path) } catch {
            throw ValidationError("\(error)")
        }
        self.base = try Self.commit(base, path)
        self.head = try Self.commit(head, path)
        let ledger = try Ledger(
            repository: repository, remote: nil, branch: "main",
            worker: RemoteWorker(executable: Executable.path),
            author: CommitAuthor(name: "gatewright", email: "gatewright@localhost"),
            writer: RecordWriter(name: "reader", software: Build.software))
        let files = CommittedFiles(repository)
        let trees = (
            try await repository.commitInfo(self.base).tree,
            try await repository.commitInfo(self.head).tree
        )
        var names: Set<RolloutName> = []
        for path in try await repository.changedPaths(
            from: trees.0, to: trees.1, under: "rollouts")
        { if let name = path.text.flatMap({ ProjectFiles.rollout(of: $0) }) { names.insert(name) } }
        try await findPolicyEffects(repository, trees, files, &names)
        let policies = try await files.policies(at: self.head)
        problems += policies.checked.diagnostics
        var stop: StopOrder?
        if case .ordered(let order) = policies.checked.stop { stop = order }
        for name in names.sorted() {
            guard let after = try await files.rollout(name, at: self.head) else { continue }
            problems += after.checked.diagnostics
            let before = try await files.rollout(name, at: self.base)
            let state = try await ledger.currentState(of: name, at: self.base).state
            let groups = policies.checked.groups
            var ask: Ask?
            if case .asked(let found) = after.request { ask = found }
            var rival: Rival?
            if let group = ask?.conflictGroup {
                rival = try await ledger.rival(in: group, besides: name, at: self.base)
            }
            var baseTerms: ApprovalTerms?
            if case .asked(let found)? = before?.request { baseTerms = found.approvals }
            proposals.append(
                Proposal(
                    name: name, before: before?.checked, after: after.checked, groups: groups,
                    ask: ask, baseTerms: baseTerms, state: state,
                    records: try await ledger.decisions(of: name, at: self.base).map(\.record)
                        .suffix(200), stop: stop,
                    authors: try await Self.authors(repository, name, self.base, self.head),
                    rival: rival))
        }
        problems = Array(Set(problems)).sorted()
    }

    /// Policies reach further than the rollout whose pull request edits them.
    private mutating func findPolicyEffects(
        _ repository: GitRepository, _ trees: (ObjectID, ObjectID), _ files: CommittedFiles,
        _ names: inout Set<RolloutName>
    ) async throws {
        let paths = try await repository.changedPaths(
            from: trees.0, to: trees.1, under: "policies"
        ).compactMap(\.text)
        guard !paths.isEmpty,
            let folder = try await repository.entry(at: "rollouts", inTree: trees.1)
        else { return }
        var users: [String: [RolloutName]] = [:]
        for entry in try await repository.tree(folder.id) {
            guard let name = entry.name.text.flatMap({ try? RolloutName($0) }),
                let rollout = try await files.rollout(name, at: head)
            else { continue }
            for path in paths where rollout.checked.uses(path) {
                users[path, default: []].append(name)
                names.insert(name)
            }
        }
        policyEffects = paths.map { PolicyEffect(path: $0, rollouts: users[$0] ?? []) }
    }

    private static func commit(_ text: String, _ path: String) throws -> ObjectID {
        // The git program knows every way to name a commit; the name is an argument of ours, never
        // of the repository's.
        guard !text.hasPrefix("-"),
            let hex = try? GitProgram.user.output([
                "-C", path, "rev-parse", "--verify", "--quiet", "--end-of-options",
                "\(text)^{commit}",
            ]), let id = ObjectID(hex: hex.trimmingCharacters(in: .whitespacesAndNewlines))
        else { throw ValidationError("\(path) knows no commit \(text)") }
        return id
    }

    /// Who the commits of the change say wrote it.
    private static func authors(
        _ repository: GitRepository, _ name: RolloutName, _ base: ObjectID, _ head: ObjectID
    ) async throws -> [String] {
        let commits = try await repository.history(
            from: head, hiding: base, touching: "rollouts/\(name)", limit: 200)
        return Set(commits.map(\.author.email)).sorted()
    }
}

extension CheckedRollout {
    /// Whether a policy's file bears upon this rollout.
    fileprivate func uses(_ path: String) -> Bool {
        guard let spec else { return false }
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count == 3 else { return true }
        let name = String(parts[2].dropLast(".yaml".count))
        if parts[1] == "admission", name == AdmissionPolicy.mandatory { return true }
        let names: [PolicyName]
        switch parts[1] {
        case "guardrails": names = spec.guardrails
        case "admission": names = spec.admission
        case "windows": names = spec.windows
        case "approvals": names = spec.approvals.map { [$0] } ?? []
        default: return false
        }
        return names.contains { $0.rawValue == name }
    }
}
