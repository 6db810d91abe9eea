import NIOCore
import NIOHTTP1
import RolloutCore

/// Answers the requests of one event loop. Nothing here is shared with other loops but the route
/// table, the counters and the sink. Bound to its loop.
final class DataPlane {
    let loop: any EventLoop
    let region: RegionName
    let table: RouteTable
    let sink: any ObservationSink
    let metrics: GatewayMetrics
    let limits: GatewayLimits
    var draining = false
    private var live: [Endpoint: UpstreamPool] = [:]
    /// Apart from `live`, so that copies never take a connection from callers.
    private var mirrors: [Endpoint: UpstreamPool] = [:]

    /// Pools of endpoints that routes no longer name are dropped beyond this many.
    private static let poolsKept = 64

    init(
        loop: any EventLoop, region: RegionName, table: RouteTable, sink: any ObservationSink,
        metrics: GatewayMetrics, limits: GatewayLimits
    ) {
        self.loop = loop
        self.region = region
        self.table = table
        self.sink = sink
        self.metrics = metrics
        self.limits = limits
    }

    func answer(_ request: WholeRequest, _ reply: @escaping (WholeResponse) -> Void) {
        guard let path = InferencePath(request.head.uri) else {
            metrics.count(.badRequest)
            return reply(.error(.notFound, "the Open Inference Protocol has no such path"))
        }
        switch (request.head.method, path) {
        case (.POST, .infer(let rollout, let version)):
            guard let served = served(rollout, reply) else { return }
            infer(request, served, version: version, reply)
        case (.GET, .server):
            reply(WholeResponse(.ok, json: #"{"name":"gatewright","version":"2","extensions":[]}"#))
        case (.GET, .live): reply(WholeResponse(.ok, json: #"{"live":true}"#))
        case (.GET, .ready):
            reply(
                WholeResponse(
                    draining ? .serviceUnavailable : .ok, json: "{\"ready\":\(!draining)}"))
        case (.GET, .model(let rollout, let version)):
            guard let served = served(rollout, reply) else { return }
            describe(served, version, suffix: "", request, reply)
        case (.GET, .modelReady(let rollout, let version)):
            guard let served = served(rollout, reply) else { return }
            describe(served, version, suffix: "/ready", request, reply)
        default:
            metrics.count(.badRequest)
            reply(.error(.methodNotAllowed, "POST for infer, GET for everything else"))
        }
    }

    private func served(
        _ rollout: String, _ reply: (WholeResponse) -> Void
    ) -> ServedRoute? {
        if let served = table.served(rollout) { return served }
        metrics.count(.unknownRollout)
        reply(.error(.notFound, "no route for \"\(rollout)\" in region \(region)"))
        return nil
    }

    private func infer(
        _ request: WholeRequest, _ served: ServedRoute, version: String?,
        _ reply: @escaping (WholeResponse) -> Void
    ) {
        guard !request.head.headers.contains(name: "inference-header-content-length") else {
            metrics.count(.badRequest)
            return reply(.error(.unsupportedMediaType, "binary tensors are not read; send JSON"))
        }
        let body = request.body ?? ByteBuffer()
        let parsed: InferenceRequest
        do {
            parsed = try InferenceRequest(body)
        } catch {
            metrics.count(.badRequest)
            return reply(.error(.badRequest, "\(error)"))
        }
        let exchange = InferenceExchange(
            plane: self, served: served, head: request.head, body: body, parsed: parsed,
            arrived: request.arrived, reply: reply)
        guard let version else { return exchange.start() }
        guard let target = served.target(version: version) else {
            metrics.count(.badRequest)
            return reply(
                .error(.notFound, "version \"\(version)\" of \(served.rollout) is not served here"))
        }
        exchange.start(as: target)
    }

    /// Passes a question about a version on, to stable when none is named.
    private func describe(
        _ served: ServedRoute, _ version: String?, suffix: String, _ request: WholeRequest,
        _ reply: @escaping (WholeResponse) -> Void
    ) {
        let named = version.map { served.target(version: $0) } ?? served.stable
        guard let target = named else {
            return reply(
                .error(
                    .notFound,
                    "version \"\(version ?? "")\" of \(served.rollout) is not served here"))
        }
        let question = UpstreamRequest(
            method: .GET, path: target.modelPath + suffix,
            headers: ForwardedHeaders.passed(request.head.headers), body: nil,
            deadline: .now() + limits.upstreamTime.amount, answerBytesMax: limits.bodyBytes)
        ask(target.endpoint, question) { result in
            switch result {
            case .success(let answer):
                reply(
                    WholeResponse(
                        answer.status, headers: ForwardedHeaders.passed(answer.headers),
                        body: answer.body))
            case .failure(let failure):
                reply(.error(failure == .timeout ? .gatewayTimeout : .badGateway, "\(failure)"))
            }
        }
    }

    func ask(
        _ endpoint: Endpoint, _ request: UpstreamRequest,
        done: @escaping (UpstreamResult) -> Void
    ) {
        let pool =
            live[endpoint]
            ?? makePool(
                endpoint, in: &live, connections: limits.upstreamConnections,
                queue: limits.upstreamQueue, queueBytes: 16 * limits.bodyBytes)
        pool.send(request, done: done)
    }

    func mirror(
        _ endpoint: Endpoint, _ request: UpstreamRequest,
        sending: @escaping (inout UpstreamRequest) -> Void,
        done: @escaping (UpstreamResult) -> Void
    ) {
        let pool =
            mirrors[endpoint]
            ?? makePool(
                endpoint, in: &mirrors, connections: limits.mirrorConnections,
                queue: limits.mirrorQueue, queueBytes: limits.mirrorQueueBytes)
        pool.send(request, sending: sending, done: done)
    }

    private func makePool(
        _ endpoint: Endpoint, in pools: inout [Endpoint: UpstreamPool], connections: Int,
        queue: Int, queueBytes: Int
    ) -> UpstreamPool {
        if pools.count >= Self.poolsKept { pools = pools.filter { !$0.value.isUnused } }
        let pool = UpstreamPool(
            loop: loop, endpoint: endpoint,
            limits: .init(
                connections: connections, queue: queue, queueBytes: queueBytes,
                connectTime: limits.connectTime.amount, idleTime: limits.upstreamIdleTime.amount))
        pools[endpoint] = pool
        return pool
    }

    func close() {
        for pool in live.values { pool.close() }
        for pool in mirrors.values { pool.close() }
        live = [:]
        mirrors = [:]
    }
}
