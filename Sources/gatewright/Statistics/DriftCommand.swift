import ArgumentParser
import Evidence
import Foundation

/// Two tables, column by column.
struct DriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Compare the columns of two CSV files: training against live, old against new.",
        discussion: """
            A column has drifted when its population stability index is more than the
            noise of so many rows explains, and at least 0.02. The chance of any false
            alarm in the report is --alpha. With --profile evidently the choice of tests,
            the bins and the thresholds are those of Evidently 0.7, which ignore the
            number of rows.

            Columns of numbers with at most 10 different whole values count as categories.

            With --reference, the bins that were frozen with a version (gatewright stats
            reference) take the place of the first file.

            EXAMPLES
              gatewright stats drift training.csv live.csv
              gatewright stats drift training.csv live.csv --columns size,entropy
              gatewright stats drift a.csv b.csv --profile evidently --output json
              gatewright stats drift --reference rollouts/churn/references/2.4.0.json live.csv

            Exit codes: 0 compared, 1 a file is not a table, 3 drift with --fail-on-drift,
            64 wrong arguments.
            """)

    @Argument(help: "The reference, such as the training data, and what is compared with it.")
    var files: [String]

    @Option(help: "A frozen reference, in place of the first file.")
    var reference: String?

    @Option(help: "gatewright or evidently.")
    var profile: DriftProfile = .gatewright

    @Option(help: "Only these columns, separated by commas.")
    var columns: String?

    @Option(help: "The probability of any false alarm in the report, 0 to 0.5.")
    var alpha: Double = 0.05

    @Flag(help: "Exit with 3 when a column has drifted.")
    var failOnDrift = false

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func validate() throws {
        guard alpha > 0, alpha <= 0.5 else {
            throw ValidationError("--alpha is \(alpha); expected more than 0 and at most 0.5")
        }
        guard files.count == (reference == nil ? 2 : 1) else {
            throw ValidationError("give two files, or --reference and one")
        }
        guard reference == nil || profile == .gatewright else {
            throw ValidationError("--profile evidently needs the rows of both files")
        }
    }

    func run() async throws {
        let wanted = columns?.split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        let report: DriftReport
        do throws(CSVTable.Problem) {
            if let reference {
                report = try ReferenceFile(path: reference).report(
                    on: CSVTable(path: files[0], wanted: nil), wanted: wanted, alpha: alpha)
            } else {
                report = try Self.report(
                    files[0], files[1], wanted: wanted, profile: profile.value, alpha: alpha)
            }
        } catch {
            try FileHandle.standardError.write(contentsOf: Data("error: \(error)\n".utf8))
            throw ExitCode(1)
        }
        try FileHandle.standardOutput.write(contentsOf: text(of: report))
        if failOnDrift, !report.drifted.isEmpty { throw ExitCode(3) }
    }

    private func text(of report: DriftReport) throws -> Data {
        guard output == .json else { return Data(DriftTable.text(report).utf8) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(report) + Data("\n".utf8)
    }

    /// Reads both tables and judges the columns that both have, on all cores.
    static func report(
        _ reference: String, _ current: String, wanted: [String]?, profile: DriftReport.Profile,
        alpha: Double
    ) throws(CSVTable.Problem) -> DriftReport {
        let first = try CSVTable(path: reference, wanted: wanted)
        let second = try CSVTable(path: current, wanted: wanted)
        let others = Dictionary(uniqueKeysWithValues: second.columns.map { ($0.name, $0) })
        var pairs: [(CSVTable.Column, CSVTable.Column)] = []
        for column in first.columns {
            guard let other = others[column.name] else {
                throw CSVTable.Problem(
                    path: current, line: 1, column: column.name,
                    found: "not in the header, but in that of \(reference); name what both have "
                        + "with --columns")
            }
            pairs.append((column, other))
        }
        let judged = pairs
        let share = alpha / Double(max(judged.count, 1))
        let columns = Parallel.map(judged.count) { index in
            DriftReport.judge(
                input(judged[index].0, judged[index].1), profile: profile, alpha: share)
        }
        return DriftReport(profile: profile, alpha: alpha, columns: columns)
    }

    /// Numbers on both sides stay numbers, unless they are a few whole ones.
    private static func input(
        _ first: CSVTable.Column, _ second: CSVTable.Column
    ) -> DriftReport.Input {
        var column: DriftColumn?
        if case .numbers(let left, let leftWhole) = first.values,
            case .numbers(let right, let rightWhole) = second.values
        {
            let (reference, current) = (SortedSample(left), SortedSample(right))
            column =
                leftWhole && rightWhole && current.distinct(upTo: 11) <= 10
                ? .categorical(CategoryCounts(reference, current))
                : .numeric(reference, current, integers: leftWhole && rightWhole)
        }
        return DriftReport.Input(
            name: first.name,
            column: column
                ?? .categorical(CategoryCounts(reference: first.tally, current: second.tally)),
            referenceMissing: first.missing, currentMissing: second.missing)
    }
}

/// `--profile`.
enum DriftProfile: String, ExpressibleByArgument, CaseIterable {
    case gatewright, evidently

    var value: DriftReport.Profile { self == .evidently ? .evidently : .gatewright }
}
