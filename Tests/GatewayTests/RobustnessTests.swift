import NIOCore
import NIOHTTP1
import RolloutCore
import Testing

@testable import Gateway

extension SocketTests.Robustness {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func garbageDoesNotStopTheGateway() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route())
            var state: UInt64 = 99
            func next(_ bound: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % bound
            }
            let whole = bytes(
                "POST /v2/models/m/infer HTTP/1.1\r\nhost: x\r\ncontent-length: "
                    + "\(Caller.body.utf8.count)\r\n\r\n\(Caller.body)")
            for turn in 0..<120 {
                var sent = whole
                switch turn % 3 {
                case 0: sent = (0..<next(3_000)).map { _ in UInt8(truncatingIfNeeded: next(256)) }
                case 1:
                    for _ in 0..<8 { sent[next(sent.count)] = UInt8(truncatingIfNeeded: next(256)) }
                default: sent.removeLast(next(sent.count))
                }
                _ = try await RawCaller.send(sent, to: bench.gateway.port, closing: true)
            }
            #expect(try await bench.caller.infer().status == 200)
        }
    }

    // H2, H3: what is too much, or can be read in two ways, is refused and closed.
    @Test(arguments: [
        ("GET / HTTP/1.1\r\nhost: x\r\nx: \(String(repeating: "a", count: 9_000))\r\n\r\n", "431"),
        (
            "GET / HTTP/1.1\r\n"
                + (0..<120).map { "x-\($0): a\r\n" }.joined() + "\r\n", "431"
        ),
        ("POST /v2/models/m/infer HTTP/1.1\r\ncontent-length: 4194305\r\n\r\n", "413"),
        ("POST /v2/models/m/infer HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n", "4"),
        ("BREW / HTTP/1.1\r\n\r\n", "400"),
        ("GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\n\r\n", "4"),
        (
            "POST /v2/models/m/infer HTTP/1.1\r\ncontent-length: 5\r\n"
                + "transfer-encoding: chunked\r\n\r\n0\r\n\r\n", "400"
        ),
        ("GET /v2 HTTP/1.0\r\n\r\n", "200"),
    ])
    func whatIsTooMuchIsRefusedAndClosed(_ text: String, _ status: String) async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route())
            let answer = try await RawCaller.send(bytes(text), to: bench.gateway.port)
            #expect(answer?.hasPrefix("HTTP/1.1 \(status)") == true, "\(answer ?? "open")")
            #expect(bench.stable.seen.isEmpty)
        }
    }

    @Test("H2: a body without a length is bounded too")
    func aBodyWithoutALengthIsBoundedToo() async throws {
        var limits = GatewayLimits()
        limits.bodyBytes = 10_000
        try await Bench.run(limits: limits) { bench in
            let chunk = "1000\r\n" + String(repeating: "a", count: 4_096) + "\r\n"
            let text =
                "POST /v2/models/m/infer HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
                + String(repeating: chunk, count: 3)
            let answer = try await RawCaller.send(bytes(text), to: bench.gateway.port)
            #expect(answer?.hasPrefix("HTTP/1.1 413") == true, "\(answer ?? "open")")
        }
    }

    @Test("H1: slow callers are let go")
    func slowCallersAreLetGo() async throws {
        var limits = GatewayLimits()
        limits.headerTime = TimeSpan(milliseconds: 150)
        limits.bodyTime = TimeSpan(milliseconds: 150)
        limits.idleTime = TimeSpan(milliseconds: 150)
        try await Bench.run(limits: limits) { bench in
            let head = "POST /v2/models/m/infer HTTP/1.1\r\n"
            let port = bench.gateway.port
            #expect(try await RawCaller.send([], to: port) == "")
            #expect(try await RawCaller.send(bytes(head), to: port) == "")
            let body = try await RawCaller.send(
                bytes(head + "content-length: 9\r\n\r\nabc"), to: port)
            #expect(body?.hasPrefix("HTTP/1.1 408") == true)
            let idle = try await RawCaller.send(bytes("GET /v2 HTTP/1.1\r\n\r\n"), to: port)
            #expect(idle?.hasPrefix("HTTP/1.1 200") == true)
            #expect(bench.gateway.metricsText.contains(#"event="slow_request"} 3"#))
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await Bench.run { bench in
            let one = "GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n"
            let last = "GET /v2/health/ready HTTP/1.1\r\nconnection: close\r\n\r\n"
            let text = String(repeating: one, count: 500) + last
            let answer = try await RawCaller.send(bytes(text), to: bench.gateway.port) ?? ""
            #expect(answer.ranges(of: #"{"live":true}"#).count == 500)
            #expect(answer.hasSuffix(#"{"ready":true}"#))
        }
    }

    @Test("H1: connections are bounded")
    func connectionsAreBounded() async throws {
        var limits = GatewayLimits()
        limits.connections = 1
        try await Bench.run(limits: limits) { bench in
            #expect(try await bench.caller.ask(.GET, "/v2").status == 200)
            let second = try await RawCaller.send(
                bytes("GET /v2 HTTP/1.1\r\n\r\n"), to: bench.gateway.port)
            #expect(second == "")
            #expect(try await bench.caller.ask(.GET, "/v2").status == 200)
            #expect(bench.gateway.metricsText.contains(#"event="connection_refused"} 1"#))
        }
    }

    @Test(arguments: ["", "x", "[]", #"{"inputs":1}"#, #"{"id":5,"inputs":[]}"#])
    func bodiesThatAreNoRequestsCountAgainstNoVersion(_ body: String) async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route(mirror: 10_000))
            let reply = try await bench.caller.ask(.POST, "/v2/models/m/infer", body: body)
            #expect(reply.status == 400 && reply.body.hasPrefix(#"{"error":"#))
            #expect(bench.observed.all.isEmpty && bench.stable.seen.isEmpty)
        }
    }

    @Test func shutdownLetsRequestsInFlightFinish() async throws {
        try await Bench.run { bench in
            bench.stable.behave(.answer(label: "s", version: "1.0", delay: 300))
            try await bench.serve(bench.route())
            async let reply = bench.caller.infer(user: "u")
            while bench.stable.seen.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            await bench.gateway.shutdown()
            #expect(try await reply.status == 200)
            #expect(bench.observed.all.count == 1)
            #expect(bench.gateway.port == nil)
        }
    }

    @Test func shutdownDoesNotWaitForEver() async throws {
        var limits = GatewayLimits()
        limits.drainTime = TimeSpan(milliseconds: 200)
        try await Bench.run(limits: limits) { bench in
            bench.stable.behave(.hang)
            try await bench.serve(bench.route())
            async let reply = bench.caller.infer(user: "u")
            while bench.stable.seen.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            let began = ContinuousClock.now
            await bench.gateway.shutdown()
            #expect(ContinuousClock.now - began < .seconds(2))
            _ = try? await reply
            #expect(bench.observed.all.isEmpty)
        }
    }
}
