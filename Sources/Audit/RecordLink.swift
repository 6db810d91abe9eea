import RolloutCore

/// What one commit adds to a chain: enough to join it to its neighbours, whoever read it.
struct RecordLink: Sendable {
    let commit: String
    let rollout: RolloutName
    let number: Int
    let id: String
    let kind: String
    let at: Timestamp
    let previous: Digest?
    /// SHA-256 of the record's file.
    let head: Digest
    /// SHA-256 of the state that the decision was made on.
    let before: Digest
    let after: Digest
    /// Whether the record was put onto a state that others had changed meanwhile.
    let isRebased: Bool
    let confirms: (decision: Int, acknowledgedAt: Timestamp, appliedAt: Timestamp?)?
    let usedApprovals: [Digest]
}

/// What came of looking at one commit by itself.
struct CommitFinding: Sendable {
    var link: RecordLink?
    var problems: [AuditProblem] = []
    var signatures = 0
}
