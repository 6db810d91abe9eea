import Audit
import Foundation
import Git
import Ledger
import Reconciler
import ReferenceFleet
import RolloutCore

/// Plays the story: asks for versions as people do, and watches what comes of it.
struct DemoDirector {
    let world: DemoWorld
    let timeScale: Int64
    let rate: Double
    let payloads: Int
    let deadline: Duration

    func run(_ view: inout any DemoView) async throws -> DemoSummary {
        let start = ContinuousClock.now
        view.show(.preparing("measuring \(payloads) payloads with every transfer method"))
        let traffic = try await FleetTraffic.measured(
            gateways: world.gatewayURLs, controller: world.controllerURL, rate: rate, seed: 7,
            payloads: payloads)
        view.show(.preparing("git remote, model servers, gateways and controller"))
        try world.prepare()
        let processes = DemoProcesses(directory: world.directory)
        defer { processes.stop() }
        try startProcesses(processes)
        var watcher = DemoWatcher(world: world)
        var problems: [String] = []
        let limit = start + deadline
        var load: Task<Void, Never>?
        do {
            try await watcher.waitForController(until: limit, processes)
            try await watcher.wait(until: limit, processes, &view, requests: 0) {
                $0.serving.count == world.regions.count
                    && $0.serving.values.allSatisfy { $0.hasPrefix("2.3.1") }
            }
            load = Task { await traffic.run() }
            for chapter in Chapter.story {
                try world.ask(for: chapter.version)
                view.show(.asked(chapter))
                let found = try await watcher.watch(chapter, until: limit, processes, &view) {
                    traffic.counters.sent
                }
                view.show(.ended(chapter, asExpected: found == nil, found: found ?? chapter.title))
                if let found { problems.append("\(chapter.version): \(found)") }
            }
        } catch let failure as DemoFailure {
            problems.append(failure.description)
        }
        // Callers leave before the gateways do.
        load?.cancel()
        await load?.value
        processes.stop()
        let (decisions, wrong) = try await watcher.verify()
        problems += wrong + watcher.approvals.problems
        let counters = traffic.counters
        if counters.failed > 0 {
            problems.append("\(counters.failed) requests had no usable answer")
        }
        let seconds = Double((ContinuousClock.now - start).components.seconds)
        return DemoSummary(
            event: "summary", outcome: problems.isEmpty ? "as-expected" : "unexpected",
            problems: problems, decisions: decisions, requests: counters.sent,
            failedRequests: counters.failed, seconds: seconds, directory: world.directory,
            repository: world.remote)
    }

    private func startProcesses(_ processes: DemoProcesses) throws {
        // Not through the git program: stopping that would leave its child behind.
        let programs = try GitProgram.demo.output(["--exec-path"])
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try processes.start(
            "git-daemon", executable: "\(programs)/git-daemon",
            [
                "--reuseaddr", "--listen=127.0.0.1", "--port=\(world.gitPort)",
                "--base-path=\(world.directory)", "--export-all", "--enable=receive-pack",
            ])
        try processes.start(
            "model-servers",
            ["fleet", "serve", "--repository", world.work]
                + world.modelPorts.flatMap { ["--port", "\($0)"] })
        for (index, region) in world.regions.enumerated() {
            try processes.start(
                "gateway-\(region)",
                [
                    "gateway", "--region", region, "--port", "\(world.gatewayPorts[index])",
                    "--admin-port", "\(world.adminPorts[index])",
                    "--observations", world.controllerURL,
                    "--state", "\(world.directory)/routes-\(region).json",
                ])
        }
        try processes.start(
            "controller",
            [
                "run", "--config", "\(world.directory)/gatewright.yaml", "--time-scale",
                "\(timeScale)",
            ])
    }
}

struct DemoFailure: Error, CustomStringConvertible {
    let description: String
}

/// Sees what the controller says and what git has.
struct DemoWatcher {
    let world: DemoWorld
    private var seenDecisions = 0
    private(set) var approvals = DemoApprovals()

    init(world: DemoWorld) { self.world = world }

    /// The controller answers, and there is somebody to send requests to.
    func waitForController(
        until limit: ContinuousClock.Instant, _ processes: DemoProcesses
    ) async throws {
        while await status() == nil {
            try await pause(limit, processes, waitingFor: "the controller to answer")
        }
        for port in world.modelPorts {
            guard let url = URL(string: "http://127.0.0.1:\(port)/v2/health/ready") else {
                continue
            }
            while await LoopbackHTTP.get(url) == nil {
                try await pause(limit, processes, waitingFor: "the model servers to be ready")
            }
        }
    }

