import ArgumentParser
import Foundation
import Ledger
import RolloutCore

/// Writes a history of any length, for `audit verify` to be timed on.
struct AuditBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Write a long history that an audit finds clean.",
        shouldDisplay: false)

    @Argument(help: "A new folder for the bare repository; a RAM disk spares the disk.")
    var repository: String

    @Option(help: "Decisions.")
    var decisions: Int = 100_000

    @Option(help: "Rollouts that they belong to.")
    var rollouts: Int = 500

    func run() async throws {
        let writer = try await HistoryWriter(repository: repository, rollouts: rollouts)
        try await writer.write(decisions)
    }
}
