import ArgumentParser
import Evidence
import Foundation
import RolloutCore

/// A quantile against a limit, as a count of what exceeds it.
struct QuantileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantile",
        abstract: "Is p99 within its limit?",
        discussion: """
            "p99 at most 300 ms" says that at most 1 % take longer than 300 ms, so the
            count of those decides. Give that count, or a file with one number per line,
            from which the quantile and its interval are computed too.

            EXAMPLES
              gatewright stats quantile --above 41 --of 3000 --quantile p99 --at-most 300ms
              gatewright stats quantile latencies.txt --quantile p95 --at-most 120ms

            Exit codes: 0 answered, 1 the file is not one of numbers, 64 wrong arguments.
            """)

    @Argument(help: "A file with one measurement per line, in the unit of --at-most.")
    var file: String?

    @Option(help: "How many were above the limit.")
    var above: Int?

    @Option(help: "How many there were.")
    var of: Int?

    @Option(help: "Which quantile: p99, 99%, 0.99.")
    var quantile: QuantileLevel

    @Option(help: "The limit: 300ms, 0.3.")
    var atMost: Quantity

    @OptionGroup var options: StatsOptions

    func validate() throws {
        switch (file, above, of) {
        case (.some, nil, nil): _ = try options.level()
        case (nil, let above?, let of?):
            guard of > 0, (0...of).contains(above) else {
                throw ValidationError("\(above) of \(of): expected 0 to as many as there were")
            }
            _ = try answer(nil)
        default: throw ValidationError("give a file, or --above and --of")
        }
    }

    func run() throws {
        let values: [Double]?
        do throws(MeasurementFile.Problem) {
            if let file { values = try MeasurementFile.sorted(file) } else { values = nil }
        } catch {
            try FileHandle.standardError.write(contentsOf: Data("error: \(error)\n".utf8))
            throw ExitCode(1)
        }
        try options.write(try answer(values))
    }

    /// - Parameter sorted: the measurements of the file, if one was given.
    func answer(_ sorted: [Double]?) throws -> StatsAnswer {
        let alpha = try options.level()
        let trials = sorted?.count ?? of ?? 0
        let exceeding = sorted.map { $0.count { $0 > atMost.value } } ?? above ?? 0
        var process = try ProportionProcess(limit: 1 - quantile.value)
        try process.observe(trials: trials, failures: exceeding)
        let limit = atMost.words(atMost.value)
        let bound = "\(quantile.words) ≤ \(limit)"
        let what =
            "\(grouped(exceeding)) of \(grouped(trials)) "
            + "(\(percentage(Double(exceeding) / Double(max(trials, 1))))) exceed \(limit), where "
            + "\(quantile.words) allows \(percentage(1 - quantile.value))"
        let words = StatsAnswer.Words(
            unit: "measurements",
            sentence: { verdict in
                switch verdict {
                case .violated: "Violated: not \(bound): \(what)."
                case .proven: "Proven: \(bound): \(what)."
                case .undecided:
                    "Undecided: \(what); \(bound) is neither proven nor violated."
                }
            }, number: percentage,
            notes: sorted.flatMap { described($0, alpha: alpha) } ?? [])
        return StatsAnswer(process.reading(alpha: alpha), alpha: alpha, words: words) {
            process.needs($0, alpha: $1)
        }
    }

    /// The quantile of the file with its always-valid interval (Howard and Ramdas 2022).
    private func described(_ sorted: [Double], alpha: Double) -> [String]? {
        let n = sorted.count
        // Tuned to a size fixed in advance; any choice is valid, and this one serves 1e3 to 1e6.
        guard
            let radii = QuantileBound.fixedBoundaries(
                n: n, p: quantile.value, alpha: alpha, tunedTo: 10_000),
            let bound = QuantileBound(
                n: n, p: quantile.value, lowerRadius: radii.lower / Double(n),
                upperRadius: radii.upper / Double(n)),
            let index = Int(exactly: (quantile.value * Double(n)).rounded(.up)),
            sorted.indices.contains(index - 1)
        else { return nil }
        let interval = bound.interval(sorted: sorted)
        let ends =
            (interval.lower.isFinite ? atMost.words(interval.lower) : "no lower end") + " to "
            + (interval.upper.isFinite ? atMost.words(interval.upper) : "no upper end yet")
        return ["\(quantile.words) is \(atMost.words(sorted[index - 1])), \(ends) at all looks"]
    }
}

/// A file with one number per line.
enum MeasurementFile {
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// The numbers in rising order; empty lines are passed over.
    static func sorted(_ path: String) throws(Problem) -> [Double] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Problem(description: "\(path): cannot be read")
        }
        var values: [Double] = []
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let text = String(decoding: line, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            guard !text.isEmpty else { continue }
            guard let value = Double(text), value.isFinite else {
                throw Problem(
                    description: "\(path):\(index + 1): \"\(text.prefix(40).filter(\.isASCII))\" "
                        + "is not a number; expected one per line")
            }
            values.append(value)
        }
        guard !values.isEmpty else { throw Problem(description: "\(path): no numbers") }
        return values.sorted()
    }
}
