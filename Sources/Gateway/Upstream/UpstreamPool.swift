import NIOCore
import NIOHTTP1
import NIOPosix

/// The connections of one event loop to one endpoint for one purpose, bounded in number, and the
/// bounded queue of requests that wait for one. Bound to its loop.
final class UpstreamPool {
    struct Limits {
        var connections: Int
        var queue: Int
        var queueBytes: Int
        var connectTime: TimeAmount
        var idleTime: TimeAmount
    }

    private final class Waiting {
        var request: UpstreamRequest
        let sending: ((inout UpstreamRequest) -> Void)?
        var done: ((UpstreamResult) -> Void)?
        var retried = false
        var alarm: Scheduled<Void>?

        init(
            _ request: UpstreamRequest, sending: ((inout UpstreamRequest) -> Void)?,
            _ done: @escaping (UpstreamResult) -> Void
        ) {
            self.request = request
            self.sending = sending
            self.done = done
        }

        func finish(_ result: UpstreamResult) {
            alarm?.cancel()
            let done = done
            self.done = nil
            done?(result)
        }
    }

    private let loop: any EventLoop
    private let endpoint: Endpoint
    private let limits: Limits
    private var idle: [UpstreamConnection] = []
    private var open: [ObjectIdentifier: UpstreamConnection] = [:]
    private var connecting = 0
    private var queue: CircularBuffer<Waiting> = []
    private var queuedBytes = 0
    private var closed = false

    init(loop: any EventLoop, endpoint: Endpoint, limits: Limits) {
        self.loop = loop
        self.endpoint = endpoint
        self.limits = limits
    }

    /// Sends when a connection is free. `sending` is called when one is, and again if it has to be
    /// tried twice; it may put the deadline off. `done` is called exactly once. Both on the loop.
    func send(
        _ request: UpstreamRequest, sending: ((inout UpstreamRequest) -> Void)? = nil,
        done: @escaping (UpstreamResult) -> Void
    ) {
        guard !closed else { return done(.failure(.closed)) }
        submit(Waiting(request, sending: sending, done))
    }

    /// Whether nothing goes on here and nothing has for an idle time.
    var isUnused: Bool { open.isEmpty && connecting == 0 && queue.isEmpty }

    func close() {
        closed = true
        for waiting in queue { waiting.finish(.failure(.closed)) }
        queue.removeAll()
        for connection in open.values { connection.close() }
    }

    private func submit(_ waiting: Waiting) {
        while let connection = idle.popLast() {
            if connection.isUsable { return run(waiting, on: connection) }
        }
        let bytes = waiting.request.body?.readableBytes ?? 0
        guard queue.count < limits.queue, queuedBytes + bytes <= limits.queueBytes else {
            return waiting.finish(.failure(.busy))
        }
        queue.append(waiting)
        queuedBytes += bytes
        let bound = NIOLoopBound((self, waiting), eventLoop: loop)
        waiting.alarm = loop.scheduleTask(deadline: waiting.request.deadline) {
            let (pool, waiting) = bound.value
            pool.expire(waiting)
        }
        if open.count + connecting < limits.connections, connecting < queue.count { connect() }
    }

    private func expire(_ waiting: Waiting) {
        if let index = queue.firstIndex(where: { $0 === waiting }) {
            queue.remove(at: index)
            queuedBytes -= waiting.request.body?.readableBytes ?? 0
        }
        waiting.finish(.failure(.timeout))
    }

    private func run(_ waiting: Waiting, on connection: UpstreamConnection) {
        waiting.alarm?.cancel()
        waiting.sending?(&waiting.request)
        let reused = connection.answers > 0
        connection.send(waiting.request) { [self] connection, result in
            if connection.isUsable, !closed {
                idle.append(connection)
                serveQueue()
            }
            // A server may close an idle connection just as we write to it. Inference changes
            // nothing, so one more try does no harm even if the request was read.
            if case .failure(.closed) = result, reused, !waiting.retried, !closed {
                waiting.retried = true
                return submit(waiting)
            }
            waiting.finish(result)
        }
    }

    private func serveQueue() {
        while !queue.isEmpty, let connection = idle.popLast() {
            guard connection.isUsable else { continue }
            let waiting = queue.removeFirst()
            queuedBytes -= waiting.request.body?.readableBytes ?? 0
            run(waiting, on: connection)
        }
    }

    private func connect() {
        connecting += 1
        let authority = endpoint.authority
        let idleTime = limits.idleTime
        let bound = NIOLoopBound(self, eventLoop: loop)
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(limits.connectTime)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(
                        UpstreamConnection(
                            loop: channel.eventLoop, authority: authority, idleTime: idleTime))
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
            .whenComplete { result in
                bound.value.connected(
                    result.flatMap { channel in
                        Result {
                            try channel.pipeline.syncOperations.handler(
                                type: UpstreamConnection.self)
                        }
                    })
            }
    }

    private func connected(_ result: Result<UpstreamConnection, any Error>) {
        connecting -= 1
        switch result {
        case .success(let connection):
            guard !closed else { return connection.close() }
            open[ObjectIdentifier(connection)] = connection
            connection.onClose = { [self] connection in
                open[ObjectIdentifier(connection)] = nil
                idle.removeAll { $0 === connection }
                refill()
            }
            idle.append(connection)
            serveQueue()
        case .failure(let error):
            // One refused connection fails one request: the others have their own attempt.
            if !queue.isEmpty {
                let waiting = queue.removeFirst()
                queuedBytes -= waiting.request.body?.readableBytes ?? 0
                waiting.finish(.failure(.connect("\(error)")))
            }
            refill()
        }
    }

    /// Opens connections for requests that wait although there is room.
    private func refill() {
        guard !closed else { return }
        while connecting < queue.count, open.count + connecting < limits.connections { connect() }
    }
}
