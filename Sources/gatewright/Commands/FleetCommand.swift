import ArgumentParser
import Foundation
import Logging
import ReferenceFleet
import RolloutCore
import RolloutFiles
import ServiceLifecycle
import UnixSignals

/// The reference workload: what the shipped rollouts serve.
struct FleetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Serve, drive and sample the reference workload.",
        subcommands: [ModelServerCommand.self, FleetTrafficCommand.self, FleetSample.self])
}

struct ModelServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve all versions of a rollout by the Open Inference Protocol v2.",
        discussion: """
            EXAMPLES
              gatewright fleet serve --rollout compression-selector --port 9101
            """)

    @Option(help: "The repository with rollouts/NAME/versions and artifacts.")
    var repository: String = "."

    @Option(help: "The rollout whose versions are served.")
    var rollout: String = "compression-selector"

    @Option(name: .customLong("port"), help: "A port; may be given several times.")
    var ports: [Int] = [9101]

    func run() async throws {
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        let models = try ServedVersions.load(repository: repository, rollout: rollout)
        let group = ServiceGroup(
            configuration: .init(
                services: ports.map { port in
                    .init(service: ModelServerService(models: models, port: port))
                }, gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "fleet")))
        try await group.run()
    }
}

private struct ModelServerService: Service {
    let models: [ServedModel]
    let port: Int

    func run() async throws {
        let server = try await ModelServer.start(models, port: port)
        try? await gracefulShutdown()
        try await server.shutdown()
    }
}

/// The versions of a rollout, loaded from the artifacts beside their files.
enum ServedVersions {
    static func load(repository: String, rollout: String) throws -> [ServedModel] {
        let folder = "\(repository)/rollouts/\(rollout)"
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/versions")
        return try files.filter { $0.hasSuffix(".yaml") }.sorted().map { file in
            let path = "rollouts/\(rollout)/versions/\(file)"
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(repository)/\(path)"))
            let parsed = ProjectFiles.parse(path: path, bytes: Array(data))
            guard case .version(let version)? = parsed.content else {
                throw ValidationError(parsed.diagnostics.map { "\($0)" }.joined(separator: "\n"))
            }
            return try ServedModel.load(
                path: "\(folder)/artifacts/\(version.version).json", format: version.format,
                name: version.model, version: version.reference)
        }
    }
}

struct FleetTrafficCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "traffic",
        abstract: "Send the fleet's requests through gateways, and its labels to a controller.",
        discussion: """
            Nodes stop asking while what they report is more than 2 s late: a machine that
            is too small for the rate gets fewer requests, and not labels that are too old.

            EXAMPLES
              gatewright fleet traffic --gateway http://127.0.0.1:8080 \\
                --controller http://127.0.0.1:8090 --rate 200
            """)

    @Option(name: .customLong("gateway"), help: "http://host:port; one for each region.")
    var gateways: [String]

    @Option(help: "http://host:port of the controller.")
    var controller: String

    @Option(help: "Requests a second, all regions together.")
    var rate: Double = 500

    @Option(help: "Everything random comes from it.")
    var seed: UInt64 = 1

    @Option(help: "Payloads that are measured before the first request.")
    var payloads: Int = 1_500

    func run() async throws {
        let traffic = try await FleetTraffic.measured(
            gateways: gateways, controller: controller, rate: rate, seed: seed, payloads: payloads)
        await traffic.run()
    }
}

extension FleetTraffic {
    /// Measures the payloads on this machine, and is then ready to run.
    static func measured(
        gateways: [String], controller: String, rate: Double, seed: UInt64, payloads: Int
    ) async throws -> FleetTraffic {
        func target(_ text: String) throws -> HTTPTarget {
            guard let target = HTTPTarget(text) else {
                throw ValidationError("\(text) is not http://host:port")
            }
            return target
        }
        var configuration = Configuration(
            gateways: try gateways.map(target), controller: try target(controller))
        configuration.rate = rate
        configuration.seed = seed
        configuration.reportsLateMax = 2
        let pool = try await TransferPool.measure(seed: seed, count: payloads)
        return FleetTraffic(configuration: configuration, pool: pool)
    }
}

struct FleetSample: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Write labelled rows for training, as CSV on standard output.",
        discussion: """
            The features are the ones that are served, the labels come from really
            running every transfer method on this machine.

            EXAMPLES
              gatewright fleet sample --rows 60000 --seed 7 > Training/rows.csv
            """)

    @Option(help: "How many rows.")
    var rows: UInt64 = 10_000

    @Option(help: "Everything random comes from it.")
    var seed: UInt64 = 1

    @Option(help: "Payloads that are measured.")
    var payloads: Int = 1_500

    func run() async throws {
        let pool = try await TransferPool.measure(seed: seed, count: payloads)
        let source = TrainingRows(pool: pool, seed: seed &+ 1)
        print(TrainingRows.header)
        for number in 0..<rows { print(source.row(number)) }
    }
}
