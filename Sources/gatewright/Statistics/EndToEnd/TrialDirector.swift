import Foundation
import Git
import Ledger
import Reconciler
import ReferenceFleet
import RolloutCore

/// Sends the traffic of many rollouts through one controller, and sees how each ends.
struct TrialDirector {
    let world: TrialWorld
    let pool: TransferPool
    /// Requests a second, all rollouts together.
    let rate: Double
    /// Rollouts that have traffic at once.
    let parallel: Int
    let seed: UInt64
    let note: @Sendable (String) -> Void

    /// How long an end is waited for after the last request was sent.
    private static let patience = Duration.seconds(5)

    private struct Ended {
        let number: Int
        let trial: TrialReport.Trial
        let counters: FleetTraffic.Counters
    }

    func run(artifact: String) async throws -> TrialReport {
        let start = ContinuousClock.now
        let server = try await ModelServer.start(try world.models(artifact: artifact, pool: pool))
        try world.prepare(modelPort: server.port)
        let processes = DemoProcesses(directory: world.directory)
        defer { processes.stop() }
        try world.start(processes)
        let started = try await eventually(within: .seconds(120), processes) {
            await allServe(TrialScenario.stableVersion)
        }
        guard started else { throw DemoFailure(description: "the stable versions are not served") }
        var scenarios: [TrialReport.Scenario] = []
        var (sent, failed) = (0, 0)
        for scenario in TrialScenario.all {
            let trials = world.trials.filter { $0.scenario.name == scenario.name }
            guard !trials.isEmpty else { continue }
            try world.ask(for: scenario)
            let ended = try await run(scenario, trials, processes)
            sent += ended.reduce(0) { $0 + $1.counters.sent }
            failed += ended.reduce(0) { $0 + $1.counters.failed }
            scenarios.append(
                TrialReport.Scenario(
                    name: scenario.name, summary: scenario.summary, truth: scenario.truth,
                    guardrails: scenario.guardrails, trials: ended.map(\.trial)))
        }
        processes.stop()
        try? await server.shutdown()
        let (explained, problems) = try await auditing(scenarios)
        let seconds = Double((ContinuousClock.now - start).components.seconds)
        return TrialReport(
            scenarios: explained, requests: sent, failedRequests: failed, seconds: seconds,
            problems: problems, directory: world.directory)
    }

    private func run(
        _ scenario: TrialScenario, _ trials: [TrialWorld.Trial], _ processes: DemoProcesses
    ) async throws -> [Ended] {
        try await withThrowingTaskGroup { group in
            var (waiting, ended) = (trials[...], [Ended]())
            for _ in 0..<min(parallel, trials.count) {
                guard let trial = waiting.popFirst() else { break }
                group.addTask { try await run(trial, of: min(parallel, trials.count)) }
            }
            while let one = try await group.next() {
                ended.append(one)
                if let casualty = processes.casualty { throw DemoFailure(description: casualty) }
                note(progress(scenario, ended.map(\.trial), of: trials.count))
                if let trial = waiting.popFirst() {
                    group.addTask { try await run(trial, of: min(parallel, trials.count)) }
                }
            }
            return ended.sorted { $0.number < $1.number }
        }
    }

    private func progress(
        _ scenario: TrialScenario, _ ended: [TrialReport.Trial], of total: Int
    ) -> String {
        let back = ended.filter { $0.end == .rolledBack }.count
        let completed = ended.filter { $0.end == .completed }.count
        return
            "\(scenario.name): \(ended.count) of \(total) ended, \(back) rolled back, "
            + "\(completed) completed"
    }

