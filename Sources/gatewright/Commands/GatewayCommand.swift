import ArgumentParser
import Foundation
import Gateway
import Logging
import NIOPosix
import RolloutCore
import Secrets
import ServiceLifecycle
import UnixSignals

struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Run the data plane of one region, apart from the controller.",
        discussion: """
            It splits and mirrors traffic as the controller asks, goes on with its last
            routes when the controller is away, and reports what it sees.

            EXAMPLES
              gatewright gateway --region eu-west --port 8080 --admin-port 8081 \\
                --observations http://controller:8090 \\
                --state /var/lib/gatewright/routes.json
            """)

    @Option(help: "The region it serves, such as eu-west.")
    var region: String

    @Option(help: "The interface that callers use.")
    var host: String = "127.0.0.1"

    @Option(help: "The port that callers use; 0 takes a free one.")
    var port: Int = 8080

    @Option(help: "The interface of the admin API. Other than loopback needs --admin-token-file.")
    var adminHost: String = "127.0.0.1"

    @Option(help: "The port of the admin API.")
    var adminPort: Int = 8081

    @Option(help: "A file with the token that the admin API wants to see.")
    var adminTokenFile: String?

    @Option(help: "The controller that observations go to, http://host:port.")
    var observations: String?

    @Option(help: "A file with the token for the controller.")
    var tokenFile: String?

    @Option(help: "Where routes outlive this process.")
    var state: String?

    func run() async throws {
        CoreDumps.forbid()
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        let log = Logger(label: "gatewright.gateway")
        let region: RegionName
        do { region = try RegionName(self.region) } catch {
            throw ValidationError("--region: \(error)")
        }
        let sink: any ObservationSink
        if let observations {
            guard
                let sender = ObservationSender(
                    controller: observations, token: try tokenFile.map(LiveSecret.named),
                    logger: log, group: MultiThreadedEventLoopGroup.singleton)
            else { throw ValidationError("--observations is http://host:port") }
            sink = sender
        } else {
            sink = ClosureSink { _ in }
        }
        let server = try GatewayServer(
            GatewayServer.Configuration(
                region: region, host: host, port: port, adminHost: adminHost,
                adminPort: adminPort, adminToken: try adminTokenFile.map(LiveSecret.named),
                statePath: state), sink: sink, logger: log)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: GatewayService(server: server))],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: log))
        try await group.run()
    }
}

private struct GatewayService: Service {
    let server: GatewayServer

    func run() async throws {
        try await server.start()
        try? await gracefulShutdown()
        await server.shutdown()
    }
}
