import Foundation
import Ledger
import ReferenceFleet
import RolloutCore
import Synchronization

/// Breaks the processes of a world one cycle after another, while people ask for versions and
/// watchers look.
final class SoakDirector: Sendable {
    let world: SoakWorld
    let violations: ViolationLog
    let answers: SoakAnswers
    let diary: SoakDiary
    let report: Mutex<SoakReport>
    let cycles: [SoakCycle]
    /// All that may be asked for, by rollout, in order.
    let versions: [[SoakVersion]]
    private let traffics: [FleetTraffic]
    private let watch: ExposureWatch

    /// Payloads that are really compressed in every way before the first request.
    private static let payloads = 60
    /// More violations than this are not looked into one by one.
    private static let violationsMax = 20

    init(
        directory: String, seed: UInt64, cycles: Int, faults: [SoakFault], rate: Double,
        artifact: String
    ) async throws {
        self.cycles = (1...cycles).map {
            SoakCycle($0, seed: seed, faults: faults, gateways: SoakWorld.regions.count)
        }
        // People ask for a version a second at the most.
        let versions = SoakWorld.rollouts.map { rollout in
            (1...cycles * 3 + 60).map { SoakVersion($0, of: rollout, seed: seed) }
        }
        self.versions = versions
        report = Mutex(SoakReport(seed: seed))
        let pool = try await TransferPool.measure(seed: seed, count: Self.payloads)
        let world = try await SoakWorld(
            directory: directory, faults: faults, cycles: cycles,
            versions: versions.flatMap(\.self), artifact: artifact, pool: pool)
        self.world = world
        let diary = try SoakDiary(path: "\(directory)/soak.log")
        self.diary = diary
        let violations = ViolationLog { diary.tell("VIOLATED \($0.invariant): \($0.evidence)") }
        self.violations = violations
        let answers = SoakAnswers(gateways: world.gateways, violations: violations)
        self.answers = answers
        traffics = try SoakWorld.rollouts.enumerated().map { index, rollout in
            guard let controller = HTTPTarget(world.controllerURL) else {
                throw DemoFailure(description: "\(world.controllerURL) is no address")
            }
            var configuration = FleetTraffic.Configuration(
                gateways: world.gatewayURLs.compactMap(HTTPTarget.init), controller: controller)
            configuration.model = rollout
            configuration.rate = rate / Double(SoakWorld.rollouts.count)
            configuration.concurrency = 4
            // Prediction ids are of the form seed-number, and no two rollouts may share any.
            configuration.seed = seed &* 1_000_003 &+ UInt64(index)
            configuration.labelDelay = 0.05...0.2
            configuration.ended = { answers.note($0, of: rollout) }
            return FleetTraffic(configuration: configuration, pool: pool)
        }
        let records = SoakRecords(versions: versions.flatMap(\.self), violations: violations)
        self.records = records
        watch = ExposureWatch(
            gateways: try world.watched, remote: world.remote, violations: violations,
            interval: .milliseconds(10)
        ) { entry in
            records.note(entry)
            diary.write("record \(entry.record.rollout) \(entry.record.subject)")
        }
    }

    let records: SoakRecords

    func run() async throws -> SoakReport {
        let start = ContinuousClock.now
        do {
            try await play()
        } catch {
            // Whoever ended it has no use for a report; anything else is one.
            if error is CancellationError {
                await world.end()
                throw error
            }
            violations.note("SOAK", "it could not go on: \(error)")
        }
        await world.end()
        return report.withLock { report in
            report.controllerLives = world.controller.lives
            report.requests = answers.requests
            report.excusedRequests = answers.excused
            report.records = records.kinds
            let findings = watch.findings
            (report.tablesSeen, report.tablesMissed) = (findings.changes, findings.missed)
            report.violations = violations.all
            report.seconds = (ContinuousClock.now - start).seconds
            return report
        }
    }

    private func play() async throws {
        diary.tell("starting in \(world.directory)")
        try await world.start(versions.compactMap(\.first))
        try await wait("every gateway serves the first versions", within: .seconds(120)) {
            try await world.isSettled()
        }
        watch.start()
        let load = traffics.map { traffic in Task { await traffic.run() } }
        defer { load.forEach { $0.cancel() } }
        let supervisor = Task { try await supervise() }
        defer { supervisor.cancel() }
        let asked = try await breakThings()
        diary.tell("all is mended; waiting for every rollout to end")
        try await SoakEnding(self).rollouts(asked)
        for task in load {
            task.cancel()
            await task.value
        }
        supervisor.cancel()
        do { try await supervisor.value } catch is CancellationError {}
        _ = try await watch.stop()
        try await SoakEnding(self).whatWasLeft()
    }

    // MARK: Faults

