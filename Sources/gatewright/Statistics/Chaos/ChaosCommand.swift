import ArgumentParser
import Foundation
import Simulator
import Synchronization

struct ChaosCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos",
        abstract: "Count false rollbacks and delays of the whole loop, in simulated worlds.",
        discussion: """
            Each rollout is a world of its own: the controller's code on one thread, in
            a time of its own, with lost, late and doubled observations, crashes, pauses
            and power cuts. Requests turn out by chance, with rates that only the world
            knows. Its guardrails declare a false-rollback rate of 5 %.

            A candidate that keeps all limits must be taken back in no more rollouts
            than declared, and one that breaks a limit must be completed in no more than
            5 %. --limits exact puts stable itself on every limit: the hardest case, in
            which nothing can be proven.

            EXAMPLES
              gatewright stats chaos
              gatewright stats chaos --regression 0 --limits exact --trials 1000
              gatewright stats chaos --metric accuracy --metric latency --trials 50
              gatewright stats chaos --regression 0 --from 43 --trials 1

            Exit codes: 0 as promised, 1 not so, or something else broke, 64 wrong
            arguments.
            """)

    @Option(help: "Rollouts of each kind.")
    var trials = 100

    @Option(help: "How much worse candidates are; 0,0.01,0.02,0.05,0.1 if not given.")
    var regression: NumberList?

    @Option(help: "In what they are worse; may be given again; errors if not given.")
    var metric: [ChanceRegression.Metric] = []

    @Option(help: "roomy or exact.")
    var limits: ChanceLimits = .roomy

    @Option(help: "The seed of the first rollout of each kind.")
    var from: UInt64 = 1

    @Option(help: "Worlds that run at once.")
    var workers = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func validate() throws {
        guard (1...1_000_000).contains(trials), (1...1_000).contains(workers) else {
            throw ValidationError("--trials is 1 to 1,000,000 and --workers 1 to 1,000")
        }
        for size in sizes where size != 0 {
            guard ChanceRegression(.errors, size: size) != nil else {
                throw ValidationError("--regression is 0 to 0.5, not \(size)")
            }
        }
    }

    private var sizes: [Double] { regression?.values ?? [0, 0.01, 0.02, 0.05, 0.1] }

    /// Just as good as stable once, and each metric worse by each size.
    private var regressions: [ChanceRegression?] {
        let worse = (metric.isEmpty ? [.errors] : metric).flatMap { metric in
            sizes.compactMap { ChanceRegression(metric, size: $0) }
        }
        return (sizes.contains(0) ? [nil] : []) + worse.map(Optional.some)
    }

    func run() async throws {
        let folder = NSTemporaryDirectory() + "gatewright-chaos-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let regressions = regressions
        let ends = try runAll(regressions, in: folder)
        let rows = regressions.enumerated().map { index, regression in
            ChaosReport.Row(
                trial(regression, 0), from: from,
                ends: Array(ends[(index * trials)..<((index + 1) * trials)]))
        }
        let report = ChaosReport(
            limits: limits, from: from, declared: ChanceLimits.falseRollbackRate, rows: rows)
        try StatsOptions.write(report, as: output)
        guard report.isAsPromised else { throw ExitCode(1) }
    }

    private func trial(_ regression: ChanceRegression?, _ index: Int) -> ChanceTrial {
        ChanceTrial(
            seed: from &+ UInt64(index), limits: limits, regression: regression)
    }

    /// One world to a thread; each is a function of its seed, so how many run at once changes nothing.
    private func runAll(
        _ regressions: [ChanceRegression?], in folder: String
    ) throws -> [ChanceTrial.End] {
        let total = regressions.count * trials
        let shared = Mutex(
            (next: 0, done: 0, ends: [Int: ChanceTrial.End](), failure: (any Error)?.none))
        let progress = SharedProgress("rollouts")
        defer { progress.clear() }
        DispatchQueue.concurrentPerform(iterations: min(workers, total)) { worker in
            let own = "\(folder)/\(worker)"
            do {
                try FileManager.default.createDirectory(
                    atPath: own, withIntermediateDirectories: true)
                while let index = shared.withLock({ shared -> Int? in
                    guard shared.failure == nil, shared.next < total else { return nil }
                    shared.next += 1
                    return shared.next - 1
                }) {
                    let end = try trial(regressions[index / trials], index % trials).run(
                        folder: own)
                    let done = shared.withLock { shared in
                        shared.ends[index] = end
                        shared.done += 1
                        return shared.done
                    }
                    progress.show(done, of: total)
                }
            } catch {
                shared.withLock { $0.failure = $0.failure ?? error }
            }
        }
        let (ends, failure) = shared.withLock { ($0.ends, $0.failure) }
        if let failure { throw failure }
        return (0..<total).compactMap { ends[$0] }
    }
}

extension ChanceRegression.Metric: ExpressibleByArgument {}
extension ChanceLimits: ExpressibleByArgument {}
