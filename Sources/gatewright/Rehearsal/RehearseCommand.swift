import ArgumentParser
import Foundation
import History
import RolloutCore
import RolloutFiles

struct RehearseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rehearse",
        abstract: "Try a rollout's guardrails on its past releases and on made-up ones.",
        discussion: """
            The guardrails of the working tree, committed or not, judge every recorded
            release again over its own observations, look by look. Then made-up
            candidates go through the whole plan: some just as good as stable, and some
            worse by a known amount. A controller may be running meanwhile.

            What stable does is learnt from the record. --baseline says it instead:
            accuracy=97%, errors=0.1%, agreement=96%, latency=8ms (its p99), and for a
            measurement the deviation of a single one, throughput=30%.

            EXAMPLES
              gatewright rehearse compression-selector
              gatewright rehearse churn --regression accuracy=-2pp --regression errors=+1pp
              gatewright rehearse churn --rate 100 --baseline accuracy=97% --runs 1000
              gatewright rehearse churn --runs 0 --output json     the past releases only

            Exit codes: 0 answered, 64 wrong arguments, or nothing recorded tells what
            has to be given.
            """)

    @Argument(help: "The rollout.")
    var name: String

    @Option(help: "The repository and its working tree.")
    var repository: String = "."

    @Option(help: "The branch that holds state/.")
    var branch: String = "main"

    @Option(help: "The controller's data directory. (default: .gatewright)")
    var dataDirectory: String?

    @Option(help: "Requests a second, of both versions in all regions; learnt if not given.")
    var rate: Double?

    @Option(help: "What stable does: accuracy=97%; may be given again.")
    var baseline: [BaselineOption] = []

    @Option(help: "How a candidate is worse: latency=+20%; may be given again.")
    var regression: [Regression] = []

    @Option(help: "Made-up candidates of each kind; 0 for none.")
    var runs = 200

    @Option(help: "The seed of all random numbers.")
    var seed: UInt64 = 7

    @Option(help: "text or json.")
    var output: OutputFormat = .text

    func validate() throws {
        guard (0...100_000).contains(runs) else {
            throw ValidationError("--runs is 0 to 100,000")
        }
        guard rate.map({ $0 > 0 && $0 <= 1e9 }) ?? true else {
            throw ValidationError("--rate is a number of requests above 0")
        }
    }

    func run() async throws {
        let rollout: RolloutName
        do { rollout = try RolloutName(name) } catch { throw ValidationError("\(error)") }
        let checked = try usable(rollout)
        guard let spec = checked.spec else { throw ValidationError("\(rollout) has no spec") }
        let guardrails = checked.guardrails.flatMap(\.guardrails)
        for one in regression { try one.check(guardrails) }
        let recorded = try await RecordedRepository(path: repository, branch: branch)
        let records = try await recorded.decisions(of: rollout)
        var backTest = BackTest(records, of: rollout, guardrails: checked.guardrails)
        let sweptBefore = try replay(&backTest, rollout)
        let stable =
            backTest.stable ?? spec.bootstrap.flatMap { checked.versions[$0]?.reference }
        var simulated: SimulationReport?
        if runs > 0 {
            let source = backTest.past.last { $0.end == .completed && $0.requests > 0 }
            var search = BaselineSearch(
                given: baseline, rate: rate, regions: spec.regions, guardrails: guardrails,
                recorded: backTest.profile, stable: stable,
                evaluation: stable.flatMap { checked.versions[$0.version]?.evaluation?.metrics }
                    ?? [:],
                evidence: (source ?? backTest.past.last { $0.requests > 0 })?.evidence ?? [])
            simulated = try await simulate(checked, spec, try search.baseline())
        }
        try StatsOptions.write(
            RehearsalAnswer(
                rollout: rollout,
                backTest: BackTestReport(backTest.past, sweptBefore: sweptBefore),
                simulation: simulated), as: output)
    }

    private func usable(_ rollout: RolloutName) throws -> CheckedRollout {
        let project = try WorkingTree.check(repository)
        guard let checked = project.rollouts[rollout] else {
            let known = project.rollouts.keys.sorted().map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no rollout \(rollout); there are: \(known)")
        }
        guard checked.isUsable, !checked.guardrails.isEmpty else {
            let first = checked.diagnostics.first(where: \.isError)
            throw ValidationError(first.map { "\($0)" } ?? "\(rollout) names no guardrails")
        }
        return checked
    }

    /// Folds every fact that is left of the rollout.
    /// - Returns: before when observations were swept.
    private func replay(_ backTest: inout BackTest, _ rollout: RolloutName) throws -> Timestamp? {
        defer { backTest.finish() }
        let folder = dataDirectory ?? ".gatewright"
        guard let reader = try HistoryReader.open(directory: folder) else {
            guard dataDirectory == nil else {
                throw ValidationError("there is no history.sqlite in \(folder)")
            }
            return nil
        }
        defer { reader.close() }
        var progress = ProgressLine("observations judged again")
        defer { progress.clear() }
        var (last, count) = (Int64(0), 0)
        while true {
            let facts = try reader.facts(after: last, rollout: rollout, limit: 20_000)
            for fact in facts { backTest.fold(fact) }
            count += facts.count
            progress.show(count)
            guard let newest = facts.last else { return try reader.sweptBefore() }
            last = newest.sequence
        }
    }

    private func simulate(
        _ checked: CheckedRollout, _ spec: RolloutSpec, _ baseline: Baseline
    ) async throws -> SimulationReport {
        let plan = Plan(stages: spec.stages, regions: spec.regions)
        let start = Simulation.start(
            of: spec.name, plan: plan, stickyBy: spec.stickyBy, guardrails: checked.guardrails)
        guard let start else { throw ValidationError("\(spec.name) has no stages") }
        let simulation = Simulation(start: start, baseline: baseline, seed: seed, runs: runs)
        let guardrails = checked.guardrails.flatMap(\.guardrails)
        let asked = regression.isEmpty ? Regression.standard(guardrails) : regression
        let progress = SharedProgress("candidates simulated")
        let cases = await simulation.cases(asked) { progress.show($0, of: $1) }
        progress.clear()
        return SimulationReport(
            cases, simulation,
            declared: checked.guardrails.reduce(0) { $0 + $1.falseRollbackRate.value },
            notes: SimulationNotes.of(guardrails, plan, baseline, asked))
    }
}

/// The whole answer.
struct RehearsalAnswer: StatsSpoken {
    let rollout: RolloutName
    let backTest: BackTestReport
    /// `nil` when no made-up candidates were asked for.
    @OrNull private(set) var simulation: SimulationReport?

    var text: String {
        backTest.text + (simulation.map { "\n" + $0.text } ?? "")
    }
}
