import Foundation
import NIOCore
import NIOHTTP1
import RolloutCore
import Secrets
import Testing

@testable import Gateway

extension SocketTests.Admin {
    private func put(_ route: Route, _ admin: Caller, name: String = "m") async throws
        -> Caller.Reply
    {
        let body = String(decoding: try JSONEncoder().encode(route), as: UTF8.self)
        return try await admin.ask(.PUT, "/admin/v1/routes/\(name)", body: body)
    }

    @Test func routesGoInAndOut() async throws {
        try await Bench.run { bench in
            let admin = try await Caller(port: bench.gateway.adminPort)
            #expect(try await admin.ask(.GET, "/admin/v1/routes/m").status == 404)
            let route = try bench.route(generation: 2, share: 700, fallback: 0.5)
            #expect(try await put(route, admin).status == 200)
            let back = try await admin.ask(.GET, "/admin/v1/routes/m")
            #expect(try JSONDecoder().decode(Route.self, from: Data(back.body.utf8)) == route)
            let all = try await admin.ask(.GET, "/admin/v1/routes")
            #expect(all.body.hasSuffix(#""tableVersion":1}"#), "\(all.body)")

            let stale = try await put(bench.route(generation: 1), admin)
            #expect(stale.status == 409 && stale.body.contains(#""current":{"#))
            #expect(try await put(route, admin, name: "other").status == 422)
            let path = "/admin/v1/routes/m"
            #expect(try await admin.ask(.DELETE, path).status == 400)
            #expect(try await admin.ask(.DELETE, path + "?generation=1").status == 409)
            #expect(try await admin.ask(.DELETE, path + "?generation=3").status == 200)
            #expect(try await bench.caller.infer().status == 404)
            #expect(try await put(route, admin).status == 409)
        }
    }

