import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// A time-stamping authority on a free port of 127.0.0.1: certificates and answers are made by the
/// openssl program, and spoilt as a test wants.
final class StampAuthority: Sendable {
    enum Behaviour: Sendable {
        case honest
        /// Stamps what it likes: the SHA-256 of this text, under the nonce of the request.
        case stamping(String)
        /// The right imprint under a nonce of its own.
        case otherNonce
        case withoutCertificate
        case refusing
        /// Adds one to a byte, counted from the end.
        case tampered(Int)
        case longer
        case bytes([UInt8])
        case status(UInt)
    }

    struct Seen: Sendable {
        let contentType: String?
        let body: [UInt8]
    }

    private let bench: Bench
    private let state: NIOLockedValueBox<(behaviour: Behaviour, seen: [Seen])>
    private let channel: any Channel

    static func start(_ bench: Bench, _ behaviour: Behaviour = .honest) async throws
        -> StampAuthority
    {
        try makeCertificates(bench)
        let state = NIOLockedValueBox((behaviour: behaviour, seen: [Seen]()))
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler { seen in
                            let behaviour = state.withLockedValue {
                                $0.seen.append(seen)
                                return $0.behaviour
                            }
                            return try answer(seen.body, behaviour, bench)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return StampAuthority(bench, state, channel)
    }

    private init(
        _ bench: Bench, _ state: NIOLockedValueBox<(behaviour: Behaviour, seen: [Seen])>,
        _ channel: any Channel
    ) { (self.bench, self.state, self.channel) = (bench, state, channel) }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/tsr" }
    var seen: [Seen] { state.withLockedValue { $0.seen } }
    func behave(_ behaviour: Behaviour) { state.withLockedValue { $0.behaviour = behaviour } }
    func stop() async { try? await channel.close() }

    // MARK: Certificates

    /// A root `ca.pem`, an authority below it, and `other.pem`, a root of the same name.
    private static func makeCertificates(_ bench: Bench) throws {
        for root in ["ca", "other"] {
            try openssl(
                bench, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-subj", "/CN=Test root", "-days", "30", "-keyout", "tsa/\(root).key",
                "-out", "tsa/\(root).pem")
        }
        try openssl(
            bench, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=Test authority", "-keyout", "tsa/tsa.key", "-out", "tsa/tsa.csr")
        try bench.write(
            "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n",
            to: "tsa/extensions")
        try openssl(
            bench, "x509", "-req", "-in", "tsa/tsa.csr", "-CA", "tsa/ca.pem", "-CAkey",
            "tsa/ca.key", "-CAcreateserial", "-days", "20", "-extfile", "tsa/extensions", "-out",
            "tsa/tsa.pem")
        for (name, digests) in [("honest", "sha256"), ("refusing", "sha512")] {
            try bench.write(
                """
                [tsa]
                default_tsa = one
                [one]
                serial = tsa/serial
                crypto_device = builtin
                signer_cert = tsa/tsa.pem
                certs = tsa/ca.pem
                signer_key = tsa/tsa.key
                signer_digest = sha256
                default_policy = 1.2.3.4.1
                digests = \(digests)
                ess_cert_id_alg = sha256

                """, to: "tsa/\(name).cnf")
        }
    }

    private static func openssl(_ bench: Bench, _ arguments: String...) throws {
        try FileManager.default.createDirectory(
            atPath: bench.path("tsa"), withIntermediateDirectories: true)
        let result = try bench.run("/usr/bin/env", ["openssl"] + arguments)
        guard result.status == 0 else { throw Trouble("openssl \(arguments): \(result.errors)") }
    }

    // MARK: Answers

    private static func answer(
        _ query: [UInt8], _ behaviour: Behaviour, _ bench: Bench
    ) throws -> (UInt, [UInt8]) {
        switch behaviour {
        case .honest: return (200, try reply(query, bench))
        case .refusing: return (200, try reply(query, bench, "refusing"))
        case .status(let status): return (status, Array("busy".utf8))
        case .bytes(let bytes): return (200, bytes)
        case .longer: return (200, try reply(query, bench) + [0])
        case .tampered(let place):
            var bytes = try reply(query, bench)
            bytes[bytes.count - place] &+= 1
            return (200, bytes)
        case .stamping(let text):
            try bench.write(text, to: "tsa/text")
            try openssl(
                bench, "ts", "-query", "-data", "tsa/text", "-sha256", "-no_nonce", "-cert", "-out",
                "tsa/text.tsq")
            let other = try bench.bytes("tsa/text.tsq")
            var changed = query
            let (from, to) = (try digest(other), try digest(query))
            changed.replaceSubrange(to, with: other[from])
            return (200, try reply(changed, bench))
        case .otherNonce:
            var changed = query
            // The nonce ends before certReq, 01 01 ff.
            changed[changed.count - 4] ^= 1
            return (200, try reply(changed, bench))
        case .withoutCertificate:
            var changed = Array(query.dropLast(3))
            changed[1] -= 3
            return (200, try reply(changed, bench))
        }
    }

    /// Where the 32 bytes of the imprint are: behind 04 20.
    private static func digest(_ query: [UInt8]) throws -> Range<Int> {
        for start in query.indices.dropLast(34)
        where query[start] == 4 && query[start + 1] == 32 {
            return start + 2..<start + 34
        }
        throw Trouble("the request has no imprint")
    }

    private static func reply(
        _ query: [UInt8], _ bench: Bench, _ settings: String = "honest"
    ) throws -> [UInt8] {
        let name = "tsa/" + UUID().uuidString
        try Data(query).write(to: URL(fileURLWithPath: bench.path(name + ".tsq")))
        try openssl(
            bench, "ts", "-reply", "-config", "tsa/\(settings).cnf", "-queryfile", name + ".tsq",
            "-out", name + ".tsr")
        return try bench.bytes(name + ".tsr")
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: (Seen) throws -> (UInt, [UInt8])
        private var contentType: String?
        private var body: [UInt8] = []

        init(answer: @escaping (Seen) throws -> (UInt, [UInt8])) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): contentType = head.headers.first(name: "content-type")
            case .body(let part): body += part.readableBytesView
            case .end:
                let made = try? answer(Seen(contentType: contentType, body: body))
                let (status, bytes) = made ?? (500, [])
                var head = HTTPResponseHead(
                    version: .http1_1, status: HTTPResponseStatus(statusCode: Int(status)))
                head.headers.add(name: "content-length", value: "\(bytes.count)")
                head.headers.add(name: "connection", value: "close")
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(
                    wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}

extension Bench {
    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }
}
