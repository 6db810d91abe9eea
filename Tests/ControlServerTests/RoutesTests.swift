import ControlServer
import Foundation
import History
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOPosix
import RolloutCore
import Synchronization
import Testing

@Suite struct RoutesTests {
    @Test func pagesAreServed() async throws {
        try await serve { client, stand in
            let name = "/v1/rollouts/compression-selector"
            #expect(try await client.get("/v1/status").text == #"{"rollouts":[]}"#)
            #expect(try await client.get(name).text == #"{"name":"compression-selector"}"#)
            #expect(
                try await client.get(name + "/why").text == "compression-selector holds: soaking\n")
            #expect(try await client.get(name + "/history").text == "[50]")
            #expect(try await client.get(name + "/history?limit=7").text == "[7]")
            #expect(try await client.get(name + "/history?limit=0").status == 400)
            #expect(try await client.get(name + "/history?limit=1e3").status == 400)
            #expect(try await client.get("/metrics").text == "gatewright_up 1\n")
            #expect(try await client.get("/health/live").status == 200)
            #expect(try await client.get("/health/ready").status == 200)
            stand.reason.withLock { $0 = "git has not been read yet" }
            let unready = try await client.get("/health/ready")
            #expect(unready.status == 503)
            #expect(unready.text == #"{"error":"git has not been read yet"}"#)
        }
    }

    @Test(arguments: [
        ("/v1/rollouts/unknown", 404), ("/v1/rollouts/UPPER/why", 400), ("/nothing", 404),
        ("/v1/rollouts/a%0Ab", 400), ("/v1/rollouts/..%2f..%2fetc", 400),
    ])
    func unknownThingsAreErrorsInJSON(_ path: String, _ status: Int) async throws {
        try await serve { client, _ in
            let answer = try await client.get(path)
            #expect(answer.status == status)
            #expect(answer.text.hasPrefix(#"{"error":""#))
            #expect(!answer.text.contains("\n"))
        }
    }

    @Test func ordersAreReadByVerb() async throws {
        try await serve { client, stand in
            let path = "/v1/rollouts/compression-selector/orders"
            let version = #"{"version":"2.4.0","digest":"\#(Sample.digest)"}"#
            let head = #""by":"ana@example.org","reason":"payment incident""#
            for rest in [
                #""action":"hold","expires":"2026-11-21T00:00:00Z""#, #""action":"hold""#,
                #""action":"resume","decision":77"#,
                #""action":"abort","run":"compression-selector-12""#,
                #""action":"rollback","from":\#(version)"#,
                #""action":"promote","run":"compression-selector-12","step":2"#,
                #""action":"release","version":\#(version),"decision":77"#,
            ] {
                let answer = try await client.post(path, "{\(head),\(rest)}")
                #expect(answer.status == 202, "\(answer.text)")
                #expect(answer.text.contains("recorded with the next pass"))
            }
            let orders = stand.orders.withLock { $0 }
            #expect(
                orders.map(\.action.verb) == [
                    "hold", "hold", "resume", "abort", "rollback", "promote", "release",
                ])
            #expect(Set(orders.map(\.name)).count == 7)
            #expect(orders.allSatisfy { $0.by == "ana@example.org" })
        }
    }

    @Test(arguments: [
        #"{"action":"explode","by":"ana","reason":"r"}"#,
        #"{"action":"resume","by":"ana","reason":"r"}"#,
        #"{"action":"abort","run":"other-12","by":"ana","reason":"r"}"#,
        #"{"action":"hold","by":"ana","reason":"line\nDecision: 1"}"#,
        #"{"action":"hold","by":"ana","reason":"\u202egnp"}"#,
        #"{"action":"hold","by":"","reason":"r"}"#,
        #"{"action":"hold","by":"ana","reason":"r","step":1}"#,
        #"{"action":"hold","by":"ana","reason":"r","action":"hold"}"#, "[]", "",
    ])
    func A18_ordersThatMeanNothingAreRefused(_ body: String) async throws {
        try await serve { client, stand in
            let path = "/v1/rollouts/compression-selector/orders"
            let answer = try await client.post(path, body)
            #expect(answer.status == 400, "\(answer.text)")
            #expect(stand.orders.withLock { $0 }.isEmpty)
        }
    }

    @Test("H11: failures say what to do and keep secrets")
    func failuresSayWhatToDoAndKeepSecrets() async throws {
        try await serve { client, _ in
            let path = "/v1/rollouts/compression-selector/orders"
            func order(_ reason: String) -> String {
                #"{"action":"hold","by":"ana","reason":"\#(reason)"}"#
            }
            #expect(try await client.post(path, order("conflict")).status == 409)
            let secret = try await client.post(path, order("secret"))
            #expect(secret.status == 500)
            #expect(!secret.text.contains("s3cr3t"))
            let unknown = try await client.post("/v1/rollouts/other/orders", order("r"))
            #expect(unknown.status == 404)
        }
    }

    @Test("H1: a writer that stops loses its place")
    func aWriterThatStopsLosesItsPlace() async throws {
        var configuration = ControlServer.Configuration()
        configuration.limits.bodySeconds = 1
        configuration.limits.lingerSeconds = 1
        try await serve(configuration) { client, _ in
            let port = try #require(client.port)
            let answer = try await talk(
                port,
                "POST /v1/observations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n[")
            #expect(answer.hasPrefix("HTTP/1.1 408"), "\(answer)")
        }
    }

    @Test func aBodyThatBreaksOffStoresNothing() async throws {
        try await serve { client, stand in
            let body = Sample.prediction("p1") + "\n"
            let head =
                "POST /v1/observations HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/x-ndjson\r\n"
                + "Content-Length: \(body.utf8.count + 10)\r\n\r\n"
            let answer = try await talk(try #require(client.port), head + body, thenFinish: true)
            #expect(answer.hasPrefix("HTTP/1.1 400"), "\(answer)")
            #expect(try stand.store.newestFact() == 0)
        }
    }

    /// Heads that two readers may read in two ways, or that go on and on; behind each of them stands
    /// a request that nobody may answer.
    static let heads: [String] = [
        (0..<100).map { "x-\($0): a\r\n" }.joined(),
        "x: \(String(repeating: "a", count: 20_000))\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 0\r\nContent-Length: 45\r\n", "Content-Length: 0, 45\r\n",
        "Content-Length: -1\r\n", "Content-Length: +5\r\n", "Content-Length: 0x5\r\n",
        "Content-Length: 99999999999999999999\r\n", "Content-Length : 0\r\n",
        "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 0\r\n",
        "Transfer-Encoding : chunked\r\n", " Content-Length: 0\r\n", "a\u{0}b: c\r\n", ": x\r\n",
    ]

    @Test(
        "H2, H3: a head that is too much, or can be read in two ways, is refused", arguments: heads)
    func H2_H3_headsThatMisleadAreRefused(_ head: String) async throws {
        var configuration = ControlServer.Configuration()
        configuration.limits.idleSeconds = 2
        configuration.limits.bodySeconds = 1
        configuration.limits.lingerSeconds = 1
        try await serve(configuration) { client, stand in
            let answer = try await talk(
                try #require(client.port),
                "POST /v1/observations HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Type: application/json\r\n" + head + "\r\n0\r\n\r\n"
                    + "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer)")
            #expect(!answer.contains("gatewright_up"), "\(answer)")
            #expect(try stand.store.newestFact() == 0)
        }
    }

    @Test("H1: a head that never ends is cut off")
    func aHeadThatNeverEndsIsCutOff() async throws {
        var configuration = ControlServer.Configuration()
        configuration.limits.idleSeconds = 1
        try await serve(configuration) { client, _ in
            let answer = try await talk(try #require(client.port), "GET /v1/status HTTP/1.1\r\nHos")
            #expect(answer.isEmpty)
        }
    }
}

/// Sends bytes and returns what comes until the server closes.
private func talk(
    _ port: Int, _ text: String, thenFinish: Bool = false
) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "localhost", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true))
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: text))
        if thenFinish { outbound.finish() }
        var answer = ""
        for try await part in inbound { answer += String(buffer: part) }
        return answer
    }
}
