package import Logging
import NIOConcurrencyHelpers
package import NIOCore
import NIOHTTP1
import NIOPosix
package import RolloutCore
package import Secrets

/// The embedded data plane of one region: splits, mirrors, records and falls back in front of
/// model servers that speak the Open Inference Protocol, version 2, over REST.
///
/// Several can run in one process. Each serves its last routes with or without a controller.
package final class GatewayServer: Sendable {
    package struct Configuration: Sendable {
        package var region: RegionName
        package var host: String
        /// 0 takes any free port.
        package var port: Int
        package var adminHost: String
        package var adminPort: Int
        /// Needed when the admin host is not the loopback interface.
        package var adminToken: LiveSecret?
        /// Where routes outlive the process; `nil` keeps them in memory only.
        package var statePath: String?
        package var limits: GatewayLimits

        package init(
            region: RegionName, host: String = "127.0.0.1", port: Int = 8080,
            adminHost: String = "127.0.0.1", adminPort: Int = 8081, adminToken: LiveSecret? = nil,
            statePath: String? = nil, limits: GatewayLimits = .init()
        ) {
            self.region = region
            self.host = host
            self.port = port
            self.adminHost = adminHost
            self.adminPort = adminPort
            self.adminToken = adminToken
            self.statePath = statePath
            self.limits = limits
        }
    }

    package enum StartFailure: Error, CustomStringConvertible {
        case openAdmin(host: String)
        case alreadyStarted

        package var description: String {
            switch self {
            case .openAdmin(let host):
                "the admin API would listen on \(host) without a token; set one, or use 127.0.0.1"
            case .alreadyStarted: "the gateway was started before; make a new one"
            }
        }
    }

    private struct Listeners {
        var data: any Channel
        var admin: any Channel
        var planes: [NIOLoopBound<DataPlane>]
    }

    private enum State {
        case new, starting, stopped
        case running(Listeners)
    }

    package let table: RouteTable
    private let configuration: Configuration
    private let sink: any ObservationSink
    private let group: any EventLoopGroup
    private let logger: Logger
    private let metrics: GatewayMetrics
    private let dataConnections: OpenConnections
    private let adminConnections: OpenConnections
    private let state = NIOLockedValueBox(State.new)

    /// - Parameter changed: told of each table that is served, like the log.
    /// - Throws: `RouteTableDamage` when the state file cannot be used.
    package init(
        _ configuration: Configuration, sink: any ObservationSink,
        logger: Logger = Logger(label: "gatewright.gateway"),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        changed: @escaping @Sendable (RouteTable.Change) -> Void = { _ in }
    ) throws {
        self.configuration = configuration
        self.sink = sink
        self.logger = logger
        self.group = group
        table = try RouteTable(
            region: configuration.region, statePath: configuration.statePath,
            routesMax: configuration.limits.routes
        ) { change in
            logger.notice("\(change)")
            changed(change)
        }
        metrics = GatewayMetrics(seriesMax: configuration.limits.metricSeries)
        dataConnections = OpenConnections(most: configuration.limits.connections)
        adminConnections = OpenConnections(most: configuration.limits.adminConnections)
    }

    /// Opens both listeners. Routes from the state file are served from the first request on.
    package func start() async throws {
        let isNew = state.withLockedValue { state in
            guard case .new = state else { return false }
            state = .starting
            return true
        }
        guard isNew else { throw StartFailure.alreadyStarted }
        let loopback = ["127.0.0.1", "::1", "localhost"]
        guard configuration.adminToken != nil || loopback.contains(configuration.adminHost) else {
            throw StartFailure.openAdmin(host: configuration.adminHost)
        }
        let planes = try await makePlanes()
        let data = try await listen(
            configuration.host, configuration.port, dataConnections,
            bodyBytesMax: configuration.limits.bodyBytes
        ) { loop in
            let plane = planes[ObjectIdentifier(loop)]?.value
            return { request, reply in
                guard let plane else { return reply(.error(.internalServerError, "no plane")) }
                plane.answer(request, reply)
            }
        }
        let adminPlane = AdminPlane(table: table, token: configuration.adminToken) { [self] in
            metricsText
        }
        do {
            let admin = try await listen(
                configuration.adminHost, configuration.adminPort, adminConnections,
                bodyBytesMax: configuration.limits.adminBodyBytes
            ) { loop in { adminPlane.answer($0, on: loop, $1) } }
            let listeners = Listeners(data: data, admin: admin, planes: Array(planes.values))
            state.withLockedValue { $0 = .running(listeners) }
            logger.info(
                "gateway of \(configuration.region) serves on port \(port ?? 0), admin on \(adminPort ?? 0), \(table.contents.routes.count) routes"
            )
        } catch {
            try? await data.close()
            throw error
        }
    }

    /// The port that callers use; `nil` while the gateway does not run.
    package var port: Int? { running?.data.localAddress?.port }
    package var adminPort: Int? { running?.admin.localAddress?.port }

    /// What `/metrics` says.
    package var metricsText: String {
        metrics.text(
            region: configuration.region, table: table.contents,
            connections: dataConnections.count, observations: sink.counts)
    }

    /// Stops listening, lets requests in flight finish, and passes observations on; each within
    /// `limits.drainTime`.
    package func shutdown() async {
        let listeners = state.withLockedValue { state -> Listeners? in
            defer { state = .stopped }
            if case .running(let listeners) = state { return listeners }
            return nil
        }
        guard let listeners else { return }
        let time = configuration.limits.drainTime
        let end = ContinuousClock.now + .milliseconds(time.milliseconds)
        try? await listeners.data.close()
        try? await listeners.admin.close()
        for plane in listeners.planes {
            plane.eventLoop.execute { plane.value.draining = true }
        }
        await dataConnections.drain(until: end)
        await adminConnections.drain(until: min(end, .now + .seconds(1)))
        for plane in listeners.planes {
            try? await plane.eventLoop.submit { plane.value.close() }.get()
        }
        await sink.flush(within: time)
    }

    private var running: Listeners? {
        state.withLockedValue { state in
            if case .running(let listeners) = state { return listeners }
            return nil
        }
    }

    private func makePlanes() async throws -> [ObjectIdentifier: NIOLoopBound<DataPlane>] {
        var planes: [ObjectIdentifier: NIOLoopBound<DataPlane>] = [:]
        for loop in group.makeIterator() {
            planes[ObjectIdentifier(loop)] = try await loop.submit { [self] in
                NIOLoopBound(
                    DataPlane(
                        loop: loop, region: configuration.region, table: table, sink: sink,
                        metrics: metrics, limits: configuration.limits), eventLoop: loop)
            }.get()
        }
        return planes
    }

    private func listen(
        _ host: String, _ port: Int, _ connections: OpenConnections, bodyBytesMax: Int,
        answering: @escaping @Sendable (any EventLoop) -> WholeRequestHandler.Answer
    ) async throws -> any Channel {
        let limits = configuration.limits
        let metrics = metrics
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard connections.admit(channel) else {
                    metrics.count(.connectionRefused)
                    return channel.close()
                }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(
                        withErrorHandling: false, withEncoderConfiguration: .init(),
                        withDecoderLimitConfiguration: limits.decoder)
                    try pipeline.addHandler(
                        WholeRequestHandler(
                            loop: channel.eventLoop, limits: limits, bodyBytesMax: bodyBytesMax,
                            metrics: metrics, answer: answering(channel.eventLoop)))
                }
            }
            .bind(host: host, port: port).get()
    }
}

extension RouteTable.Change: CustomStringConvertible {
    /// `scorer: 2.4.0 at 5%, mirrored 0% (generation 12); was 2.3.0 alone (generation 11)`
    package var description: String {
        "\(rollout): \(after?.spoken ?? "withdrawn"); was \(before?.spoken ?? "not served")"
    }
}
