import Foundation
import Identity
import ReferenceFleet
import RolloutCore
import RolloutFiles

/// The processes of a soak and what they stand on: all real, all on this machine.
final class SoakWorld: Sendable {
    let directory: String
    let remote: BareRemote
    let daemon: GitDaemon
    let controller: SoakProcess
    let gateways: [SoakProcess]
    /// `nil` when that fault is left out.
    let clock: FalseClock?
    let disk: SmallDisk?
    private let files: SoakFiles
    private let models: ModelServer
    private let controllerPort: Int
    private let gatewayPorts: [Int]
    private let adminPorts: [Int]

    static let rollouts = ["scorer", "ranker"]
    static let regions = ["eu", "us"]
    /// Soaks of an hour take a tenth of a second.
    static let timeScale = 36_000

    /// - Parameters:
    ///   versions: all that may be asked for; the first of each rollout is asked for at once.
    ///   artifact: of the model that every version is.
    init(
        directory: String, faults: [SoakFault], cycles: Int, versions: [SoakVersion],
        artifact: String, pool: TransferPool
    ) async throws {
        self.directory = directory
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        let ports = try FreePorts.take(2 + 2 * Self.regions.count)
        controllerPort = ports[1]
        gatewayPorts = Array(ports[2..<2 + Self.regions.count])
        adminPorts = Array(ports.suffix(Self.regions.count))
        clock = faults.contains(.clock) ? try FalseClock(file: "\(directory)/clock") : nil
        remote = try BareRemote(path: "\(directory)/remote.git")
        daemon = try GitDaemon(serving: directory, port: ports[0])
        models = try await ModelServer.start(
            try Self.models(versions, artifact: artifact, pool: pool))
        let key = try ControllerKey.make(
            at: "\(directory)/keys/controller", name: SoakFiles.controllerName)
        files = SoakFiles(
            modelPort: models.port,
            signer: ControllerKey.signerLine(SoakFiles.controllerName, key.publicKey))
        controller = SoakProcess(
            "controller",
            [
                "run", "--config", "\(directory)/gatewright.yaml", "--time-scale",
                "\(Self.timeScale)",
            ], directory: directory, adding: clock?.variables ?? [:])
        let controllerURL = "http://127.0.0.1:\(controllerPort)"
        gateways = zip(Self.regions, zip(gatewayPorts, adminPorts)).map { region, ports in
            SoakProcess(
                "gateway-\(region)",
                [
                    "gateway", "--region", region, "--port", "\(ports.0)", "--admin-port",
                    "\(ports.1)", "--observations", controllerURL, "--state",
                    "\(directory)/routes-\(region).json",
                ], directory: directory)
        }
        // Last, because a world that could not be made takes nothing away again.
        disk =
            faults.contains(.fullDisk)
            ? try await SmallDisk(
                at: "\(directory)/controller", megabytes: Self.megabytes(cycles),
                log: "\(directory)/mount.log") : nil
    }

    var controllerURL: String { "http://127.0.0.1:\(controllerPort)" }
    var controllerListens: Bool { LoopbackPort.listens(controllerPort) }
    var dataDirectory: String { "\(directory)/controller" }
    var gatewayURLs: [String] { gatewayPorts.map { "http://127.0.0.1:\($0)" } }

    /// What a cycle leaves behind, a first stock of git and SQLite, and the journal's reserve.
    private static func megabytes(_ cycles: Int) -> Int { 96 + cycles / 2 }

    private static func models(
        _ versions: [SoakVersion], artifact: String, pool: TransferPool
    ) throws -> [ServedModel] {
        let data = try Data(contentsOf: URL(fileURLWithPath: artifact))
        let model = try ServedModel.load(
            path: artifact, format: "xgboost-json", name: RolloutName("model"),
            version: VersionReference(
                version: VersionName("1"), digest: TrialWorld.digest(data)))
        let part = TrialWorld.spoiled(model, pool)
        return try versions.map { version in
            let wrong =
                switch version.quality {
                case .good: 0.0
                case .poor: 0.45
                case .awful: 0.95
                }
            return model.serving(
                try RolloutName(version.rollout), as: try SoakFiles.reference(version),
                fault: ServedFault(wrongAnswers: wrong).reaching(part))
        }
    }

