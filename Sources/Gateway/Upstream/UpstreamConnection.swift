import NIOCore
import NIOHTTP1

/// One keep-alive connection to a model server, with one request at a time. Bound to its loop.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private enum State {
        case idle
        case waiting(Pending)
        case receiving(Pending, HTTPResponseHead, ByteBuffer)
        case closed
    }

    private struct Pending {
        let answerBytesMax: Int
        let done: (UpstreamConnection, UpstreamResult) -> Void
    }

    private let loop: any EventLoop
    private let authority: String
    private let idleTime: TimeAmount
    private var state = State.idle
    private var context: ChannelHandlerContext?
    private var alarm = LazyAlarm()
    private var keepAlive = true
    /// How many answers came over this connection.
    private(set) var answers = 0
    /// Told once when the connection cannot be used any more.
    var onClose: ((UpstreamConnection) -> Void)?

    init(loop: any EventLoop, authority: String, idleTime: TimeAmount) {
        self.loop = loop
        self.authority = authority
        self.idleTime = idleTime
    }

    var isUsable: Bool {
        if case .idle = state { return keepAlive && context?.channel.isActive == true }
        return false
    }

    /// Sends a request; `done` is called exactly once, on the loop.
    func send(
        _ request: UpstreamRequest,
        done: @escaping (UpstreamConnection, UpstreamResult) -> Void
    ) {
        guard isUsable, let context else { return done(self, .failure(.closed)) }
        state = .waiting(Pending(answerBytesMax: request.answerBytesMax, done: done))
        setAlarm(request.deadline)
        var head = HTTPRequestHead(
            version: .http1_1, method: request.method, uri: request.path, headers: request.headers)
        head.headers.replaceOrAdd(name: "host", value: authority)
        if let body = request.body {
            head.headers.replaceOrAdd(name: "content-length", value: String(body.readableBytes))
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        } else {
            context.write(wrapOutboundOut(.head(head)), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func close() { context?.close(promise: nil) }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        finish(.failure(.closed))
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(.closed))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(.failure(error is HTTPParserError ? .malformed("\(error)") : .closed))
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting(let pending)):
            let declared = head.headers.first(name: "content-length").flatMap { Int($0) }
            guard declared ?? 0 <= pending.answerBytesMax else { return tooLarge(context, pending) }
            keepAlive = head.isKeepAlive
            state = .receiving(pending, head, ByteBuffer())
        case (.body(var part), .receiving(let pending, let head, var body)):
            guard body.readableBytes + part.readableBytes <= pending.answerBytesMax else {
                return tooLarge(context, pending)
            }
            state = .idle  // so that the buffer below is not shared, and so not copied
            if body.readableBytes == 0 { body = part } else { body.writeBuffer(&part) }
            state = .receiving(pending, head, body)
        case (.end, .receiving(let pending, let head, let body)):
            answers += 1
            if keepAlive {
                state = .idle
                setAlarm(.now() + idleTime)
            }
            let answer = UpstreamAnswer(status: head.status, headers: head.headers, body: body)
            if keepAlive {
                pending.done(self, .success(answer))
            } else {
                finish(.success(answer))
                context.close(promise: nil)
            }
        default:
            // An answer that nobody asked for: the connection is out of step.
            finish(.failure(.malformed("an answer came without a request")))
            context.close(promise: nil)
        }
    }

    private func tooLarge(_ context: ChannelHandlerContext, _ pending: Pending) {
        finish(.failure(.answerTooLarge(pending.answerBytesMax)))
        context.close(promise: nil)
    }

    /// Ends the connection's life, and the request's if there is one.
    private func finish(_ result: UpstreamResult) {
        let ended = state
        if case .closed = ended { return }
        state = .closed
        alarm.cancel()
        onClose?(self)
        onClose = nil
        switch ended {
        case .waiting(let pending), .receiving(let pending, _, _): pending.done(self, result)
        case .idle, .closed: break
        }
    }

    private func setAlarm(_ deadline: NIODeadline) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        alarm.set(deadline, on: loop) { bound.value.ring() }
    }

    private func ring() {
        let bound = NIOLoopBound(self, eventLoop: loop)
        guard alarm.isDue(now: .now(), on: loop, ring: { bound.value.ring() }) else { return }
        finish(.failure(.timeout))
        context?.close(promise: nil)
    }
}
