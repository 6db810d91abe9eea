import ArgumentParser
import Foundation
import RolloutFiles
import Simulator

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run the controller's own code in worlds where everything goes wrong.",
        discussion: """
            Each seed is a world: rollouts, regions, controllers, people, and a few kinds
            of faults, on one thread and in a time of its own. Git, disks, gateways and
            clocks are made up; the reconciler, the ledger and the evidence are those that
            run in production. Then the faults stop, and everything has to come to rest.

            What must hold is checked from what git accepted, what gateways served and
            what people did. A seed that breaks it is shrunk to the fewest events, and the
            same seed and events show it again, byte for byte.

            EXAMPLES
              gatewright simulate --seeds 2000
              gatewright simulate --seeds 1 --from 43 --trace    one world, line by line
              gatewright simulate --seeds 1 --from 43 --keep 3,7 what was left of it
              gatewright simulate --seeds 500 --faults git,crashes
              gatewright simulate --seeds 50000 --having labels,partitions
                                                 what a change of those may touch
              gatewright simulate --seeds 5000 --fail-fast       to the first broken world
              gatewright simulate --seeds 1000000 --log all.jsonl
                                                 in as many goes as it takes
              gatewright simulate --scenarios                    every effect fails once

            Exit codes: 0 nothing is broken, 1 something is, 64 wrong arguments.
            """)

    @Option(help: "Worlds to run.")
    var seeds = 200

    @Option(help: "The first seed.")
    var from: UInt64 = 1

    @Option(help: "Processes that share the seeds.")
    var workers = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Kinds of faults to draw from, by commas; all if not given.")
    var faults: FaultKinds?

    @Option(help: "Only worlds that have one of these kinds of faults, by commas.")
    var having: FaultKinds?

    @Option(help: "Places of the events that happen, by commas; all if not given.")
    var keep: EventPlaces?

    @Flag(help: "Print what happens. For a few seeds.")
    var trace = false

    @Flag(help: "Leave worlds that break something as large as they are.")
    var noShrink = false

    @Flag(help: "Stop at the first seed that breaks something.")
    var failFast = false

    @Option(
        help: "Keep what each 200 worlds came to in this file, and do not run them again.",
        completion: .file())
    var log: String?

    @Flag(help: "Scripted worlds instead, in which one effect after another fails or kills.")
    var scenarios = false

    @Option(help: "Only this scripted world, by its place among them; with --scenarios.")
    var scenario: Int?

    @Option(help: "Only effects that end so; with --scenarios.")
    var ending: Outcome?

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func validate() throws {
        guard seeds > 0, workers > 0 else {
            throw ValidationError("--seeds and --workers must be at least 1")
        }
        if let scenario, !Scenario.all.indices.contains(scenario - 1) {
            throw ValidationError("--scenario is 1 to \(Scenario.all.count)")
        }
        guard !scenarios || (!failFast && having == nil) else {
            throw ValidationError(
                "--fail-fast and --having are for seeds, and --scenarios has none")
        }
        guard log == nil || (!scenarios && !failFast && !trace && keep == nil) else {
            throw ValidationError(
                "--log is for whole seeds: without --scenarios, --fail-fast, --trace and --keep")
        }
    }

    func run() async throws {
        let begin = ContinuousClock.now
        var tally = scenarios ? try runScenarios() : try runSeeds()
        let passed = begin.duration(to: .now).components
        let seconds = Double(passed.seconds) + Double(passed.attoseconds) / 1e18
        // Of earlier goes only the time of each process is known.
        if log == nil { tally.seconds = seconds }
        try SimulationSummary(tally, isLogged: log != nil).show(as: output)
        if !tally.failures.isEmpty { throw ExitCode(1) }
    }

    /// Each scripted world with each way in which its effects end.
    private var scripts: [(place: Int, ending: Outcome)] {
        Scenario.all.indices.filter { scenario == nil || scenario == $0 + 1 }.flatMap { place in
            Scenario.endings.filter { ending == nil || ending == $0 }.map { (place, $0) }
        }
    }

    private func runScenarios() throws -> SimulationTally {
        guard workers > 1, scripts.count > 1 else {
            return try inFolder { try runScriptsHere(folder: $0) }
        }
        return try SimulationWorkers(
            count: workers,
            pieces: scripts.map { script in
                let (place, ending) = (script.place + 1, script.ending.rawValue)
                return SimulationWorkers.Piece(
                    name: "scripted world \(place) with \(ending)", worlds: nil,
                    arguments: ["--scenarios", "--scenario", "\(place)", "--ending", ending])
            }
        ).run()
    }

    private func runScriptsHere(folder: String) throws -> SimulationTally {
        var tally = SimulationTally()
        var progress = ProgressLine("worlds")
        defer { progress.clear() }
        for (place, ending) in scripts {
            let scenario = Scenario.all[place]
            try scenario.everyEffect(ending, folder: folder) { report, number in
                tally.add(report)
                progress.show(tally.seeds)
                guard !report.violations.isEmpty else { return }
                tally.fail(
                    scenario: "\(scenario.name): effect \(number) \(ending)", report.violations)
            }
        }
        return tally
    }

    private func runSeeds() throws -> SimulationTally {
        guard workers > 1 && seeds > 1 && !trace && keep == nil || log != nil else {
            return try inFolder { try runHere(folder: $0) }
        }
        return try SimulationWorkers(
            count: workers, seeds: seeds, from: from, passesOver: having != nil,
            arguments: (faults.map { ["--faults", $0.text] } ?? [])
                + (having.map { ["--having", $0.text] } ?? [])
                + (noShrink ? ["--no-shrink"] : []),
            failFast: failFast, log: try log.map { try SimulationLog(path: $0) }
        ).run()
    }

    /// Runs the seeds in this process.
    private func runHere(folder: String) throws -> SimulationTally {
        var tally = SimulationTally()
        for seed in from..<(from + UInt64(seeds)) {
            var plan = WorldPlan(drawnFrom: seed, allowed: faults?.kinds ?? FaultKind.allCases)
            if let having, plan.kinds.isDisjoint(with: having.kinds) { continue }
            if let keep { plan = plan.keeping(keep.places) }
            let world = try World(plan, folder: folder)
            if trace { world.keepTrace() }
            let report = try world.run(untilBroken: failFast && noShrink)
            if trace { world.lines.forEach { print($0, terminator: "") } }
            tally.add(report)
            guard let first = report.violations.first else { continue }
            let places =
                noShrink || keep != nil
                ? Array(plan.events.indices)
                : try plan.shrunk(to: first.invariant) { smaller in
                    Set(try World(smaller, folder: folder).run().violations.map(\.invariant))
                }
            tally.fail(seed: seed, report.violations, plan.events, places)
            if failFast { break }
        }
        return tally
    }

    private func inFolder<Value>(_ work: (String) throws -> Value) throws -> Value {
        let folder = NSTemporaryDirectory() + "gatewright-simulation-\(getpid())"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try work(folder)
    }
}

extension Outcome: ExpressibleByArgument {
    public static var allValueStrings: [String] { Scenario.endings.map(\.rawValue) }
}

/// `git,crashes`
struct FaultKinds: ExpressibleByArgument {
    let kinds: [FaultKind]
    let text: String

    init?(argument: String) {
        let parts = argument.split(separator: ",").map { FaultKind(rawValue: String($0)) }
        let kinds = parts.compactMap(\.self)
        guard kinds.count == parts.count, !kinds.isEmpty else { return nil }
        self.kinds = kinds
        text = argument
    }

    static let allValueStrings = FaultKind.allCases.map(\.rawValue)
}

/// `3,7,9`
struct EventPlaces: ExpressibleByArgument {
    let places: [Int]

    init?(argument: String) {
        let parts = argument.split(separator: ",").map { Int($0) }
        guard parts.allSatisfy({ $0 != nil }) else { return nil }
        places = parts.compactMap(\.self)
    }
}