    // MARK: Beginning and end

    func start(_ first: [SoakVersion]) async throws {
        try configuration.write(
            toFile: "\(directory)/gatewright.yaml", atomically: true, encoding: .utf8)
        try await remote.commit(try files.first(first))
        try await daemon.start()
        for index in gateways.indices { try await startGateway(index) }
        try controller.start()
    }

    private var configuration: String {
        let sites = zip(Self.regions, adminPorts).map { "\($0): \"http://127.0.0.1:\($1)\"" }
        return """
            apiVersion: gatewright.dev/v1
            kind: Controller
            spec:
              repository: {url: "git://127.0.0.1:\(daemon.port)/remote.git", branch: main}
              dataDirectory: "\(dataDirectory)"
              identity: {name: \(SoakFiles.controllerName), keyFile: "\(directory)/keys/controller"}
              poll: 400ms
              listen: {host: 127.0.0.1, port: \(controllerPort)}
              routers:
                gateway: {gateway: {\(sites.joined(separator: ", "))}}

            """
    }

    /// Kills what still runs, and takes the disk away.
    func end() async {
        for process in gateways + [controller] { process.retire() }
        daemon.stop()
        try? await models.shutdown()
        await disk?.unmount()
        clock?.remove()
    }

    // MARK: People

    func ask(for version: SoakVersion) async throws {
        try await remote.commit(try files.asking(for: version))
    }

    /// Whether a version is stable, or was taken back for good.
    func hasEnded(_ version: SoakVersion) async throws -> Bool {
        let state = try await remote.state(of: version.rollout)
        let isRefused = state.refused.contains {
            $0.reference.version.rawValue == version.name
        }
        return state.run == nil
            && (state.stable?.reference.version.rawValue == version.name || isRefused)
    }

    // MARK: Gateways

    /// Starts a gateway and waits until it answers on both of its ports.
    func startGateway(_ index: Int) async throws {
        let gateway = gateways[index]
        try gateway.start()
        let deadline = ContinuousClock.now + .seconds(30)
        while await table(index) == nil || !LoopbackPort.listens(gatewayPorts[index]) {
            guard ContinuousClock.now < deadline else {
                throw DemoFailure(description: "\(gateway.name) does not start: \(gateway.logEnd)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        gateway.isBack()
    }

    /// What a gateway says that it serves; `nil` while it does not answer.
    func table(_ index: Int) async -> WatchedGateway.Table? {
        struct Answer: Decodable {
            let routes: [Route]
            let tableVersion: Int
        }
        guard let url = URL(string: "http://127.0.0.1:\(adminPorts[index])/admin/v1/routes"),
            let data = await LoopbackHTTP.get(url),
            let answer = try? JSONDecoder().decode(Answer.self, from: data)
        else { return nil }
        return WatchedGateway.Table(version: answer.tableVersion, routes: answer.routes)
    }

    /// Every gateway as it is watched.
    var watched: [WatchedGateway] {
        get throws {
            try Self.regions.indices.map { index in
                WatchedGateway(
                    region: try RegionName(Self.regions[index]),
                    table: { await self.table(index) },
                    wasAway: {
                        let now = ContinuousClock.now
                        return self.gateways[index].wasAway(from: now - .seconds(30), to: now)
                    })
            }
        }
    }

    /// Whether every gateway serves exactly what the newest records say.
    func isSettled() async throws -> Bool {
        for index in gateways.indices {
            guard let table = await table(index) else { return false }
            for rollout in Self.rollouts {
                let state = try await remote.state(of: rollout)
                let region = try RegionName(Self.regions[index])
                guard let wanted = state.routes[region],
                    table.routes.filter({ $0.rollout == state.name }) == [wanted]
                else { return false }
            }
        }
        return true
    }
}
