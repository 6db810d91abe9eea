import Foundation
import History
import Ledger
import Logging
import Reconciler
import RolloutCore
import Signals
import Traffic

/// One life of a controller in a world.
final class Controller: Sendable {
    let world: World
    let history: HistoryStore
    let observatory: Observatory
    let reconciler: Reconciler
    private let loop: Task<Void, Never>
    private static let disk = "data"

    /// - Parameter disk: the folder that it keeps what it knows in; two at a time have two.
    init(
        in world: World, disk: String = Controller.disk,
        others: [RouterName: any TrafficRouter] = [:],
        configure: (inout Reconciler.Configuration) -> Void = { _ in }
    ) async throws {
        self.world = world
        history = try HistoryStore.open(directory: world.folder + "/" + disk).store
        observatory = Observatory(disk: history)
        let ledger = try world.ledger()
        // Another one's journal is closed while the first goes on.
        if disk == Self.disk { world.seen.watch(try world.ledger(), history) }
        var configuration = Reconciler.Configuration()
        // Nothing is fetched here but by a test, and time goes by in hours.
        configuration.syncMaxAge = .seconds(1_000_000)
        configuration.heartbeat = TimeSpan(milliseconds: 10)
        configuration.routerInterval = TimeSpan(milliseconds: 15)
        configuration.checkpointInterval = TimeSpan(milliseconds: 50)
        configure(&configuration)
        let reconciler = try Reconciler(
            ledger: ledger, disk: history, observatory: observatory,
            routers: [World.id("gateway"): world.router].merging(others) { $1 },
            clock: world.clock.controller, configuration: configuration,
            ordersPath: world.folder + "/\(disk)-orders.json",
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, report: { _ in })
        self.reconciler = reconciler
        try await reconciler.restore()
        await reconciler.sync()
        loop = Task { await reconciler.run() }
    }

    /// Ends this life. What was not on disk is lost.
    func stop() async {
        loop.cancel()
        await loop.value
        history.close()
    }

    var status: RolloutStatus? {
        get async { await reconciler.status(of: World.name) }
    }

    func step() async -> Int? { await status?.step }

    /// Waits for something that the loop does by itself.
    @discardableResult
    func until(
        _ what: String, _ holds: @Sendable (RolloutStatus) -> Bool
    ) async throws -> RolloutStatus {
        for _ in 0..<6_000 {
            if let status = await status, holds(status) { return status }
            try await Task.sleep(for: .milliseconds(5))
        }
        let why = await reconciler.why(World.name) ?? "unknown rollout"
        throw Trouble("never came: \(what); \(why)")
    }

    /// Waits for what comes after a soak. A soak begins when the controller has seen that every region
    /// serves the step, and that may be after the time has passed here: then it takes as long again.
    @discardableResult
    func until(
        _ what: String, soaking seconds: Int64, _ holds: @Sendable (RolloutStatus) -> Bool
    ) async throws -> RolloutStatus {
        for _ in 0..<5 {
            world.clock.pass(seconds: seconds)
            let end = ContinuousClock.now + .seconds(2)
            while ContinuousClock.now < end {
                if let status = await status, holds(status) { return status }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        return try await until(what, holds)
    }

    /// Some turns of the loop, in which nothing is to happen.
    func turns() async throws {
        for _ in 0..<8 {
            reconciler.wake()
            try await Task.sleep(for: .milliseconds(12))
        }
    }

    /// Answers of both arms, at the present generation.
    func feed(_ count: Int = 400, failing: Int = 0) async throws {
        guard let status = await status, let candidate = status.candidate,
            let stable = status.stable
        else { throw Trouble("no candidate") }
        let arm: Arm = status.stage == .shadow ? .mirror : .candidate
        let now = world.clock.now
        let batch = (0..<count).flatMap { index in
            [(arm, candidate, index >= failing), (.stable, stable, true)].map { arm, version, ok in
                Observation.prediction(
                    Prediction(
                        prediction: "\(status.generation)-\(now.milliseconds)-\(index)-\(arm)",
                        arm: arm, rollout: World.name,
                        region: index.isMultiple(of: 2) ? World.eu : World.us,
                        generation: status.generation, version: version, at: now,
                        latencyMicroseconds: 900, output: ok ? "yes" : nil, confidence: nil,
                        unit: UInt64(index)))
            }
        }
        _ = try await observatory.ingest(batch)
    }

    /// Brings the rollout to its first stage, and on to canary if asked.
    func reach(_ stage: StageKind) async throws {
        try await until("shadow") { $0.stage == .shadow }
        try await settled()
        guard stage == .canary else { return }
        try await feed()
        try await until("canary", soaking: 11) { $0.stage == .canary }
        try await settled()
    }

    /// Waits until routers serve what is recorded.
    func settled() async throws {
        try await until("routers as recorded") { status in
            [World.eu, World.us].allSatisfy { region in
                let served = self.world.router.served(in: region)
                return served?.generation == status.generation
                    && (status.stage == nil || served?.share == status.shares[region])
            }
        }
    }
}
