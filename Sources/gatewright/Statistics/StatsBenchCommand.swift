import ArgumentParser
import Calibration
import Foundation
import RolloutFiles

struct StatsBenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Simulate rollouts, and measure how often and how late each rule decides.",
        discussion: """
            Made-up traffic with known failure rates is judged by our engine and by what others use:
            z-tests at each look, Kayenta's judge, Argo Rollouts' and Flagger's thresholds, mSPRT,
            asymptotic confidence sequences and group-sequential tests. The same seed gives the same
            figures on any machine. Our exact figures carry promises; a broken one is an error.

            EXAMPLES
              gatewright stats bench --effort quick
              gatewright stats bench --study two-sample --effort full --output json
              gatewright stats bench --list

            Exit codes: 0 every promise is kept, 1 one is broken, 64 wrong arguments.
            """)

    enum Form: String, ExpressibleByArgument, CaseIterable { case text, json, markdown }

    @Flag(help: "List the studies and stop.")
    var list = false

    @Option(help: "A study to run; may be given again. All of them if not given.")
    var study: [String] = []

    @Option(help: "quick (under a minute), standard or full (as in the documentation).")
    var effort: String = Effort.standard.rawValue

    @Option(help: "The seed of all random numbers.")
    var seed: UInt64 = 1

    @Option(help: "text, json or markdown.")
    var output: Form = .text

    @Option(help: "A folder to write SVG figures into.")
    var figures: String?

    func validate() throws {
        let known = Studies.all.map { $0.name }
        for name in study where !known.contains(name) {
            throw ValidationError(
                "there is no study '\(name)'; choose from \(known.joined(separator: ", "))")
        }
        guard Effort(rawValue: effort) != nil else {
            throw ValidationError("the effort is quick, standard or full, not '\(effort)'")
        }
    }

    func run() throws {
        if list {
            for study in Studies.all { say("\(study.name)  \(study.summary)") }
            return
        }
        let effort = Effort(rawValue: effort) ?? .standard
        var found: [StudyFigure] = []
        for one in Studies.all where study.isEmpty || study.contains(one.name) {
            let start = ContinuousClock.now
            note("\(one.name): \(one.summary)")
            found += one.run(seed: seed, effort: effort)
            note("\(one.name): \(ContinuousClock.now - start)")
        }
        let rate = ThroughputMeter.observationsPerSecond(
            seed: seed, observations: effort == .quick ? 2_000_000 : 20_000_000)
        if let figures { try write(StudyCharts.charts(found), to: figures) }
        try report(found, rate: rate)
        guard !found.contains(where: { $0.isKept == false }) else { throw ExitCode(1) }
    }

    private func report(_ found: [StudyFigure], rate: Double?) throws {
        let broken = found.filter { $0.isKept == false }
        switch output {
        case .json:
            var answer: [String: CanonicalJSON] = [
                "effort": .string(effort),
                "figures": try CanonicalJSON.encode(found),
                "isKept": .bool(broken.isEmpty),
                "seed": .string("\(seed)"),
            ]
            if let rate { answer["observationsPerSecond"] = try CanonicalJSON.encode(rate) }
            try FileHandle.standardOutput.write(
                contentsOf: Data(CanonicalJSON.object(answer).pretty))
        case .markdown:
            say(StudyTables.markdown(found), end: "")
        case .text:
            for figure in found {
                let error = figure.standardError.map { String(format: " ± %.2g", $0) } ?? ""
                let verdict = figure.isKept.map { $0 ? "  kept" : "  BROKEN" } ?? ""
                say(
                    "\(figure.study): \(figure.scenario): \(figure.rule): \(figure.measure) "
                        + "\(StudyTables.text(figure))\(error)\(verdict)")
            }
            if let rate {
                say(String(format: "one core takes in %.3g observations a second", rate))
            }
            say(
                broken.isEmpty
                    ? "every promise is kept" : "\(broken.count) promises are broken")
        }
    }

    private func write(_ charts: [(name: String, svg: String)], to folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        for chart in charts {
            let path = "\(folder)/\(chart.name).svg"
            try chart.svg.write(toFile: path, atomically: true, encoding: .utf8)
            note("wrote \(path)")
        }
    }

    private func say(_ text: String, end: String = "\n") {
        FileHandle.standardOutput.write(Data("\(text)\(end)".utf8))
    }

    private func note(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }
}
