import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A forge that writes down what it is told.
final class Forge: Sendable {
    struct Seen: Sendable {
        let method: String
        let path: String
        let type: String
        let headers: [String: String]
        let body: [String: String]
    }

    private let seen = Mutex<[Seen]>([])
    private let channel: any Channel

    private init(_ channel: any Channel) { self.channel = channel }

    var requests: [Seen] { seen.withLock { $0 } }
    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    static func start(status: HTTPResponseStatus = .created) async throws -> Forge {
        let box = Box()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler(status: status) { seen in
                            box.forge.withLock { $0 }?.seen.withLock { $0.append(seen) }
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let forge = Forge(channel)
        box.forge.withLock { $0 = forge }
        return forge
    }

    func stop() async throws { try await channel.close() }

    private final class Box: Sendable {
        let forge = Mutex<Forge?>(nil)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []
        private let status: HTTPResponseStatus
        private let tell: @Sendable (Seen) -> Void

        init(status: HTTPResponseStatus, tell: @escaping @Sendable (Seen) -> Void) {
            self.status = status
            self.tell = tell
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let part): body += Array(part.readableBytesView)
            case .end:
                guard let head else { return }
                let json = try? JSONSerialization.jsonObject(with: Data(body))
                tell(
                    Seen(
                        method: head.method.rawValue, path: head.uri,
                        type: head.headers.first(name: "content-type") ?? "",
                        headers: Dictionary(
                            head.headers.map { ($0.name.lowercased(), $0.value) }
                        ) { $1 },
                        body: json as? [String: String] ?? [:]))
                let answer = HTTPResponseHead(
                    version: .http1_1, status: status, headers: ["content-length": "2"])
                context.write(wrapOutboundOut(.head(answer)), promise: nil)
                context.write(
                    wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "{}")))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
