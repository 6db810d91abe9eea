import ArgumentParser
import Foundation

/// What `Benchmarks/run` cannot measure from outside. It prints raw numbers; the script judges.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this program on repositories made for it.",
        shouldDisplay: false, subcommands: [PassBenchCommand.self, AuditBenchCommand.self],
        defaultSubcommand: PassBenchCommand.self)
}

struct PassBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passes", abstract: "Measure passes over a repository, in this process.",
        shouldDisplay: false)

    @Option(help: "A repository whose rollouts have been bootstrapped. It is committed to.")
    var repository: String

    @Option(help: "A new folder for SQLite.")
    var dataDirectory: String

    @Option(help: "How often one file is changed.")
    var repetitions: Int = 20

    @Option(help: "How long an idle controller is watched.")
    var idleSeconds: Int = 12

    func run() async throws {
        let benchmark = try PassBenchmark(repository: repository, dataDirectory: dataDirectory)
        let numbers = try await benchmark.run(repetitions, idle: .seconds(idleSeconds))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try FileHandle.standardOutput.write(contentsOf: encoder.encode(numbers) + Data("\n".utf8))
    }
}
