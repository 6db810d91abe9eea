package import RolloutCore

/// Something in a history that is not as a controller would have left it.
package struct AuditProblem: Codable, Sendable, Hashable, Comparable {
    package enum Code: String, Codable, Sendable, Hashable, CaseIterable {
        // Files and commits.
        case unsignedRecord = "unsigned-record"
        case foreignWriter = "foreign-writer"
        case alteredRecord = "altered-record"
        case removedRecord = "removed-record"
        case strayFile = "stray-file"
        case mixedCommit = "mixed-commit"
        case mergedRecords = "merged-records"
        case severalRecords = "several-records"
        case unreadableRecord = "unreadable-record"
        // The chain.
        case gap
        case brokenChain = "broken-chain"
        case duplicateDecision = "duplicate-decision"
        case foldDiffers = "fold-differs"
        case currentDiffers = "current-differs"
        case changeDiffers = "change-differs"
        case backDated = "back-dated"
        case confirmationDiffers = "confirmation-differs"
        // What was read.
        case inputsUnknown = "inputs-unknown"
        case requestDiffers = "request-differs"
        case windowsDiffer = "windows-differ"
        case capacityDiffers = "capacity-differs"
        case stopIgnored = "stop-ignored"
        case orderUnknown = "order-unknown"
        case conflictIgnored = "conflict-ignored"
        // What was decided.
        case replayDiffers = "replay-differs"
        // Who agreed.
        case approvalForged = "approval-forged"
        case approvalUnknown = "approval-unknown"
        case approvalReused = "approval-reused"
        case approvalLate = "approval-late"
        case signersDiffer = "signers-differ"
        case authorsDiffer = "authors-differ"
        case quorumMissing = "quorum-missing"
        // The end of the history.
        case tailDropped = "tail-dropped"
    }

    package let code: Code
    package let rollout: RolloutName?
    /// The decision; `nil` when it is about a commit as a whole.
    package let decision: Int?
    package let commit: String
    package let message: String

    package init(
        _ code: Code, _ rollout: RolloutName?, _ decision: Int?, commit: String, _ message: String
    ) {
        self.code = code
        self.rollout = rollout
        self.decision = decision
        self.commit = commit
        self.message = message
    }

    package static func < (left: Self, right: Self) -> Bool {
        let (first, second) = (left.rollout?.rawValue ?? "", right.rollout?.rawValue ?? "")
        if first != second { return first < second }
        if left.decision != right.decision { return (left.decision ?? 0) < (right.decision ?? 0) }
        if left.code != right.code { return left.code.rawValue < right.code.rawValue }
        return left.message < right.message
    }

    /// `compression-selector #42: …`
    package var description: String {
        let what = rollout.map { "\($0)" + (decision.map { " #\($0)" } ?? "") } ?? "history"
        return "\(what) (\(commit.prefix(7)), \(code.rawValue)): \(message)"
    }
}
