import NIOCore
import NIOHTTP1
import NIOPosix

@testable import Gateway

/// A caller of the gateway with its own connections.
final class Caller: Sendable {
    struct Reply: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: String

        func stamp(_ name: String) -> String? { headers.first(name: "x-gatewright-\(name)") }
    }

    private let loop: any EventLoop
    private let pool: NIOLoopBound<UpstreamPool>

    init(port: Int?) async throws {
        guard let port, let endpoint = Endpoint("http://127.0.0.1:\(port)") else {
            throw UpstreamFailure.closed
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        self.loop = loop
        pool = try await loop.submit {
            NIOLoopBound(
                UpstreamPool(
                    loop: loop, endpoint: endpoint,
                    limits: .init(
                        connections: 32, queue: 100_000, queueBytes: .max, connectTime: .seconds(2),
                        idleTime: .seconds(60))), eventLoop: loop)
        }.get()
    }

    static let body = #"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1.5]}]}"#

    func ask(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = [:], body: String? = nil,
        within seconds: Int64 = 10
    ) async throws -> Reply {
        let request = UpstreamRequest(
            method: method, path: path, headers: headers, body: body.map { ByteBuffer(string: $0) },
            deadline: .now() + .seconds(seconds), answerBytesMax: 64 * 1024 * 1024)
        let answer = try await loop.flatSubmit { [pool, loop] in
            let promise = loop.makePromise(of: UpstreamAnswer.self)
            pool.value.send(request) { promise.completeWith($0.mapError { $0 }) }
            return promise.futureResult
        }.get()
        return Reply(
            status: Int(answer.status.code), headers: answer.headers,
            body: String(buffer: answer.body))
    }

    func infer(
        _ rollout: String = "m", user: String? = nil, id: String? = nil, version: String? = nil
    ) async throws -> Reply {
        let named = id.map { #"{"id":"\#($0)","# + Self.body.dropFirst() } ?? Self.body
        let path = version.map { "/versions/\($0)" } ?? ""
        return try await ask(
            .POST, "/v2/models/\(rollout)\(path)/infer",
            headers: user.map { ["x-user": $0] } ?? [:], body: named)
    }
}

/// Sends bytes as they are and collects what comes back until the connection ends.
enum RawCaller {
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var text = ByteBuffer()
        private let done: EventLoopPromise<String>

        init(done: EventLoopPromise<String>) { self.done = done }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var part = unwrapInboundIn(data)
            text.writeBuffer(&part)
        }

        func channelInactive(context: ChannelHandlerContext) { done.succeed(String(buffer: text)) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    /// - Returns: what was answered, or `nil` when the connection is still open in the end.
    static func send(
        _ bytes: [UInt8], to port: Int?, closing: Bool = false, within seconds: Int64 = 5
    ) async throws -> String? {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let done = loop.makePromise(of: String.self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(done: done))
                }
            }
            .connect(host: "127.0.0.1", port: port ?? 0).get()
        try? await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        if closing { try? await channel.close().get() }
        let late = loop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
        let answer = try await done.futureResult.get()
        late.cancel()
        let wasOpen = (try? await late.futureResult.get()) != nil
        return wasOpen ? nil : answer
    }
}
