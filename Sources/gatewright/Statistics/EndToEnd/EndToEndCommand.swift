import ArgumentParser
import Foundation
import ReferenceFleet

struct EndToEndCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "end-to-end",
        abstract:
            "Count false rollbacks and found regressions of a whole controller, on real traffic.",
        discussion: """
            A git remote, a controller with its gateway, a model server and callers, all on
            this machine. Each rollout has its own callers and policy, which declares that a
            healthy candidate is rolled back with at most 5 %.

            Healthy candidates are the same model under another version: their rollbacks are
            counted. Regressed ones are worse by a known amount: each has to be found. The
            decisions are then read from git again.

            EXAMPLES
              gatewright stats end-to-end
              gatewright stats end-to-end --only a-a --rollouts 50
              gatewright stats end-to-end --only accuracy-1 --repetitions 10 --output json

            Exit codes: 0 as promised, 1 too many rollbacks or a regression missed, 64 wrong
            arguments.
            """)

    @Option(help: "Rollouts of each healthy scenario.")
    var rollouts = 200

    @Option(help: "Rollouts of each regression.")
    var repetitions = 5

    @Option(help: "A scenario to run; may be given again. All of them if not given.")
    var only: [String] = []

    @Option(help: "Requests a second, all rollouts together.")
    var rate = 1_500.0

    @Option(help: "Rollouts that have traffic at once.")
    var parallel = 40

    @Option(help: "Payloads that are really compressed in every way before the first request.")
    var payloads = 1_000

    @Option(help: "The seed of the traffic.")
    var seed: UInt64 = 1

    @Option(help: "The project whose compression-selector is served.")
    var source = "."

    @Option(help: "Where everything is kept; a new temporary folder by default.")
    var directory: String?

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    private var artifact: String { "\(source)/rollouts/compression-selector/artifacts/2.4.0.json" }

    func validate() throws {
        let known = TrialScenario.all.map(\.name)
        for name in only where !known.contains(name) {
            throw ValidationError(
                "there is no scenario '\(name)'; choose from \(known.joined(separator: ", "))")
        }
        guard (1...2_000).contains(rollouts), (1...2_000).contains(repetitions) else {
            throw ValidationError("--rollouts and --repetitions are 1 to 2,000")
        }
        guard (1...100_000).contains(rate), (1...1_000).contains(parallel) else {
            throw ValidationError("--rate is 1 to 100,000 and --parallel 1 to 1,000")
        }
        guard FileManager.default.fileExists(atPath: artifact) else {
            throw ValidationError(
                "there is no file \(artifact); run this in the project's folder, or give --source")
        }
    }

    func run() async throws {
        let folder =
            directory
            ?? FileManager.default.temporaryDirectory
            .appending(path: "gatewright-trials-\(WallClock.monotonic())").path
        let trials = TrialScenario.all.filter { only.isEmpty || only.contains($0.name) }
            .flatMap { scenario in
                let count =
                    scenario.truth == .healthy
                    ? max(Int(Double(rollouts) * scenario.part), 1) : repetitions
                return (1...count).map { TrialWorld.Trial(scenario: scenario, index: $0) }
            }
        let director = TrialDirector(
            world: try TrialWorld(directory: folder, trials: trials),
            pool: try await TransferPool.measure(seed: seed, count: payloads), rate: rate,
            parallel: parallel, seed: seed
        ) { line in try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8)) }
        let report = try await director.run(artifact: artifact)
        try StatsOptions.write(report, as: output)
        if directory == nil, report.isAsPromised {
            try? FileManager.default.removeItem(atPath: folder)
        }
        guard report.isAsPromised else { throw ExitCode(1) }
    }
}