    mutating func wait(
        until limit: ContinuousClock.Instant, _ processes: DemoProcesses,
        _ view: inout any DemoView, requests: Int, _ isOver: (RolloutStatus) -> Bool
    ) async throws {
        while true {
            let status = await status()
            try await showDecisions(&view)
            if let status, isOver(status) { return }
            try await pause(
                limit, processes, waitingFor: status?.why?.line ?? "the first version to be served")
        }
    }

    /// - Returns: what went otherwise than expected; `nil` when nothing did.
    mutating func watch(
        _ chapter: Chapter, until limit: ContinuousClock.Instant, _ processes: DemoProcesses,
        _ view: inout any DemoView, requests: () -> Int
    ) async throws -> String? {
        while true {
            let status = await status()
            try await showDecisions(&view)
            if let status {
                view.show(.looked(status, requests: requests()))
                try approvals.look(status.why?.line ?? "", world, &view)
                if status.stable?.version.rawValue == chapter.version {
                    return chapter.end == .complete ? nil : "it became stable"
                }
                let refusal = status.refused.first {
                    $0.reference.version.rawValue == chapter.version
                }
                if let refusal, status.unrecorded == 0 {
                    try await showDecisions(&view)
                    return try await judge(chapter, refusal)
                }
            }
            try await pause(
                limit, processes,
                waitingFor: "\(chapter.version) to end; \(status?.why?.line ?? "no status")")
        }
    }

    private func judge(_ chapter: Chapter, _ refusal: RolloutState.Refusal) async throws -> String?
    {
        guard chapter.end == .rollback else { return "it was rolled back: \(refusal.reason)" }
        let decisions = try await records()
        guard let record = decisions.first(where: { $0.number == refusal.decision }),
            case .rollBack(.breach(let guardrail, _)) = record.action,
            let stage = record.input.state.run?.currentStep?.stage
        else { return "it was not rolled back for a guardrail: \(refusal.reason)" }
        if guardrail.rawValue != chapter.guardrail {
            return "\(guardrail) ended it, not \(chapter.guardrail ?? "")"
        }
        return chapter.stages.contains(stage.rawValue) ? nil : "it was found in \(stage.rawValue)"
    }

    private func pause(
        _ limit: ContinuousClock.Instant, _ processes: DemoProcesses, waitingFor what: String
    ) async throws {
        if let casualty = processes.casualty { throw DemoFailure(description: casualty) }
        guard ContinuousClock.now < limit else {
            throw DemoFailure(description: "gave up waiting for \(what)")
        }
        try await Task.sleep(for: .milliseconds(200))
    }

    private mutating func showDecisions(_ view: inout any DemoView) async throws {
        guard
            let lines = try? GitProgram.demo.output([
                "-C", world.remote, "log", "--reverse",
                "--format=%h%x09%(trailers:key=Decision,"
                    + "valueonly,separator=%x2C)%x09%(trailers:key=Kind,valueonly,separator=%x2C)%x09%s",
                "main", "--", "state",
            ])
        else { return }
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 3).map(String.init)
            guard parts.count == 4, let number = Int(parts[1]), number > seenDecisions else {
                continue
            }
            seenDecisions = number
            view.show(
                .decided(number: number, kind: parts[2], subject: parts[3], commit: parts[0]))
        }
    }

    private func status() async -> RolloutStatus? {
        guard let url = URL(string: "\(world.controllerURL)/v1/rollouts/\(DemoWorld.rollout)")
        else {
            return nil
        }
        guard let data = await LoopbackHTTP.get(url) else { return nil }
        return try? JSONDecoder().decode(RolloutStatus.self, from: data)
    }

    private func ledger() throws -> Ledger {
        try Ledger(
            repository: GitRepository(opening: world.remote), remote: nil, branch: "main",
            worker: RemoteWorker(executable: Executable.path),
            author: CommitAuthor(name: "demo", email: "demo@example.org"),
            writer: RecordWriter(name: "reader", software: Build.software))
    }

    private func records() async throws -> [DecisionRecord] {
        let ledger = try ledger()
        guard let tip = try await ledger.trustedTip() else { return [] }
        return try await ledger.decisions(of: RolloutName(DemoWorld.rollout), at: tip).map(\.record)
    }

    /// Checks what was left behind as an auditor would.
    func verify() async throws -> (decisions: Int, problems: [String]) {
        let ledger = try ledger()
        guard let tip = try await ledger.trustedTip() else { return (0, ["nothing was recorded"]) }
        let name = try RolloutName(DemoWorld.rollout)
        var problems = try await ledger.verify(name, at: tip)
        let audit = HistoryAudit(
            path: world.remote, worker: RemoteWorker(executable: Executable.path))
        problems += try await audit.run(tip: tip).problems.map(\.description)
        do {
            try GitProgram.demo.run(["-C", world.remote, "fsck", "--strict"])
        } catch {
            problems.append("\(error)")
        }
        return (try await ledger.decisions(of: name, at: tip).count, problems)
    }
}
