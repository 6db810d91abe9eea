package import Git
package import Identity
import RolloutCore

/// Walks a history from its beginning and checks every record: chain, signatures, inputs, replay,
/// approvals. Memory does not grow with the number of decisions, but for an id a commit.
package struct HistoryAudit: Sendable {
    package struct Options: Sendable {
        /// Keys that controllers sign with, from elsewhere; else `policies/signers` says.
        package var pinned: Set<PublicKey> = []
        /// Commits that must be part of the history: tips seen earlier, or stamped by others.
        package var anchors: [String] = []
        package var workers = 2
        /// Told now and then: commits looked at, and all.
        package var progress: @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }

        package init() {}
    }

    package struct Report: Codable, Sendable, Hashable {
        package var tip: String
        package var commits = 0
        package var decisions = 0
        package var rollouts = 0
        package var approvals = 0
        package var signatures = 0
        package var problems: [AuditProblem] = []

        package var isClean: Bool { problems.isEmpty }
    }

    private let path: String
    private let worker: RemoteWorker
    private let options: Options

    /// Commits that are looked at at once before their results are joined.
    private static let batch = 256
    /// Problems that are kept; a history with more is not mended by hand.
    private static let problemsMax = 10_000

    package init(path: String, worker: RemoteWorker, options: Options = Options()) {
        self.path = path
        self.worker = worker
        self.options = options
    }

    package func run(tip: ObjectID) async throws -> Report {
        let repository = try GitRepository(opening: path)
        let commits = try await repository.ancestry(of: tip)
        let looks = try (0..<max(options.workers, 1)).map { _ in
            try CommitAudit(path: path, pinned: options.pinned, worker: worker)
        }
        var report = Report(tip: tip.hex)
        report.commits = commits.count
        var chains = Chains()
        var start = 0
        while start < commits.count {
            let batch = Array(commits[start..<min(start + Self.batch, commits.count)])
            for finding in try await look(batch, looks) {
                report.signatures += finding.signatures
                report.problems += finding.problems
                if let link = finding.link {
                    report.decisions += 1
                    report.approvals += link.usedApprovals.count
                    report.problems += chains.join(link)
                }
            }
            start += batch.count
            if report.problems.count > Self.problemsMax {
                report.problems.removeLast(report.problems.count - Self.problemsMax)
            }
            options.progress(start, commits.count)
        }
        report.rollouts = chains.count
        report.problems += try await anchorProblems(repository, tip)
        report.problems.sort()
        return report
    }

    /// Spreads a batch over the workers; results come back in the order of the commits.
    private func look(
        _ batch: [ObjectID], _ looks: [CommitAudit]
    ) async throws -> [CommitFinding] {
        try await withThrowingTaskGroup(of: [(Int, CommitFinding)].self) { group in
            for (index, look) in looks.enumerated() {
                group.addTask {
                    var found: [(Int, CommitFinding)] = []
                    for place in stride(from: index, to: batch.count, by: looks.count) {
                        found.append((place, try await look.look(batch[place])))
                    }
                    return found
                }
            }
            var all: [(Int, CommitFinding)] = []
            for try await part in group { all += part }
            return all.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// A history that was cut off at its end is sound in itself: only what others remember of it
    /// tells.
    private func anchorProblems(
        _ repository: GitRepository, _ tip: ObjectID
    ) async throws -> [AuditProblem] {
        var problems: [AuditProblem] = []
        for anchor in options.anchors {
            guard let id = ObjectID(hex: anchor),
                (try? await repository.isDescendant(tip, of: id)) ?? false
            else {
                problems.append(
                    AuditProblem(
                        .tailDropped, nil, nil, commit: tip.hex,
                        "\(anchor.prefix(12)) was part of this history once and is not any more: "
                            + "its end was cut off, or it was rewritten"))
                continue
            }
        }
        return problems
    }
}

/// Joins records to their chains, one chain a rollout.
private struct Chains {
    private struct Chain {
        var number: Int
        var head: Digest
        var after: Digest
        var at: Timestamp
    }

    private var chains: [RolloutName: Chain] = [:]
    private var used: [Digest: Int] = [:]

    var count: Int { chains.count }

    mutating func join(_ link: RecordLink) -> [AuditProblem] {
        var problems: [AuditProblem] = []
        func note(_ code: AuditProblem.Code, _ message: String) {
            problems.append(
                AuditProblem(code, link.rollout, link.number, commit: link.commit, message))
        }
        let before = chains[link.rollout]
        let expected = (before?.number ?? 0) + 1
        if link.number != expected {
            note(.gap, "decision \(link.number) was found where \(expected) was expected")
        }
        if link.previous != before?.head {
            note(.brokenChain, "it does not follow the decision before it")
        } else if !link.isRebased, let before, link.before != before.after {
            note(.brokenChain, "it was made on a state that the decision before it did not leave")
        }
        if let before, link.at < before.at {
            note(.backDated, "\(link.at) is before the decision before it, \(before.at)")
        }
        if let confirms = link.confirms, let before {
            let isOrdered =
                confirms.decision == before.number && confirms.acknowledgedAt >= before.at
                && confirms.acknowledgedAt <= link.at
                && (confirms.appliedAt.map { $0 <= link.at } ?? true)
            if !isOrdered {
                note(.confirmationDiffers, "what it tells of the decision before cannot be")
            }
        }
        for payload in link.usedApprovals {
            if let other = used.updateValue(link.number, forKey: payload) {
                note(.approvalReused, "it uses an approval that decision \(other) had used up")
            }
        }
        chains[link.rollout] = Chain(
            number: link.number, head: link.head, after: link.after,
            at: max(link.at, before?.at ?? link.at))
        return problems
    }
}
