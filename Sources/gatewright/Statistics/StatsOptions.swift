import ArgumentParser
import Foundation

/// What every calculator is told beside its numbers.
struct StatsOptions: ParsableArguments {
    @Option(help: "The chance of a wrong verdict, over all looks: 5%, 0.01.")
    var alpha: Fraction?

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func level(_ standard: Double = 0.05) throws -> Double {
        guard let alpha else { return standard }
        guard alpha.value > 0, alpha.value <= 0.5 else {
            throw ValidationError(
                "--alpha is \(percentage(alpha.value)); expected more than 0 and at most 50 %")
        }
        return alpha.value
    }

    /// Writes an answer in the form that was asked for.
    func write(_ answer: some StatsSpoken) throws { try Self.write(answer, as: output) }

    static func write(_ answer: some StatsSpoken, as output: OutputFormat) throws {
        guard output == .json else {
            try FileHandle.standardOutput.write(contentsOf: Data(answer.text.utf8))
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try FileHandle.standardOutput.write(
            contentsOf: try encoder.encode(answer) + Data("\n".utf8))
    }
}

/// The same facts for people and for programs.
protocol StatsSpoken: Encodable {
    var text: String { get }
}
