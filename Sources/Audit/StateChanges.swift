import Git
import Ledger
import RolloutCore

/// What one commit did below `state/`. A controller adds one record and rewrites one
/// `current.json`, and touches nothing else.
struct StateChanges {
    private(set) var rollout: RolloutName?
    private(set) var number: Int?
    /// The path of the record that was added.
    private(set) var record: String?
    private(set) var problems: [(AuditProblem.Code, String)] = []

    /// `nil` when the commit left `state/` as it was in one of its parents.
    init?(_ commit: CommitInfo, _ repository: GitRepository) async throws {
        let now = try await repository.entry(at: "state", inTree: commit.tree)
        var before: ObjectID?
        for (index, parent) in commit.parents.enumerated() {
            let tree = try await repository.commitInfo(parent).tree
            if try await repository.entry(at: "state", inTree: tree) == now { return nil }
            if index == 0 { before = tree }
        }
        if commit.parents.isEmpty, now == nil { return nil }
        var records: [String] = []
        for path in try await repository.changedPaths(from: before, to: commit.tree) {
            let text = path.text ?? "\(path)"
            guard text.hasPrefix("state/") else {
                problems.append((.mixedCommit, "it also changed \(text)"))
                continue
            }
            let old: TreeEntry? =
                if let before { try await repository.entry(at: text, inTree: before) } else { nil }
            let new = try await repository.entry(at: text, inTree: commit.tree)
            classify(text, old: old, new: new, &records)
        }
        if records.count > 1 {
            problems.append((.severalRecords, "\(records.count) records came in one commit"))
        }
        record = records.count == 1 ? records.first : nil
        if records.isEmpty, problems.isEmpty {
            problems.append((.alteredRecord, "current.json changed without a decision"))
        }
    }

    private mutating func classify(
        _ path: String, old: TreeEntry?, new: TreeEntry?, _ records: inout [String]
    ) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, let name = try? RolloutName(String(parts[1])) else {
            problems.append((.strayFile, "\(path) is no record"))
            return
        }
        if rollout == nil { rollout = name }
        if parts.count == 3, parts[2] == "current.json" {
            if new == nil { problems.append((.removedRecord, "\(path) was removed")) }
            return
        }
        guard parts.count == 4, parts[2] == "decisions",
            let number = RecordFile.number(ofFile: String(parts[3]))
        else {
            problems.append((.strayFile, "\(path) is no record"))
            return
        }
        self.rollout = name
        self.number = number
        switch (old, new) {
        case (nil, .some): records.append(path)
        case (.some, nil): problems.append((.removedRecord, "\(path) was removed"))
        default: problems.append((.alteredRecord, "\(path) was changed after it was written"))
        }
    }
}
