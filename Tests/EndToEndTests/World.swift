import Foundation
import Gateway
import Ledger
import Logging
import Reconciler
import RolloutCore
import Synchronization

@testable import gatewright

/// A remote, two regions, callers, and controllers that may die: everything real, on loopback.
final class World: Sendable {
    let folder: String
    let remote: BareRemote
    let daemon: GitDaemon
    let gateways: [GatewayServer]
    let callers: Callers
    let watch: ExposureWatch
    let project: Project
    private let controllerPort: Int

    init(_ project: Project = Project(), calling: Bool = true) async throws {
        self.project = project
        folder =
            FileManager.default.temporaryDirectory.path + "/gatewright-e2e-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        remote = try BareRemote(path: folder + "/remote.git")
        try await remote.commit(project.files)
        daemon = try GitDaemon(serving: folder)
        try await daemon.start()
        var quiet = Logger(label: "gateway")
        quiet.logLevel = .critical
        var gateways: [GatewayServer] = []
        var watched: [WatchedGateway] = []
        for region in Project.regions {
            let told = ToldTables()
            let gateway = try GatewayServer(
                GatewayServer.Configuration(
                    region: RegionName(region), port: 0, adminPort: 0,
                    statePath: "\(folder)/routes-\(region).json"), sink: ClosureSink { _ in },
                logger: quiet, changed: { told.add(WatchedGateway.Table($0.contents)) })
            try await gateway.start()
            gateways.append(gateway)
            watched.append(gateway.watched(told))
        }
        self.gateways = gateways
        controllerPort = try FreePorts.take(1)[0]
        callers = Callers(gateways: gateways, controller: "http://127.0.0.1:\(controllerPort)")
        watch = ExposureWatch(
            gateways: watched, remote: remote, violations: ViolationLog(),
            interval: .milliseconds(1))
        watch.start()
        if calling { callers.start() }
    }

