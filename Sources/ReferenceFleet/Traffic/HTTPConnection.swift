import NIOCore
import NIOHTTP1
import NIOPosix

/// One keep-alive connection of a client, made when it is first needed and after each failure.
///
/// One request at a time: what a node does, and all that the generator needs of HTTP.
struct HTTPConnection {
    private let target: HTTPTarget
    private let deadline: TimeAmount
    private var channel: (any Channel)?

    init(target: HTTPTarget, deadline: TimeAmount) {
        self.target = target
        self.deadline = deadline
    }

    /// The answer's status, headers and body; any failure closes the connection.
    mutating func send(
        _ method: HTTPMethod, _ path: String, headers: HTTPHeaders = [:],
        body: ByteBuffer = ByteBuffer()
    ) async throws -> HTTPAnswer {
        do {
            let channel = try await connected()
            var head = HTTPRequestHead(
                version: .http1_1, method: method, uri: target.prefix + path, headers: headers)
            head.headers.replaceOrAdd(name: "host", value: "\(target.host):\(target.port)")
            head.headers.replaceOrAdd(name: "content-type", value: "application/json")
            head.headers.replaceOrAdd(name: "content-length", value: "\(body.readableBytes)")
            let promise = channel.eventLoop.makePromise(of: HTTPAnswer.self)
            let timeout = channel.eventLoop.scheduleTask(in: deadline) {
                channel.close(promise: nil)
            }
            defer { timeout.cancel() }
            // A channel that has closed meanwhile has no handler left that would fail the question,
            // and its caller would wait for ever.
            let written = channel.eventLoop.makePromise(of: Void.self)
            written.futureResult.whenFailure { promise.fail($0) }
            channel.writeAndFlush(
                HTTPQuestion(head: head, body: body, promise: promise), promise: written)
            return try await promise.futureResult.get()
        } catch {
            close()
            throw error
        }
    }

    mutating func close() {
        channel?.close(promise: nil)
        channel = nil
    }

    private mutating func connected() async throws -> any Channel {
        if let channel, channel.isActive { return channel }
        let made = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(deadline)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(QuestionHandler())
                }
            }
            .connect(host: target.host, port: target.port).get()
        channel = made
        return made
    }
}

struct HTTPAnswer: Sendable {
    let status: HTTPResponseStatus
    let headers: HTTPHeaders
    let body: ByteBuffer
}

private struct HTTPQuestion: Sendable {
    let head: HTTPRequestHead
    let body: ByteBuffer
    let promise: EventLoopPromise<HTTPAnswer>
}

/// The connection ended before the answer did.
struct ConnectionLost: Error {}

/// Writes a question, gathers its answer, fulfils its promise on every path.
private final class QuestionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = Never
    typealias OutboundIn = HTTPQuestion
    typealias OutboundOut = HTTPClientRequestPart

    private static let bodyBytesMax = 1_048_576

    private var waiting: EventLoopPromise<HTTPAnswer>?
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        let question = unwrapOutboundIn(data)
        guard waiting == nil, context.channel.isActive else {
            question.promise.fail(ConnectionLost())
            promise?.fail(ConnectionLost())
            return
        }
        waiting = question.promise
        context.write(wrapOutboundOut(.head(question.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(question.body))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(var part):
            guard body.readableBytes + part.readableBytes <= Self.bodyBytesMax else {
                context.close(promise: nil)
                return
            }
            body.writeBuffer(&part)
        case .end:
            guard let head, let promise = waiting else { return }
            waiting = nil
            if !head.isKeepAlive { context.close(promise: nil) }
            promise.succeed(HTTPAnswer(status: head.status, headers: head.headers, body: body))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        waiting?.fail(ConnectionLost())
        waiting = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
