import ArgumentParser

/// The engine's methods by hand: for numbers from a notebook, a mail or an incident.
struct StatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Calculate with the evidence engine, check it, and measure how often it errs.",
        subcommands: [
            ProportionCommand.self, CompareCommand.self, QuantileCommand.self,
            SampleSizeCommand.self, SplitCommand.self, DriftCommand.self, ReferenceCommand.self,
            StatsCheckCommand.self,
            StatsBenchCommand.self, EndToEndCommand.self, ChaosCommand.self,
        ])
}
