import Foundation
import RolloutCore
import RolloutFiles

/// Approvals that people gave by the page, with a token of their own.
///
/// Weaker than a signature of theirs: the controller says that they said so, and signs that. A
/// policy takes them only where it names the channel `ui`. Kept on disk until their run is over.
struct PageApprovals {
    private let path: String
    private var byRollout: [RolloutName: [SeenApproval]] = [:]

    init(path: String) throws {
        self.path = path
        guard let data = FileManager.default.contents(atPath: path) else { return }
        byRollout = try CanonicalJSON.decode([RolloutName: [SeenApproval]].self, from: data)
    }

    func seen(_ rollout: RolloutName, run: RunID) -> [SeenApproval] {
        (byRollout[rollout] ?? []).filter { $0.approval.run == run }
    }

    /// - Throws: when the file cannot be written; then the approval is not taken.
    mutating func add(_ approval: SeenApproval, to rollout: RolloutName) throws {
        var changed = self
        // Those of earlier runs can never count again.
        changed.byRollout[rollout]?.removeAll { $0.approval.run != approval.approval.run }
        changed.byRollout[rollout, default: []].append(approval)
        let bytes = try CanonicalJSON.encode(changed.byRollout).pretty
        try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        self = changed
    }
}
