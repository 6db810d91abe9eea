import Foundation
import RolloutCore
import Simulator

/// What some worlds came to; tallies of several processes add up.
struct SimulationTally: Codable {
    struct Failure: Codable {
        let seed: UInt64
        /// What was done to which scripted world; `nil` for the world of a seed.
        var scenario: String?
        let violations: [Violation]
        /// The events that are left, in words, and their places among all events of the seed.
        let events: [String]
        let kept: [Int]
    }

    private(set) var seeds = 0
    private(set) var decisions = 0
    private(set) var simulatedSeconds: Int64 = 0
    private(set) var jobs = 0
    private(set) var marks: [String: Int] = [:]
    private(set) var failures: [Failure] = []
    /// Of the traces of all worlds, in no order: the same seeds give the same in every process.
    private(set) var traces: UInt64 = 0
    var seconds: Double = 0

    mutating func add(_ report: World.Report) {
        seeds += 1
        decisions += report.decisions
        simulatedSeconds += report.simulated.milliseconds / 1_000
        jobs += report.jobs
        marks.merge(report.marks) { $0 + $1 }
        traces ^= UInt64(report.trace.hex.prefix(16), radix: 16) ?? 0
    }

    mutating func fail(
        seed: UInt64, _ violations: [Violation], _ events: [WorldPlan.TimedEvent], _ kept: [Int]
    ) {
        failures.append(
            Failure(
                seed: seed, violations: violations,
                events: kept.map { "\(events[$0].at / 1_000) s: \(events[$0].event)" },
                kept: kept))
    }

    mutating func fail(scenario: String, _ violations: [Violation]) {
        failures.append(
            Failure(seed: 0, scenario: scenario, violations: violations, events: [], kept: []))
    }

    mutating func add(_ other: SimulationTally) {
        seeds += other.seeds
        decisions += other.decisions
        simulatedSeconds += other.simulatedSeconds
        jobs += other.jobs
        marks.merge(other.marks) { $0 + $1 }
        failures = (failures + other.failures).sorted { $0.seed < $1.seed }
        traces ^= other.traces
        seconds += other.seconds
    }

    /// Of several the one with the smallest seed: which others were met depends on who was faster.
    mutating func keepFirstFailure() { failures = Array(failures.prefix(1)) }
}

/// Says what a tally holds.
struct SimulationSummary {
    private let tally: SimulationTally
    private let ofEach: String

    /// - Parameter isLogged: the seconds are those of all processes together.
    init(_ tally: SimulationTally, isLogged: Bool) {
        self.tally = tally
        ofEach = isLogged ? " and process" : ""
    }

    func show(as format: OutputFormat) throws {
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            print(String(decoding: try encoder.encode(tally), as: UTF8.self))
        case .text: print(text)
        }
    }

    private var text: String {
        var lines: [String] = []
        for failure in tally.failures {
            let name = failure.scenario ?? "seed \(failure.seed)"
            lines += failure.violations.prefix(3).map { "\(name): \($0)" }
            if failure.scenario != nil { continue }
            lines += failure.events.map { "    \($0)" }
            let places = failure.kept.map(String.init).joined(separator: ",")
            lines.append(
                "  gatewright simulate --seeds 1 --from \(failure.seed) --keep \(places) --trace")
        }
        let days = Double(tally.simulatedSeconds) / 86_400
        let speed = tally.seconds > 0 ? Double(tally.seeds) / tally.seconds : 0
        lines.append(
            "\(grouped(tally.seeds)) worlds, \(grouped(tally.decisions)) decisions, "
                + String(format: "%.1f simulated days, %.1f worlds a second", days, speed) + ofEach)
        lines.append("traces \(String(tally.traces, radix: 16)), \(Build.software)")
        lines.append(
            tally.failures.isEmpty
                ? "nothing was broken" : "\(grouped(tally.failures.count)) worlds broke something")
        let marks = tally.marks.sorted { $0.key < $1.key }.map { "\($0.key) \(grouped($0.value))" }
        if !marks.isEmpty { lines.append("met: " + marks.joined(separator: ", ")) }
        return lines.joined(separator: "\n")
    }
}
