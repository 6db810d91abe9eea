import ArgumentParser
import Conformance
import Foundation
import RolloutFiles

struct StatsCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compute the vector files of other statistics libraries, and compare.",
        discussion: """
            Reads files or folders of JSON with the inputs, parameters and results of SciPy, confseq,
            savvi, river, evidently and others, computes every case that it knows, and says where it
            differs and what it does not know.

            EXAMPLES
              gatewright stats check Tests/ConformanceTests/Vectors
              gatewright stats check river_drift_detectors.json --output json

            Exit codes: 0 everything that is known agrees, 1 a mismatch or an unreadable file,
            64 wrong arguments.
            """)

    @Argument(help: "Vector files, or folders that hold some.")
    var paths: [String]

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func run() throws {
        var reports: [VectorReport] = []
        var unreadable: [String] = []
        for path in try files() {
            FileHandle.standardError.write(Data("checking \(path)\n".utf8))
            do {
                let document = try VectorValue(
                    json: try Data(contentsOf: URL(fileURLWithPath: path)))
                reports.append(
                    Vectors.check(document, file: URL(fileURLWithPath: path).lastPathComponent))
            } catch {
                unreadable.append("\(path): not a vector file: \(error)")
            }
        }
        switch output {
        case .json:
            let answer: CanonicalJSON = [
                "files": try CanonicalJSON.encode(reports),
                "unreadable": .array(unreadable.map { .string($0) }),
            ]
            try FileHandle.standardOutput.write(contentsOf: Data(answer.pretty))
        case .text:
            try FileHandle.standardOutput.write(
                contentsOf: Data(Self.text(reports, unreadable).utf8))
        }
        guard unreadable.isEmpty, reports.allSatisfy(\.isConforming) else { throw ExitCode(1) }
    }

    private func files() throws -> [String] {
        var found: [String] = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw ValidationError("\(path) does not exist; name a vector file or a folder")
            }
            guard isFolder.boolValue else {
                found.append(path)
                continue
            }
            found += try FileManager.default.contentsOfDirectory(atPath: path).sorted()
                .filter { $0.hasSuffix(".json") }.map { "\(path)/\($0)" }
        }
        return found
    }

    static func text(_ reports: [VectorReport], _ unreadable: [String]) -> String {
        func column(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        func line(_ name: String, _ one: VectorReport) -> String {
            // Of what is simulated, a relative error says nothing.
            let worst =
                if let share = one.worstShareOfAllowance {
                    String(format: "%.2f of allowance", share)
                } else if one.worstRelativeError == 0 {
                    "0"
                } else {
                    String(format: "%.1e", one.worstRelativeError)
                }
            return column(name, 38) + column("\(one.cases)", 8) + column("\(one.computed)", 10)
                + column("\(one.matched)", 9) + worst
        }
        var lines = ["file                                  cases   computed  matched  worst error"]
        for report in reports {
            lines.append(line(report.file, report))
            lines += report.mismatches.prefix(20).map {
                "  MISMATCH \($0.label): found \($0.found), expected \($0.expected)"
            }
            if report.mismatches.count > 20 {
                lines.append("  … and \(report.mismatches.count - 20) more")
            }
            lines += report.unknown.map { "  unknown \($0.label): \($0.reason)" }
        }
        lines += unreadable
        let (cases, matched) = reports.reduce((0, 0)) { ($0.0 + $1.cases, $0.1 + $1.matched) }
        lines.append("\(matched) of \(cases) cases match")
        return lines.joined(separator: "\n") + "\n"
    }
}
