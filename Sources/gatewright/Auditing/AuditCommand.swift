import ArgumentParser
import Git
import Ledger
import RolloutCore

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Check and explain what controllers recorded, offline, from a clone alone.",
        discussion: """
            EXAMPLES
              gatewright audit verify
              gatewright audit population --from 2026-10-01 --to 2026-12-31 --csv
              gatewright audit explain compression-selector 42
              gatewright audit replay compression-selector
              gatewright audit serving-at 2026-11-20T14:00:00Z --region eu-west
              gatewright audit timestamp --url http://timestamp.example.org
              gatewright audit timestamps --ca roots.pem
            """,
        subcommands: [
            AuditVerifyCommand.self, AuditPopulationCommand.self, AuditExplainCommand.self,
            AuditReplayCommand.self, AuditServingCommand.self, AuditTimestampCommand.self,
            AuditTimestampsCommand.self,
        ])
}

/// The clone that is audited.
struct AuditedClone: ParsableArguments {
    @Option(help: "The clone.")
    var repository: String = "."

    @Option(help: "The branch that holds state/.")
    var branch: String = "main"

    func open() async throws -> RecordedRepository {
        try await RecordedRepository(path: repository, branch: branch)
    }
}

extension RecordedRepository {
    /// All decisions of one rollout or of all, in the order of their times.
    func population(_ rollout: RolloutName? = nil) async throws -> [(DecisionRecord, Digest)] {
        var found: [(DecisionRecord, Digest)] = []
        for name in try await rolloutsWithRecords() where rollout == nil || rollout == name {
            found += try await ledger.decisions(of: name, at: tip)
        }
        return found.sorted { left, right in
            left.0.at != right.0.at
                ? left.0.at < right.0.at
                : (left.0.rollout, left.0.number) < (right.0.rollout, right.0.number)
        }
    }

    func rolloutsWithRecords() async throws -> [RolloutName] {
        guard let state = try await repository.entry(at: "state", in: tip) else { return [] }
        return try await repository.tree(state.id).compactMap { entry in
            entry.kind == .directory ? entry.name.text.flatMap { try? RolloutName($0) } : nil
        }.sorted()
    }
}
