import NIOConcurrencyHelpers
package import NIOCore
package import NIOHTTP1
import NIOPosix

/// An HTTP/1.1 server of whole requests and whole answers, kept alive.
package final class HTTPListener: Sendable {
    /// Bodies above this are answered with 413.
    package static let bodyBytesMax = 4_194_304

    package struct Request: Sendable {
        package let method: HTTPMethod
        package let path: String
        package let headers: HTTPHeaders
        package let body: ByteBuffer
    }

    package struct Response: Sendable {
        package let status: HTTPResponseStatus
        package let headers: HTTPHeaders
        package let body: ByteBuffer
        /// How long the client is left waiting for it.
        package let delay: TimeAmount

        package init(
            status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer(),
            delay: TimeAmount = .zero
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.delay = delay
        }
    }

    private let channel: any Channel
    private let open: NIOLockedValueBox<[ObjectIdentifier: any Channel]>

    private init(
        channel: any Channel, open: NIOLockedValueBox<[ObjectIdentifier: any Channel]>
    ) {
        self.channel = channel
        self.open = open
    }

    /// Port 0 asks for any free port; see `port`. `respond` runs on an event loop and must not
    /// block.
    package static func start(
        host: String, port: Int, respond: @escaping @Sendable (Request) -> Response
    ) async throws -> HTTPListener {
        let open = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { child in
                open.withLockedValue { $0[ObjectIdentifier(child)] = child }
                child.closeFuture.whenComplete { _ in
                    open.withLockedValue { $0[ObjectIdentifier(child)] = nil }
                }
                return child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    try child.pipeline.syncOperations.addHandler(ExchangeHandler(respond))
                }
            }
        let channel = try await bootstrap.bind(host: host, port: port).get()
        return HTTPListener(channel: channel, open: open)
    }

    package var port: Int { channel.localAddress?.port ?? 0 }

    /// Stops listening and drops the connections that are open.
    package func shutdown() async throws {
        try await channel.close().get()
        for child in open.withLockedValue({ Array($0.values) }) { child.close(promise: nil) }
    }
}

/// Gathers one request, asks for its answer, writes it.
private final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let respond: @Sendable (HTTPListener.Request) -> HTTPListener.Response
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var isTooLarge = false

    init(_ respond: @escaping @Sendable (HTTPListener.Request) -> HTTPListener.Response) {
        self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
            isTooLarge = false
        case .body(var part):
            isTooLarge =
                isTooLarge
                || body.readableBytes + part.readableBytes > HTTPListener.bodyBytesMax
            if !isTooLarge { body.writeBuffer(&part) }
        case .end:
            guard let head else { return }
            let request = HTTPListener.Request(
                method: head.method, path: head.uri, headers: head.headers, body: body)
            let response =
                isTooLarge
                ? HTTPListener.Response(status: .payloadTooLarge) : respond(request)
            if response.delay == .zero {
                return write(response, keepAlive: head.isKeepAlive, context: context)
            }
            // The pipeline handler lets no further request in before this one is answered.
            context.eventLoop.assumeIsolated().scheduleTask(in: response.delay) {
                guard context.channel.isActive else { return }
                self.write(response, keepAlive: head.isKeepAlive, context: context)
            }
        }
    }

    private func write(
        _ response: HTTPListener.Response, keepAlive: Bool, context: ChannelHandlerContext
    ) {
        var headers = response.headers
        headers.replaceOrAdd(name: "content-length", value: "\(response.body.readableBytes)")
        if !keepAlive { headers.replaceOrAdd(name: "connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !keepAlive {
            let channel = context.channel
            written.whenComplete { _ in channel.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