    /// A test that failed half-way leaves nothing running that slows the others down.
    deinit {
        callers.cancel()
        watch.cancel()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Ends everything, and checks what every test expects of the end of its story.
    func end() async throws -> ExposureWatch.Findings {
        await callers.stop()
        let findings = try await watch.stop()
        daemon.stop()
        for gateway in gateways { await gateway.shutdown() }
        return findings
    }

    // MARK: People

    func ask(for version: String, of rollout: String = "scorer") async throws {
        try await remote.commit([
            Project.spec(rollout): project.spec(of: rollout, asking: version)
        ])
    }

    // MARK: Controllers

    /// - Parameters:
    ///   - name: of its data directory; another one than the first has a port of its own.
    ///   - secrets: files with the tokens that it takes.
    func controller(
        _ name: String = "data", crashAfter: Int? = nil, secrets: Secrets? = nil
    ) throws -> Controller {
        let port = name == "data" ? controllerPort : try FreePorts.take(1)[0]
        let sites = gateways.map { "\($0.table.region): \"http://127.0.0.1:\($0.adminPort ?? 0)\"" }
        let token = secrets.map { ", tokenFile: \"\($0.api)\"" } ?? ""
        let others =
            secrets.map {
                """
                  webhook: {secretFile: "\($0.webhook)"}
                  people: [{principal: sam@x, tokenFile: "\($0.person)"}]

                """
            } ?? ""
        let configuration = """
            apiVersion: gatewright.dev/v1
            kind: Controller
            spec:
              repository: {url: "git://127.0.0.1:\(daemon.port)/remote.git", branch: main}
              dataDirectory: "\(folder)/\(name)"
              poll: 400ms
              listen: {host: 127.0.0.1, port: \(port)\(token)}
              routers:
                gateway: {gateway: {\(sites.joined(separator: ", "))}}

            """ + others
        let path = "\(folder)/\(name).yaml"
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
        var arguments = ["run", "--config", path, "--time-scale", "1000"]
        if let crashAfter { arguments += ["--crash-after-effects", "\(crashAfter)"] }
        return Controller(
            child: try Child(
                try Surroundings.gatewright(), arguments, log: "\(folder)/\(name).log"),
            url: "http://127.0.0.1:\(port)")
    }

    struct Secrets {
        let api: String
        let webhook: String
        let person: String
    }

    func log(of name: String = "data") throws -> String {
        try String(contentsOfFile: "\(folder)/\(name).log", encoding: .utf8)
    }

    // MARK: Routers

    /// The candidate's live share in each region, as gateways serve it.
    func shares(of rollout: String = "scorer") throws -> [Int] {
        let name = try RolloutName(rollout)
        return gateways.map { $0.table.route(name)?.share.basisPoints ?? 0 }
    }

    /// Whether gateways serve what the newest record says.
    func isSettled(_ rollout: String = "scorer") async throws -> Bool {
        let state = try await remote.state(of: rollout)
        return !state.routes.isEmpty
            && gateways.allSatisfy {
                $0.table.route(state.name) == state.routes[$0.table.region]
            }
    }

    /// Waits until a version is stable or taken back, and recorded as such.
    func chapterEnds(
        _ version: String, of rollout: String = "scorer", within limit: Duration = .seconds(60)
    ) async throws {
        try await eventually("\(rollout) \(version) ends", within: limit) {
            let state = try await remote.state(of: rollout)
            return state.run == nil
                && (state.stable?.reference.version.rawValue == version
                    || state.refused.contains { $0.reference.version.rawValue == version })
        }
    }

    func candidateIsServed(
        at basisPoints: Int, of rollout: String = "scorer", within limit: Duration = .seconds(30)
    ) async throws {
        try await eventually("\(rollout) is served at \(basisPoints) bp", within: limit) {
            try shares(of: rollout).allSatisfy { $0 == basisPoints }
        }
    }
}

extension GatewayServer {
    /// In this process, and never away: it tells of each table, also of one that stands for less time
    /// than there is between two looks of a busy machine.
    fileprivate func watched(_ told: ToldTables) -> WatchedGateway {
        WatchedGateway(
            region: table.region, table: { WatchedGateway.Table(self.table.contents) },
            told: told.take)
    }
}

/// What a gateway told of its tables, for whoever looks.
final class ToldTables: Sendable {
    private let tables = Mutex<[WatchedGateway.Table]>([])

    func add(_ table: WatchedGateway.Table) { tables.withLock { $0.append(table) } }

    /// Later ones stay: they came while somebody looked, and are for the next look.
    @Sendable func take(upTo version: Int) -> [WatchedGateway.Table] {
        tables.withLock { tables in
            let taken = tables.prefix { $0.version <= version }
            tables.removeFirst(taken.count)
            return Array(taken)
        }
    }
}

extension WatchedGateway.Table {
    fileprivate init(_ contents: RouteTable.Contents) {
        self.init(version: contents.version, routes: Array(contents.routes.values))
    }
}

/// Most tests have one rollout.
extension BareRemote {
    func state() async throws -> RolloutState { try await state(of: "scorer") }
    func records() async throws -> [DecisionRecord] { try await records(of: "scorer") }
    func problems() async throws -> [String] { try await problems(of: ["scorer"]) }
}

/// One life of a controller.
struct Controller {
    let child: Child
    let url: String

    func status() async throws -> ControllerStatus? {
        guard let answer = try? await Web.get(url + "/v1/status"), answer.status == 200 else {
            return nil
        }
        return try JSONDecoder().decode(ControllerStatus.self, from: Data(answer.body))
    }

    func why(_ rollout: String = "scorer") async throws -> String {
        try await Web.get("\(url)/v1/rollouts/\(rollout)/why").text
    }

    /// As a forge does after a merge.
    func wake() async throws { _ = try await Web.post(url + "/v1/webhook", []) }

    func isUp() async throws { try await eventually("it answers") { try await status() != nil } }
}
