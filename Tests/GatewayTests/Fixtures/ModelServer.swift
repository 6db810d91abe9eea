import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// A model server on a free port of 127.0.0.1 that behaves as it is told.
final class ModelServer: Sendable {
    enum Behaviour: Sendable {
        /// Answers with its label; `delay` in milliseconds.
        case answer(label: String, confidence: Double? = nil, version: String?, delay: Int64 = 0)
        case status(Int)
        case hang
        case crash
        /// Answers with a body of this many bytes, in chunks when its length is not declared.
        case huge(Int, declared: Bool)
        case raw(String)

        /// Answers, and names the artifact that it has loaded.
        static func saying(digest: String) -> Behaviour {
            .raw(
                #"{"model_name":"m","parameters":{"a":{"digest":"c"},"digest":"\#(digest)"},"#
                    + #""outputs":[{"name":"label","data":["x"]}]}"#)
        }
    }

    struct Seen: Sendable {
        let method: String
        let path: String
        let headers: HTTPHeaders
        let body: String
    }

    private struct State {
        var behaviour: Behaviour
        var seen: [Seen] = []
    }

    private let state: NIOLockedValueBox<State>
    private let channel: any Channel

    static func start(
        _ behaviour: Behaviour,
        on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> ModelServer {
        let state = NIOLockedValueBox(State(behaviour: behaviour))
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler {
                            seen in
                            state.withLockedValue {
                                $0.seen.append(seen)
                                return $0.behaviour
                            }
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ModelServer(state: state, channel: channel)
    }

    private init(state: NIOLockedValueBox<State>, channel: any Channel) {
        self.state = state
        self.channel = channel
    }

    var endpoint: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var seen: [Seen] { state.withLockedValue { $0.seen } }
    func behave(_ behaviour: Behaviour) { state.withLockedValue { $0.behaviour = behaviour } }
    func stop() async { try? await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let take: (Seen) -> Behaviour
        private var head: HTTPRequestHead?
        private var body = ""

        init(take: @escaping (Seen) -> Behaviour) { self.take = take }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, "")
            case .body(let part): body += String(buffer: part)
            case .end:
                guard let head else { return }
                let behaviour = take(
                    Seen(
                        method: head.method.rawValue, path: head.uri, headers: head.headers,
                        body: body))
                act(behaviour, context)
            }
        }

        private func act(_ behaviour: Behaviour, _ context: ChannelHandlerContext) {
            switch behaviour {
            case .answer(let label, let confidence, let version, let delay):
                var outputs = [
                    #"{"name":"label","shape":[1],"datatype":"BYTES","data":["\#(label)"]}"#
                ]
                if let confidence {
                    outputs.append(
                        #"{"name":"confidence","shape":[1],"datatype":"FP32","data":[\#(confidence)]}"#
                    )
                }
                let said = version.map { #""model_version":"\#($0)","# } ?? ""
                let text =
                    #"{"model_name":"m",\#(said)"outputs":[\#(outputs.joined(separator: ","))]}"#
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                if delay == 0 { return write(context, .ok, text) }
                context.eventLoop.scheduleTask(in: .milliseconds(delay)) {
                    let (handler, context) = bound.value
                    if context.channel.isActive { handler.write(context, .ok, text) }
                }
            case .status(let code):
                write(context, HTTPResponseStatus(statusCode: code), #"{"error":"no"}"#)
            case .hang: break
            case .crash: context.close(promise: nil)
            case .huge(let size, let declared):
                write(context, .ok, String(repeating: "x", count: size), declared: declared)
            case .raw(let text): write(context, .ok, text)
            }
        }

        private func write(
            _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ text: String,
            declared: Bool = true
        ) {
            var headers: HTTPHeaders = ["content-type": "application/json"]
            if declared { headers.add(name: "content-length", value: "\(text.utf8.count)") }
            context.write(
                wrapOutboundOut(
                    .head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
                promise: nil)
            context.write(
                wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