    /// One rollout with its callers, until it ends or has had all requests that it gets.
    private func run(_ trial: TrialWorld.Trial, of parallel: Int) async throws -> Ended {
        guard let gateway = HTTPTarget(world.gatewayURL),
            let controller = HTTPTarget(world.controllerURL)
        else { throw DemoFailure(description: "\(world.gatewayURL) is no address") }
        var configuration = FleetTraffic.Configuration(gateways: [gateway], controller: controller)
        configuration.model = trial.rollout
        configuration.rate = min(rate / Double(parallel), trial.scenario.ratePerRollout)
        configuration.concurrency = 4 + Int(min(configuration.rate, 1_000) / 10)
        // Prediction ids are of the form seed-number, and no two rollouts may share any.
        configuration.seed = seed &* 1_000_003 &+ UInt64(world.number(of: trial))
        configuration.reportInterval = 0.5
        configuration.throughputFactors = [
            TrialScenario.candidateVersion: trial.scenario.throughputFactor
        ]
        let traffic = FleetTraffic(configuration: configuration, pool: pool)
        let start = ContinuousClock.now
        let load = Task { await traffic.run() }
        let deadline =
            start
            + .seconds(2 * Double(trial.scenario.requestsMax) / max(configuration.rate, 1) + 30)
        var end: TrialReport.End?
        while end == nil, traffic.counters.sent < trial.scenario.requestsMax,
            ContinuousClock.now < deadline, !Task.isCancelled
        {
            try await Task.sleep(for: .milliseconds(500))
            end = await status(of: trial.rollout).flatMap(Self.end)
        }
        let took = (ContinuousClock.now - start) / .seconds(1)
        let requests = traffic.counters.sent
        load.cancel()
        await load.value
        if end == nil {
            try await Task.sleep(for: Self.patience)
            end = await status(of: trial.rollout).flatMap(Self.end)
        }
        return Ended(
            number: trial.index,
            trial: TrialReport.Trial(
                rollout: trial.rollout, end: end ?? .undecided, guardrail: nil, stage: nil,
                requests: requests, seconds: took, decisions: 0),
            counters: traffic.counters)
    }

    private static func end(_ status: RolloutStatus) -> TrialReport.End? {
        let candidate = TrialScenario.candidateVersion
        // The auditor reads git: what it has not heard of is not over.
        guard status.unrecorded == 0 else { return nil }
        if status.refused.contains(where: { $0.reference.version.rawValue == candidate }) {
            return .rolledBack
        }
        return status.stable?.version.rawValue == candidate ? .completed : nil
    }

    // MARK: The controller

    private func status(of rollout: String) async -> RolloutStatus? {
        guard let url = URL(string: "\(world.controllerURL)/v1/rollouts/\(rollout)"),
            let data = await LoopbackHTTP.get(url)
        else { return nil }
        return try? JSONDecoder().decode(RolloutStatus.self, from: data)
    }

    private func allServe(_ version: String) async -> Bool {
        for trial in world.trials {
            guard let status = await status(of: trial.rollout),
                status.serving.values.contains(where: { $0.hasPrefix(version) })
            else { return false }
        }
        return true
    }

    private func eventually(
        within limit: Duration, _ processes: DemoProcesses, _ isSo: () async -> Bool
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let casualty = processes.casualty { throw DemoFailure(description: casualty) }
            if await isSo() { return true }
            try await Task.sleep(for: .milliseconds(200))
        }
        return false
    }

    // MARK: What was recorded

    /// Reads every chain as an auditor would, and says by which guardrail a trial ended.
    private func auditing(
        _ scenarios: [TrialReport.Scenario]
    ) async throws -> ([TrialReport.Scenario], [String]) {
        let ledger = try Ledger(
            repository: GitRepository(opening: world.remote), remote: nil, branch: "main",
            worker: RemoteWorker(executable: Executable.path),
            author: CommitAuthor(name: "trial", email: "trial@example.org"),
            writer: RecordWriter(name: "reader", software: Build.software))
        guard let tip = try await ledger.trustedTip() else {
            return (scenarios, ["nothing was recorded"])
        }
        var (explained, problems) = ([TrialReport.Scenario](), [String]())
        for scenario in scenarios {
            var trials: [TrialReport.Trial] = []
            for trial in scenario.trials {
                let name = try RolloutName(trial.rollout)
                problems += try await ledger.verify(name, at: tip)
                let records = try await ledger.decisions(of: name, at: tip).map(\.record)
                trials.append(trial.explained(by: records))
            }
            explained.append(
                TrialReport.Scenario(
                    name: scenario.name, summary: scenario.summary, truth: scenario.truth,
                    guardrails: scenario.guardrails, trials: trials))
        }
        return (explained, problems)
    }
}

extension TrialReport.Trial {
    fileprivate func explained(by records: [DecisionRecord]) -> TrialReport.Trial {
        var (end, guardrail, stage) = (end, String?.none, String?.none)
        for record in records {
            switch record.action {
            case .rollBack(.breach(let name, _)): (end, guardrail) = (.rolledBack, name.rawValue)
            case .hold(let reason) where end == .undecided:
                guard case .breach(let name, _) = reason else { continue }
                (end, guardrail) = (.held, name.rawValue)
            default: continue
            }
            stage = record.input.state.run?.currentStep?.stage.rawValue
        }
        return TrialReport.Trial(
            rollout: rollout, end: end, guardrail: guardrail, stage: stage, requests: requests,
            seconds: seconds, decisions: records.count)
    }
}
