import ArgumentParser
import Foundation
import Git
import Ledger
import RolloutCore
import RolloutFiles

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Tell what will happen when a change is merged.",
        discussion: """
            For every rollout that the change touches: how the version fares at the offline
            gates, the stages with their shares, the samples and the time that each needs,
            the windows that will block and when they open, who must approve, what cannot
            be seen at this traffic, and which promises the change loosens.

            Samples and times are medians of made-up candidates as good as stable, driven
            through the same judge as the real ones. What stable does and how much traffic
            there is come from the newest records in git; --rate and --baseline say it
            instead.

            EXAMPLES
              gatewright plan main..HEAD
              gatewright plan origin/main..HEAD --rate 1200 --output json
              gatewright plan main..HEAD --post github --repository-name org/repo --pull 17

            Exit codes: 0 it would be taken, 1 it would not (errors, or refused offline),
            64 wrong arguments.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case markdown, json }

    @Argument(help: "BASE..HEAD: two branches, tags or commits.")
    var range: String

    @Option(help: "The clone.")
    var repository: String = "."

    @Option(help: "Requests a second, of both versions in all regions; learnt if not given.")
    var rate: Double?

    @Option(help: "What stable does: accuracy=97%; may be given again.")
    var baseline: [BaselineOption] = []

    @Option(help: "Made-up candidates.")
    var runs = 24

    @Option(help: "How many times faster soaking goes than time does; 1 but in demonstrations.")
    var timeScale: Int64 = 1

    @Option(help: "markdown or json.")
    var output: Format = .markdown

    @OptionGroup var post: PostArguments

    func validate() throws {
        guard range.components(separatedBy: "..").count == 2, !range.contains("...") else {
            throw ValidationError("expected BASE..HEAD, found \(range)")
        }
        guard (1...10_000).contains(runs), timeScale >= 1 else {
            throw ValidationError("--runs is 1 to 10,000 and --time-scale at least 1")
        }
    }

    func run() async throws {
        let ends = range.components(separatedBy: "..").map { $0.isEmpty ? "HEAD" : $0 }
        let change = try await ProposedChange(
            repository: repository, base: ends[0], head: ends[1])
        var plans: [RolloutPlan] = []
        for proposal in change.proposals {
            plans.append(
                try await RolloutPlan(
                    proposal, rate: rate, baseline: baseline, runs: runs, timeScale: timeScale,
                    now: WallClock.now()))
        }
        let answer = PlanAnswer(
            base: change.base.hex, head: change.head.hex, rollouts: plans,
            policies: change.policyEffects, problems: change.problems)
        switch output {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            try FileHandle.standardOutput.write(
                contentsOf: try encoder.encode(answer) + Data("\n".utf8))
        case .markdown: print(answer.markdown)
        }
        try await post.send(answer)
        if answer.isRefused { throw ExitCode(1) }
    }
}
