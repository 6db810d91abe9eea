import ArgumentParser
import AsyncHTTPClient
import ControlServer
import Foundation
import Gateway
import Git
import History
import Identity
import Ledger
import Logging
import Reconciler
import RolloutCore
import RolloutFiles
import Secrets
import ServiceLifecycle
import Signals
import Traffic
import UnixSignals

/// A controller, put together from its configuration. The only place that knows every type.
struct ControllerAssembly {
    struct Options {
        var timeScale: Int64 = 1
        /// Kills the process after so many effects; for crash tests.
        var crashAfterEffects: Int?
        var listenPort: Int?
    }

    let reconciler: Reconciler
    let ledger: Ledger
    private let server: ControlServer
    private let poller: Poller
    private let gateways: [GatewayServer]
    private let client: HTTPClient
    private let log: Logger

    init(
        _ settings: ControllerConfiguration, options: Options, log: Logger
    ) async throws {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: GatewayAdminRouter.clientConfiguration)
        do {
            try await self.init(settings, options: options, client: client, log: log)
        } catch {
            // A client that is dropped while it is open ends the program, whatever is wrong.
            try? await client.shutdown()
            throw error
        }
    }

    private init(
        _ settings: ControllerConfiguration, options: Options, client: HTTPClient, log: Logger
    ) async throws {
        self.client = client
        self.log = log
        let data = settings.dataDirectory
        try FileManager.default.createDirectory(
            atPath: data, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let opened = try HistoryStore.open(directory: data)
        for warning in opened.warnings { log.warning("\(warning)") }
        let observatory = Observatory(disk: opened.store)
        let key = try ControllerKey.take(settings.identity, data: data, log: log)
        let quarantine = FileQuarantine(folder: data, log: log)
        ledger = try await Self.ledger(settings, data: data, key: key, parse: quarantine.parse)
        let (gateways, routers) = try await Self.routers(
            settings, ledger, observatory: observatory, client: client, log: log)
        self.gateways = gateways
        var configuration = Reconciler.Configuration()
        configuration.timeScale = options.timeScale
        configuration.retention = settings.limits.retention
        // Two polls may fail to be in time, and a fetch takes 30 s at the most.
        let poll = min(settings.poll, TimeSpan(milliseconds: .max / 4))
        configuration.syncMaxAge = poll + poll + poll + .seconds(30)
        if !settings.people.isEmpty {
            configuration.signPageAnswer = { try PageApproval.make($0, by: $1, at: $2, key: key) }
        }
        if options.timeScale > 1 { configuration.routerInterval = .seconds(1) }
        if let crash = options.crashAfterEffects {
            configuration.afterEffect = CrashCounter(crash).count
        }
        reconciler = try Reconciler(
            ledger: ledger, disk: opened.store, observatory: observatory, routers: routers,
            clock: WallClock.controller, configuration: configuration,
            ordersPath: data + "/orders.json", log: log, report: { _ in })
        poller = Poller(reconciler: reconciler, interval: settings.poll)
        server = try ControlServer(
            configuration: ControlServer.Configuration(
                host: settings.listen.host, port: options.listenPort ?? settings.listen.port,
                token: try settings.listen.tokenFile.map(LiveSecret.named),
                people: try Self.people(settings.people),
                webhookSecret: try settings.webhookSecretFile.map(LiveSecret.named)),
            backend: .controller(reconciler, observatory, opened.store, poller), logger: log)
    }

    /// Runs until it is told to stop; a pass that is under way ends first.
    func run() async throws {
        try await reconciler.restore()
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: server), .init(service: poller),
                    .init(service: ReconcileService(reconciler: reconciler)),
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: log))
        do {
            try await group.run()
        } catch {
            await shutdown()
            throw error
        }
        await shutdown()
    }

    private func shutdown() async {
        for gateway in gateways { await gateway.shutdown() }
        try? await client.shutdown()
    }

    // MARK: Parts

    private static func people(
        _ people: [ControllerConfiguration.Person]
    ) throws -> [String: LiveSecret] {
        var tokens: [String: LiveSecret] = [:]
        for person in people {
            guard
                tokens.updateValue(
                    try .named(person.tokenFile), forKey: person.principal) == nil
            else { throw ValidationError("\(person.principal) is named twice in spec.people") }
        }
        return tokens
    }

    private static func ledger(
        _ settings: ControllerConfiguration, data: String, key: PrivateKey,
        parse: @escaping Ledger.FileParser
    ) async throws -> Ledger {
        let isLocal = settings.repository.url == "."
        let repository =
            isLocal
            ? try GitRepository(opening: ".")
            : try GitRepository(openingOrCreatingBareAt: data + "/repository.git")
        let branch = settings.repository.branch
        if let other = settings.repository.stateBranch, other != branch {
            throw ValidationError(
                "spec.repository.stateBranch is \(other): decisions on a branch of their own are "
                    + "not supported yet; leave it out, or write \(branch)")
        }
        let remote =
            isLocal
            ? nil
            : try GitRemote(
                url: settings.repository.url, branch: branch,
                credential: try credential(settings.repository.credential),
                knownHosts: settings.repository.credential?.knownHosts)
        return try Ledger(
            repository: repository, remote: remote, branch: branch,
            worker: RemoteWorker(executable: Executable.path),
            author: try CommitAuthor(name: "gatewright", email: settings.identity.name),
            writer: RecordWriter(
                name: settings.identity.name, key: key.publicKey.fingerprint,
                started: WallClock.now(), software: Build.software, build: BuildID.current),
            key: key, parse: parse)
    }

    private static func credential(
        _ credential: ControllerConfiguration.Credential?
    ) throws -> GitCredential {
        guard let credential else { return .none }
        let user = credential.user ?? "git"
        switch credential.secret {
        case .tokenFile(let path):
            return .token(user: user, token: Secret(try .named(path)))
        case .sshKeyFile(let path):
            return .sshKey(user: user, keyPath: path, passphrase: nil)
        case .sshAgent: return .sshAgent(user: user)
        }
    }

    /// The regions that embedded gateways have to serve.
    private static func firstSnapshot(_ ledger: Ledger) async throws -> Set<RegionName> {
        guard let tip = await ledger.sync().tip else { return [] }
        let snapshot = try await Snapshot.read(ledger, at: tip, after: nil)
        return snapshot.rollouts.values.reduce(into: []) { regions, rollout in
            if case .asked(let ask) = rollout.request { regions.formUnion(ask.plan.regions) }
        }
    }

    private static func routers(
        _ settings: ControllerConfiguration, _ ledger: Ledger, observatory: Observatory,
        client: HTTPClient, log: Logger
    ) async throws -> ([GatewayServer], [RouterName: any TrafficRouter]) {
        var gateways: [GatewayServer] = []
        var routers: [RouterName: any TrafficRouter] = [:]
        var configured = settings.routers
        if configured.isEmpty {
            configured[try RouterName("gateway")] = .embedded(port: 8_080)
        }
        for (name, router) in configured.sorted(by: { $0.key < $1.key }) {
            switch router {
            case .gateway(let sites, let tokenFile):
                let token = try tokenFile.map(LiveSecret.named)
                routers[name] = GatewayAdminRouter(
                    sites: sites.mapValues { GatewayAdminRouter.Site(url: $0, token: token) },
                    client: client)
            case .embedded(let port):
                // Only here does a start wait for git: a restarted controller that owes a step
                // back must not.
                let regions = (try? await firstSnapshot(ledger)) ?? []
                let (servers, router) = try await EmbeddedGateways.start(
                    regions: regions.sorted(), firstPort: port,
                    stateDirectory: settings.dataDirectory, observatory: observatory, log: log)
                gateways += servers
                routers[name] = router
            }
        }
        return (gateways, routers)
    }
}

/// Runs the loop as one of the services that stop together.
private struct ReconcileService: Service {
    let reconciler: Reconciler

    func run() async throws {
        await cancelWhenGracefulShutdown { await reconciler.run() }
    }
}

/// This program, for the helper process that talks to git remotes.
enum Executable {
    static var path: String {
        let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return link ?? CommandLine.arguments.first ?? "gatewright"
    }
}