    @Test("H9: the admin API follows the file of its token")
    func theTokenIsFollowed() async throws {
        let path = NSTemporaryDirectory() + "gatewright-token-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "one".write(toFile: path, atomically: true, encoding: .utf8)
        try await Bench.run(token: LiveSecret(file: path)) { bench in
            let admin = try await Caller(port: bench.gateway.adminPort)
            func status(_ token: String) async throws -> Int {
                try await admin.ask(
                    .GET, "/admin/v1/routes", headers: ["authorization": "Bearer \(token)"]
                ).status
            }
            #expect(try await status("one") == 200)
            try "two".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try await status("one") == 401)
            #expect(try await status("two") == 200)
            for empty in ["", "\n"] {
                try empty.write(toFile: path, atomically: true, encoding: .utf8)
                #expect(try await status("") == 401)
            }
            try FileManager.default.removeItem(atPath: path)
            #expect(try await status("two") == 401)
        }
    }

    @Test("there is one option of a PUT")
    func otherOptionsAreRefused() async throws {
        try await Bench.run { bench in
            let admin = try await Caller(port: bench.gateway.adminPort)
            let body = String(
                decoding: try JSONEncoder().encode(bench.route(share: 100)), as: UTF8.self)
            for option in ["onlyLowering=false", "onlyLowering", "force=true"] {
                let answer = try await admin.ask(
                    .PUT, "/admin/v1/routes/m?\(option)", body: body)
                #expect(answer.status == 400 && answer.body.contains("?onlyLowering=true"))
            }
            #expect(bench.gateway.table.contents.version == 0)
        }
    }

    @Test("D9: bodies are bounded and checked")
    func bodiesAreBoundedAndChecked() async throws {
        try await Bench.run { bench in
            let admin = try await Caller(port: bench.gateway.adminPort)
            let path = "/admin/v1/routes/m"
            let large = String(repeating: " ", count: 70_000)
            #expect(try await admin.ask(.PUT, path, body: large).status == 413)
            let good = String(
                decoding: try JSONEncoder().encode(bench.route(share: 100)), as: UTF8.self)
            for bad in [
                "", "{}", "[]", good.replacing("\"share\":100", with: "\"share\":10001"),
                good.replacing("\"share\":100", with: "\"share\":-1"),
                good.replacing("eu-west", with: "../etc"), good.replacing("eu-west", with: "us"),
            ] {
                #expect(try await admin.ask(.PUT, path, body: bad).status == 422, "\(bad)")
            }
            #expect(try await admin.ask(.PUT, "/admin/v1/routes/..%2f", body: good).status == 400)
            #expect(try await admin.ask(.POST, path, body: good).status == 405)
            #expect(try await admin.ask(.GET, "/admin").status == 404)
            #expect(bench.gateway.table.contents.version == 0)
        }
    }

    @Test func theTokenIsNeeded() async throws {
        try await Bench.run(token: "secret") { bench in
            let admin = try await Caller(port: bench.gateway.adminPort)
            for value in ["", "Bearer", "Bearer secre", "Bearer secret2", "bearer secret"] {
                let reply = try await admin.ask(
                    .GET, "/admin/v1/routes", headers: ["authorization": value])
                #expect(reply.status == 401)
            }
            #expect(try await admin.ask(.GET, "/metrics").status == 401)
            let reply = try await admin.ask(
                .GET, "/admin/v1/routes", headers: ["authorization": "Bearer secret"])
            #expect(reply.status == 200)
        }
    }

    @Test func anOpenAdminAPINeedsAToken() async throws {
        let gateway = try GatewayServer(
            .init(region: RegionName("eu"), port: 0, adminHost: "0.0.0.0", adminPort: 0),
            sink: ClosureSink { _ in }, logger: Bench.quiet)
        await #expect(throws: GatewayServer.StartFailure.self) { try await gateway.start() }
    }

    @Test func metricsHaveBoundedLabels() async throws {
        var limits = GatewayLimits()
        limits.metricSeries = 1
        try await Bench.run(limits: limits) { bench in
            try await bench.serve(bench.route(share: 0))
            _ = try await bench.caller.infer(user: "u")
            _ = try await bench.caller.infer("no-such-rollout")
            try await bench.serve(bench.route(generation: 2, share: 10_000))
            _ = try await bench.caller.infer(user: "u")
            let admin = try await Caller(port: bench.gateway.adminPort)
            let text = try await admin.ask(.GET, "/metrics").body
            let one = #"region="eu-west",rollout="m",version="1.0",arm="stable""#
            #expect(text.contains("requests_total{\(one),outcome=\"ok\"} 1\n"))
            #expect(text.contains("latency_seconds_bucket{\(one),le=\"+Inf\"} 1\n"))
            #expect(text.contains(#"rollout="other",version="other",arm="candidate""#))
            #expect(text.contains(#"event="unknown_rollout"} 1"#))
            #expect(!text.contains("no-such-rollout"))
            #expect(text.contains("gatewright_gateway_table_version{region=\"eu-west\"} 2\n"))
        }
    }

    @Test func aRestartServesTheSameRoutesWithoutAController() async throws {
        try await withFolder { folder in
            let path = folder + "/routes.json"
            let stable = try await ModelServer.start(.answer(label: "s", version: "1.0"))
            let configuration = GatewayServer.Configuration(
                region: try RegionName("eu-west"), port: 0, adminPort: 0, statePath: path)
            for turn in 0..<2 {
                let gateway = try GatewayServer(
                    configuration, sink: ClosureSink { _ in }, logger: Bench.quiet)
                try await gateway.start()
                if turn == 0 {
                    let route = Route(
                        rollout: try RolloutName("m"), region: try RegionName("eu-west"),
                        generation: 1, run: nil, salt: "", stickyBy: .requestID,
                        stable: try Bench.backend("1.0", stable.endpoint), candidate: nil,
                        share: .zero, mirror: .zero, fallback: nil)
                    _ = try await gateway.table.apply(route)
                }
                #expect(try await Caller(port: gateway.port).infer().status == 200)
                await gateway.shutdown()
            }
            await stable.stop()
        }
    }
}