    /// - Returns: the version of each rollout that was asked for last.
    private func breakThings() async throws -> [SoakVersion] {
        try await withThrowingTaskGroup(of: SoakVersion.self) { people in
            for versions in versions {
                people.addTask { try await self.ask(for: versions) }
            }
            for cycle in cycles {
                guard violations.all.count < Self.violationsMax else { break }
                try await play(cycle)
            }
            people.cancelAll()
            return try await people.reduce(into: []) { $0.append($1) }
        }
    }

    private func play(_ cycle: SoakCycle) async throws {
        if cycle.afterRecord {
            // On a busy machine a life may take seconds to begin, and not one would decide anything.
            let patience = ContinuousClock.now + .seconds(5)
            while !world.controllerListens, ContinuousClock.now < patience {
                try await Task.sleep(for: .milliseconds(10))
            }
            let (before, limit) = (records.count, ContinuousClock.now + .milliseconds(700))
            while records.count == before, ContinuousClock.now < limit {
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        try await Task.sleep(for: cycle.delay)
        diary.write("cycle \(cycle.number): \(cycle.deed)")
        do {
            try await perform(cycle)
        } catch {
            world.controller.send(SIGCONT)
            world.disk?.free()
            throw error
        }
        diary.write("cycle \(cycle.number) is mended")
        report.withLock {
            $0.cycles += 1
            $0.faults[cycle.fault.rawValue, default: 0] += 1
        }
        if cycle.number % 10 == 0 || cycle.number == cycles.count {
            diary.tell(
                "cycle \(cycle.number) of \(cycles.count): \(records.count) decisions, "
                    + "\(answers.requests) requests, \(violations.all.count) violations")
        }
        try await Task.sleep(for: .milliseconds(300))
    }

    private func perform(_ cycle: SoakCycle) async throws {
        switch cycle.deed {
        case .kill:
            world.controller.kill()
            try await Task.sleep(for: cycle.lasts)
            try world.controller.start()
        case .stop:
            world.controller.send(SIGSTOP)
            try await Task.sleep(for: cycle.lasts)
            world.controller.send(SIGCONT)
        case .gitPort:
            world.daemon.stop()
            try await Task.sleep(for: cycle.lasts)
            try await world.daemon.start()
        case .gatewayPort(let index):
            world.gateways[index].kill()
            try await Task.sleep(for: cycle.lasts)
            try await world.startGateway(index)
        case .fullDisk(let restarting):
            try world.disk?.fill()
            if restarting { try await restart() }
            try await Task.sleep(for: cycle.lasts)
            world.disk?.free()
        case .clock(let seconds, let restarting):
            try world.clock?.set(seconds: seconds)
            if restarting { try await restart() }
            try await Task.sleep(for: cycle.lasts)
            try world.clock?.set(seconds: 0)
        }
    }

    private func restart() async throws {
        try await Task.sleep(for: .milliseconds(200))
        world.controller.kill()
        try world.controller.start()
    }

    /// Starts what ended by itself, and says so unless it had to.
    private func supervise() async throws {
        while true {
            if let status = world.controller.takeUnexpectedEnd() {
                // To refuse is all right where nothing can be written, to crash is not.
                if let disk = world.disk, disk.wasFull(within: .seconds(5)), status == 1 {
                    report.withLock { $0.refusedStarts += 1 }
                    diary.write("the controller refuses to start: \(world.controller.logEnd)")
                } else {
                    violations.note(
                        "RUNNING",
                        "the controller ended by itself with \(status): \(world.controller.logEnd)")
                }
                try await Task.sleep(for: .milliseconds(200))
                try world.controller.start()
            }
            for (index, gateway) in world.gateways.enumerated() {
                guard let status = gateway.takeUnexpectedEnd() else { continue }
                violations.note(
                    "RUNNING", "\(gateway.name) ended by itself with \(status): \(gateway.logEnd)")
                try await world.startGateway(index)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    // MARK: People

    /// Asks for one version after another until it is cancelled.
    /// - Returns: the one that was asked for last.
    private func ask(for versions: [SoakVersion]) async throws -> SoakVersion {
        var newest = versions[0]
        do {
            for version in versions.dropFirst() {
                diary.write("asked: \(version.rollout) \(version.name), \(version.quality)")
                newest = version
                try await world.ask(for: version)
                report.withLock { $0.versionsAsked += 1 }
                var mayGoOn = version.isOvertaken
                while !mayGoOn {
                    try await Task.sleep(for: .milliseconds(50))
                    mayGoOn = try await world.hasEnded(version)
                }
                try await Task.sleep(for: version.pause)
            }
        } catch is CancellationError {
            // What was on its way to be asked for is asked for, or the end would wait in vain.
            let last = newest
            try await Task { try await world.ask(for: last) }.value
        }
        return newest
    }

    /// - Throws: when it is not so in time.
    func wait(
        _ what: String, within limit: Duration, _ isSo: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !isSo() {
            guard ContinuousClock.now < deadline else {
                throw DemoFailure(description: "not after \(limit): \(what)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
