import ArgumentParser
import Foundation
import RolloutCore
import Simulator

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "simulate", abstract: "Run worlds.")
    @Option var seeds = 100
    @Option var from: UInt64 = 1
    @Flag var trace = false

    func run() async throws {
        let folder = NSTemporaryDirectory() + "/gatewright-simulation-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let begin = ContinuousClock.now
        var decisions = 0, jobs = 0, bad = 0
        for seed in from..<(from + UInt64(seeds)) {
            let world = try World(WorldPlan(drawnFrom: seed), folder: folder)
            if trace { world.keepTrace() }
            let report = try world.run()
            decisions += report.decisions
            jobs += report.jobs
            if trace { for line in world.lines { print(line, terminator: "") } }
            if !report.violations.isEmpty { bad += 1 }
            for violation in report.violations.prefix(3) { print("seed \(seed): \(violation)") }
        }
        print("\(seeds) seeds, \(bad) bad, \(decisions) decisions, \(jobs) jobs, \(ContinuousClock.now - begin)")
    }
}
