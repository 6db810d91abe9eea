import ArgumentParser
import Foundation
import Git
import Ledger
import RolloutFiles

struct AcceptHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept-history",
        abstract: "Believe a branch that was rewritten, after having looked at it.",
        discussion: """
            A controller whose branch no longer contains what it saw before raises
            nothing. If the new history is the right one, stop the controller, run
            this, and start it again. What routers serve above the new records is
            lowered at once. Keys that were taken back in what is given up have to be
            taken back in the new history first.

            EXAMPLES
              gatewright accept-history --data-directory .gatewright --branch main
            """)

    @Option(help: "The controller's data directory.")
    var dataDirectory: String = ".gatewright"

    @Option(help: "The branch that is served.")
    var branch: String = "main"

    func run() async throws {
        let repository = try GitRepository(opening: "\(dataDirectory)/repository.git")
        let moved = try await Ledger.acceptHistory(in: repository)
        print(
            moved.map { "\($0.from.short) is given up, \($0.to.short) is believed" }
                ?? "nothing was rewritten")
    }
}
