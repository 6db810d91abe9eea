import Foundation
import Git
import Ledger
import RolloutCore
import RolloutFiles

/// A bare remote as an auditor sees it, who reads its repository without asking any controller.
final class BareRemote: Sendable {
    let path: String
    let repository: GitRepository
    private let branch: ReferenceName

    init(path: String) throws {
        self.path = path
        try GitProgram.demo.run(["init", "--quiet", "--bare", "--initial-branch=main", path])
        repository = try GitRepository(opening: path)
        branch = try .branch("main")
    }

    func tip() async throws -> ObjectID? { try await repository.resolve(branch) }

    /// Commits as a person's merged pull request does; `nil` removes a file.
    func commit(_ files: [String: String?], by name: String = "Ana") async throws {
        let changes = files.mapValues { text in text.map { Array($0.utf8) } }
        let author = try CommitAuthor(name: name, email: "\(name.lowercased())@example.org")
        // A controller may push at the same time.
        for attempt in 1... {
            do {
                let tip = try await tip()
                let now = Int64(Date().timeIntervalSince1970.rounded()) * 1_000
                _ = try await repository.commit(
                    onto: tip, changes: changes, message: "as \(name) wants it\n", author: author,
                    at: now, updating: branch, expecting: tip)
                return
            } catch let error as GitError {
                if attempt == 50 { throw error }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    /// What the newest record of a rollout says; a fresh state before the first.
    func state(of rollout: String) async throws -> RolloutState {
        let name = try RolloutName(rollout)
        guard let tip = try await tip(), let current = try await current(of: name, at: tip) else {
            return RolloutState(name: name)
        }
        return current.state
    }

    /// As it stands in its file: nothing is checked.
    func current(of rollout: RolloutName, at tip: ObjectID) async throws -> CurrentState? {
        guard let entry = try await repository.entry(at: RecordFile.current(rollout), in: tip)
        else { return nil }
        let bytes = try await repository.blob(entry.id, limitBytes: 1 << 22)
        return try CanonicalJSON.decode(CurrentState.self, from: bytes)
    }

    func records(of rollout: String) async throws -> [DecisionRecord] {
        guard let tip = try await tip() else { return [] }
        return try await ledger().decisions(of: RolloutName(rollout), at: tip).map(\.record)
    }

    func ledger() throws -> Ledger {
        try Ledger(
            repository: repository, remote: nil, branch: "main",
            worker: RemoteWorker(executable: Executable.path),
            author: CommitAuthor(name: "auditor", email: "auditor@example.org"),
            writer: RecordWriter(name: "auditor", software: Build.software))
    }

    /// Everything that is wrong with what was left behind: the chain, its fold, the objects, and
    /// that each decision has one commit and one id of its own (invariants 6, 8, 11).
    func problems(of rollouts: [String]) async throws -> [String] {
        guard let tip = try await tip() else { return ["the branch is gone"] }
        var problems: [String] = []
        var decisions = 0
        for rollout in rollouts {
            problems += try await ledger().verify(RolloutName(rollout), at: tip)
            let records = try await records(of: rollout)
            decisions += records.count
            if Set(records.map(\.id)).count != records.count {
                problems.append("\(rollout) has a record twice")
            }
            if records.map(\.number) != Array(1..<(records.count + 1)) {
                problems.append("\(rollout) has gaps: \(records.map(\.number))")
            }
        }
        let commits = try GitProgram.demo.output([
            "-C", path, "rev-list", "--count", "main", "--", "state",
        ]).trimmingCharacters(in: .whitespacesAndNewlines)
        if commits != "\(decisions)" {
            problems.append("\(commits) commits touch state/, and there are \(decisions) decisions")
        }
        do { try GitProgram.demo.run(["-C", path, "fsck", "--strict"]) } catch {
            problems.append("\(error)")
        }
        return problems
    }
}
