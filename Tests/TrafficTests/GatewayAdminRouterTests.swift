import Gateway
import NIOCore
import NIOHTTP1
import NIOPosix
import RolloutCore
import Secrets
import Testing
import Traffic

/// What only happens between two processes.
@Suite struct GatewayAdminRouterTests {
    // C20: an answer that cannot be trusted is unknown.
    @Test(arguments: [
        (500, "{}"), (200, "not json"), (200, "{}"), (404, "<html>"), (302, ""), (401, "{}"),
        (200, String(repeating: " ", count: 5 * 1024 * 1024)),
    ])
    func anAnswerThatCannotBeTrustedIsUnknown(_ status: Int, _ body: String) async throws {
        try await against(status: status, body: body) { router in
            let route = try route(generation: 1)
            guard case .unknown = await router.readBack(route.rollout, in: route.region),
                case .unknown = await router.readBackAll(in: route.region)
            else {
                Issue.record("\(status) was trusted")
                return
            }
            await #expect(throws: RouterFailure.self) { try await router.apply(route) }
        }
    }

    @Test("C20: a hanging gateway is unreachable")
    func aHangingGatewayIsUnreachable() async throws {
        try await against(status: nil, body: "") { router in
            let route = try route(generation: 1)
            let began = ContinuousClock.now
            let failure = await #expect(throws: RouterFailure.self) {
                try await router.apply(route)
            }
            guard case .unreachable = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(ContinuousClock.now - began < .seconds(3))
        }
    }

    @Test func aWrongTokenIsRejected() async throws {
        try await RouterUnderTest.admin.with { _, gateway in
            try await withClient { client in
                let url = "http://127.0.0.1:\(gateway.adminPort ?? 0)"
                let router = GatewayAdminRouter(
                    sites: [gateway.table.region: .init(url: url, token: "wrong")], client: client)
                let failure = await #expect(throws: RouterFailure.self) {
                    try await router.apply(route(generation: 1))
                }
                guard case .rejected = failure else {
                    Issue.record("\(String(describing: failure))")
                    return
                }
            }
        }
    }

    @Test(arguments: [409, 412])
    func aRefusalWithoutARouteIsNoNewsOfOne(_ status: Int) async throws {
        try await against(status: status, body: "a proxy's own page") { router in
            let failure = await #expect(throws: RouterFailure.self) {
                try await router.apply(route(generation: 1), onlyLowering: true)
            }
            guard case .rejected(let text) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(text == "\(status) without a route")
        }
    }

    @Test("D16: another regions answer is unknown")
    func anotherRegionsAnswerIsUnknown() async throws {
        try await RouterUnderTest.admin.with { router, gateway in
            _ = try await router.apply(route(generation: 1))
            try await withClient { client in
                let url = "http://127.0.0.1:\(gateway.adminPort ?? 0)"
                let us = try RegionName("us")
                let misled = GatewayAdminRouter(
                    sites: [us: .init(url: url, token: "secret")], client: client)
                guard case .unknown = await misled.readBack(try RolloutName("m"), in: us),
                    case .unknown = await misled.readBackAll(in: us)
                else {
                    Issue.record("a route of eu-west was taken for one of us")
                    return
                }
            }
        }
    }

    /// Runs against a server that always gives one answer, or none.
    private func against(
        status: Int?, body: String, _ test: (GatewayAdminRouter) async throws -> Void
    ) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        OneAnswer(status: status, body: body))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        try await withClient { client in
            let url = "http://127.0.0.1:\(server.localAddress?.port ?? 0)"
            try await test(
                GatewayAdminRouter(
                    sites: [try RegionName("eu-west"): .init(url: url, token: nil)],
                    client: client, timeout: TimeSpan(milliseconds: 1_000)))
        }
        try? await server.close()
    }

    private final class OneAnswer: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let status: Int?
        private let body: String

        init(status: Int?, body: String) {
            self.status = status
            self.body = body
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data), let status else { return }
            let head = HTTPResponseHead(
                version: .http1_1, status: .init(statusCode: status),
                headers: ["content-length": "\(body.utf8.count)", "location": "/elsewhere"])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(
                wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
