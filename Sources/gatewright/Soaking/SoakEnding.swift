import Audit
import Foundation
import Git
import History
import Ledger
import RolloutCore
import Synchronization

/// What is checked once everything is mended.
struct SoakEnding {
    private let director: SoakDirector
    private var world: SoakWorld { director.world }
    private var violations: ViolationLog { director.violations }

    init(_ director: SoakDirector) { self.director = director }

    /// Each rollout ends as it should, and every router serves what git says.
    func rollouts(_ asked: [SoakVersion]) async throws {
        for version in asked {
            do {
                try await director.wait("\(version.name) ends", within: .seconds(180)) {
                    try await world.hasEnded(version)
                }
            } catch let failure as DemoFailure {
                violations.note(
                    "40 LIVENESS",
                    "\(version.rollout) \(version.name): \(failure); "
                        + "the controller says: \(await why(version.rollout))")
            }
        }
        do {
            try await director.wait("routers serve what git says", within: .seconds(60)) {
                try await world.isSettled()
            }
        } catch let failure as DemoFailure {
            violations.note("42 CONVERGE", failure.description)
        }
    }

    private func why(_ rollout: String) async -> String {
        guard let url = URL(string: "\(world.controllerURL)/v1/rollouts/\(rollout)/why"),
            let data = await LoopbackHTTP.get(url)
        else { return "nothing" }
        return String(validating: data, as: UTF8.self) ?? ""
    }

    /// The history as an auditor checks it; then a controller has to come to the same from it alone.
    func whatWasLeft() async throws {
        for live in director.answers.candidates.subtracting(director.records.served) {
            violations.note(
                "3 SHADOW", "\(live.rollout) \(live.version) answered callers by no record")
        }
        try await stopController()
        try await audit()
        let index = try await indexOfGit()
        let kept = try Set(indexOfController())
        for wrong in kept.subtracting(index) {
            violations.note(
                "42 CONVERGE", "the index has \(wrong.rollout) #\(wrong.number), and git does not")
        }
        director.report.withLock { $0.indexGaps = Set(index).subtracting(kept).count }
        try await loseTheDisk(index)
    }

    private func stopController() async throws {
        guard let status = try await world.controller.terminate() else { return }
        if status != 0 {
            violations.note(
                "RUNNING",
                "the controller ended with \(status) when told to: \(world.controller.logEnd)")
        }
    }

    private func audit() async throws {
        director.diary.tell("auditing the history")
        for problem in try await world.remote.problems(of: SoakWorld.rollouts) {
            violations.note("8 CHAIN", problem)
        }
        guard let tip = try await world.remote.tip() else { return }
        let report = try await HistoryAudit(
            path: world.remote.path, worker: RemoteWorker(executable: Executable.path)
        ).run(tip: tip)
        for problem in report.problems { violations.note("16 REPLAY", problem.description) }
    }

    // MARK: A lost disk

    /// Starts a controller that has nothing but git, and expects it to change nothing.
    private func loseTheDisk(_ index: [DecisionEntry]) async throws {
        // A run that did not end goes on with the next controller, as it should.
        guard try await world.isSettled(), try await noneIsUnderWay() else { return }
        director.diary.tell("the controller loses its disk")
        let (tip, tables) = (try await world.remote.tip(), await tables())
        let files = FileManager.default
        for file in try files.contentsOfDirectory(atPath: world.dataDirectory) {
            try files.removeItem(atPath: "\(world.dataDirectory)/\(file)")
        }
        let reindex = try Child(
            Executable.path,
            [
                "reindex", "--data-directory", world.dataDirectory, "--repository",
                world.remote.path,
            ], log: "\(world.directory)/reindex.log")
        let status = try await reindex.waitForEnd(within: .seconds(120))
        if status != 0 { violations.note("42 CONVERGE", "reindex ended with \(status)") }
        try world.controller.start()
        do {
            try await director.wait("it knows every rollout again", within: .seconds(60)) {
                try await knowsAll()
            }
            // Long enough for a few looks at the remote and at every router.
            try await Task.sleep(for: .seconds(3))
        } catch let failure as DemoFailure {
            violations.note("42 CONVERGE", failure.description)
        }
        try await stopController()
        let now = try await world.remote.tip()
        if now != tip {
            violations.note(
                "42 CONVERGE",
                "without a disk it recorded \(now?.short ?? "nothing") upon \(tip?.short ?? "")")
        }
        if await self.tables() != tables {
            violations.note("42 CONVERGE", "without a disk it changed what gateways serve")
        }
        let rebuilt = try indexOfController()
        if rebuilt != index {
            violations.note(
                "42 CONVERGE",
                "the index rebuilt from git has \(rebuilt.count) decisions, git \(index.count), or "
                    + "they differ")
        }
    }

    private func noneIsUnderWay() async throws -> Bool {
        for rollout in SoakWorld.rollouts {
            guard try await world.remote.state(of: rollout).run == nil else { return false }
        }
        return true
    }

    private func tables() async -> [Set<Route>] {
        var tables: [Set<Route>] = []
        for index in world.gateways.indices {
            tables.append(Set(await world.table(index)?.routes ?? []))
        }
        return tables
    }

    private func knowsAll() async throws -> Bool {
        struct Status: Decodable {
            struct Rollout: Decodable {
                let rollout: String
                let decisions: Int
            }
            let halted: String?
            let rollouts: [Rollout]
        }
        guard let url = URL(string: "\(world.controllerURL)/v1/status"),
            let data = await LoopbackHTTP.get(url),
            let status = try? JSONDecoder().decode(Status.self, from: data), status.halted == nil
        else { return false }
        for known in status.rollouts {
            let recorded = try await world.remote.state(of: known.rollout).decisions
            guard known.decisions == recorded else { return false }
        }
        return Set(status.rollouts.map(\.rollout)) == Set(SoakWorld.rollouts)
    }

    // MARK: The index of decisions

    private func indexOfGit() async throws -> [DecisionEntry] {
        try await RecordedRepository(path: world.remote.path, branch: "main").index()
    }

    /// As the controller that was stopped has left it.
    private func indexOfController() throws -> [DecisionEntry] {
        let store = try HistoryStore.open(directory: world.dataDirectory).store
        defer { store.close() }
        return try SoakWorld.rollouts.sorted().flatMap { rollout in
            try store.decisions(of: RolloutName(rollout), limit: .max).reversed()
        }
    }
}
