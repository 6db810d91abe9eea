import ArgumentParser
import Evidence
import Foundation

struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference",
        abstract: "Freeze what features looked like in training, to keep with a version.",
        discussion: """
            Each column becomes bins with equal parts of the rows, and their counts: a few
            kilobytes from any number of rows, without any of the rows. Name the file in
            the version as spec.reference.features; it is compared with live traffic years
            later, when the training data may be gone.

            EXAMPLES
              gatewright stats reference training.csv \\
                --write rollouts/churn/references/2.4.0.json
              gatewright stats drift --reference rollouts/churn/references/2.4.0.json live.csv

            Exit codes: 0 written, 1 the file is not a table, 64 wrong arguments.
            """)

    @Argument(help: "The rows that the version was trained on, as CSV with a header.")
    var table: String

    @Option(help: "Where to write the reference.")
    var write: String

    @Option(help: "Only these columns, separated by commas.")
    var columns: String?

    @Option(help: "Bins of a number, 2 to 256.")
    var bins = 10

    func validate() throws {
        guard (2...FeatureReference.mostBins).contains(bins) else {
            throw ValidationError(
                "--bins is \(bins); expected 2 to \(FeatureReference.mostBins)")
        }
    }

    func run() throws {
        let wanted = columns?.split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        do {
            let read = try CSVTable(path: table, wanted: wanted)
            let reference = try ReferenceFile(read, bins: bins)
            try reference.write(to: write)
            let said = "\(write): \(reference.features.count) features of \(read.rows) rows\n"
            try FileHandle.standardOutput.write(contentsOf: Data(said.utf8))
        } catch let problem as CSVTable.Problem {
            try FileHandle.standardError.write(contentsOf: Data("error: \(problem)\n".utf8))
            throw ExitCode(1)
        }
    }
}
