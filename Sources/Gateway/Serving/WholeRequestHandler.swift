import NIOCore
import NIOHTTP1
import RolloutCore

/// The server side of one connection: collects whole requests within the limits of size and time,
/// has them answered one at a time, and writes the answers. Bound to its loop.
final class WholeRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    typealias Answer = (WholeRequest, @escaping (WholeResponse) -> Void) -> Void

    private enum State {
        case waiting
        case receiving(WholeRequest)
        case answering(keepAlive: Bool)
        /// The answer was given before the request was whole; the rest is read and thrown away,
        /// because closing at once would make the caller's system drop the answer.
        case discarding
        case closed
    }

    private let limits: GatewayLimits
    private let bodyBytesMax: Int
    private let metrics: GatewayMetrics
    private let answer: Answer
    private let loop: any EventLoop
    private var state = State.waiting
    private var alarm = LazyAlarm()
    private var context: ChannelHandlerContext?
    private var answeredOne = false

    init(
        loop: any EventLoop, limits: GatewayLimits, bodyBytesMax: Int, metrics: GatewayMetrics,
        answer: @escaping Answer
    ) {
        self.loop = loop
        self.limits = limits
        self.bodyBytesMax = bodyBytesMax
        self.metrics = metrics
        self.answer = answer
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        setAlarm(limits.headerTime)
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        state = .closed
        alarm.cancel()
        context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting): begin(context, head)
        case (.body(var part), .receiving(var request)):
            let size = (request.body?.readableBytes ?? 0) + part.readableBytes
            guard size <= bodyBytesMax else { return tooLarge(context) }
            state = .waiting  // so that the buffer is not shared, and so not copied
            if request.body?.writeBuffer(&part) == nil { request.body = part }
            state = .receiving(request)
        case (.end, .receiving(let request)):
            state = .answering(
                keepAlive: request.head.isKeepAlive && request.head.version == .http1_1)
            alarm.clear()
            let bound = NIOLoopBound(self, eventLoop: loop)
            answer(request) { bound.value.write($0) }
        case (.end, .discarding): context.close(promise: nil)
        default: break
        }
    }

    private func begin(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
        state = .receiving(WholeRequest(head: head, body: nil, arrived: .now()))
        setAlarm(limits.bodyTime)
        if let length = head.headers.first(name: "content-length") {
            guard let length = Int(length), length <= bodyBytesMax else { return tooLarge(context) }
        }
        if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
            let go = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(go)), promise: nil)
        }
    }

    private func tooLarge(_ context: ChannelHandlerContext) {
        metrics.count(.badRequest)
        state = .answering(keepAlive: false)
        write(
            .error(.payloadTooLarge, "the body is larger than \(bodyBytesMax) bytes"),
            requestIsWhole: false)
    }

    private func write(_ response: WholeResponse, requestIsWhole: Bool = true) {
        guard let context, case .answering(let keepAlive) = state else { return }
        var head = HTTPResponseHead(
            version: .http1_1, status: response.status, headers: response.headers)
        head.headers.replaceOrAdd(
            name: "content-length", value: String(response.body.readableBytes))
        if !keepAlive { head.headers.replaceOrAdd(name: "connection", value: "close") }
        state = keepAlive ? .waiting : .discarding
        answeredOne = true
        setAlarm(keepAlive ? limits.idleTime : .seconds(1))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if response.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
        }
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !keepAlive, requestIsWhole {
            let bound = NIOLoopBound(context, eventLoop: loop)
            written.whenComplete { _ in bound.value.close(promise: nil) }
        }
    }

    /// What was not HTTP. The decoder closes the connection when this returns.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state {
        case .waiting, .receiving:
            guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
            metrics.count(.badRequest)
            state = .answering(keepAlive: false)
            write(
                error == .headerOverflow
                    ? .error(
                        .requestHeaderFieldsTooLarge,
                        "headers may have \(limits.headerFieldBytes) bytes each, "
                            + "\(limits.headerBytes) in all and be \(limits.headerCount)")
                    : .error(.badRequest, "not HTTP/1.1: \(error)"))
        case .answering, .discarding, .closed: context.close(promise: nil)
        }
    }

    private func setAlarm(_ time: TimeSpan) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        alarm.set(.now() + time.amount, on: loop) { bound.value.ring() }
    }

    private func ring() {
        let bound = NIOLoopBound(self, eventLoop: loop)
        guard alarm.isDue(now: .now(), on: loop, ring: { bound.value.ring() }), let context else {
            return
        }
        // Nothing can be said to a caller who has not begun a request.
        guard case .receiving = state else {
            if case .waiting = state, !answeredOne { metrics.count(.slowRequest) }
            return context.close(promise: nil)
        }
        metrics.count(.slowRequest)
        state = .answering(keepAlive: false)
        write(.error(.requestTimeout, "the body did not come within \(limits.bodyTime)"))
    }
}
