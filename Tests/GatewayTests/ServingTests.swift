import NIOCore
import NIOHTTP1
import RolloutCore
import Testing

@testable import Gateway

extension SocketTests.Serving {
    @Test func theSplitIsStickyAndStamped() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route(share: 5_000))
            var candidates = 0
            for user in 0..<200 {
                let expected = StickyHash.bucket(.split, salt: "m", key: "u\(user)") < 5_000
                let reply = try await bench.caller.infer(user: "u\(user)")
                #expect(reply.status == 200)
                #expect(reply.stamp("arm") == (expected ? "candidate" : "stable"))
                #expect(reply.stamp("version") == (expected ? "2.0" : "1.0"))
                #expect(reply.stamp("digest") == String(repeating: "a", count: 64))
                #expect(reply.stamp("rollout") == "m")
                #expect(reply.body.contains(expected ? "\"c\"" : "\"s\""))
                candidates += expected ? 1 : 0
            }
            #expect((60...140).contains(candidates))
            let all = bench.observed.all
            #expect(all.count == 200)
            #expect(all.count { $0.arm == .candidate && $0.output == "c" } == candidates)
            #expect(Set(all.map(\.prediction)).count == 200)
            #expect(Set(all.map(\.unit)).count == 200)
            #expect(all.allSatisfy { $0.latencyMicroseconds > 0 && $0.generation == 1 })
        }
    }

    @Test func theVersionIsAlwaysNamedAndTheIDEchoed() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route())
            let mine = try await bench.caller.infer(id: "abc-1")
            #expect(mine.stamp("prediction") == "abc-1")
            #expect(mine.body.contains(#""id":"abc-1""#))
            let other = try await bench.caller.infer(id: "Not In The Grammar")
            let drawn = try await bench.caller.infer()
            for reply in [other, drawn] {
                #expect(reply.stamp("prediction")?.utf8.count == 32)
            }
            let id = try #require(drawn.stamp("prediction"))
            #expect(drawn.body.contains(#""id":"\#(id)""#))
            let seen = bench.stable.seen
            #expect(seen.allSatisfy { $0.path == "/v2/models/m/versions/1.0/infer" })
            #expect(seen.map { $0.body.contains(#""id":"#) } == [true, true, true])
            #expect(seen[1].body.contains("Not In The Grammar"))
        }
    }

    @Test func aNamedVersionIsServedButIsNoEvidence() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route(mirror: 10_000))
            let reply = try await bench.caller.infer(version: "2.0")
            #expect(reply.stamp("version") == "2.0" && reply.stamp("arm") == "explicit")
            #expect(try await bench.caller.infer(version: "9.9").status == 404)
            #expect(bench.observed.all.isEmpty)
        }
    }

    @Test func questionsAboutModelsGoToStable() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route())
            #expect(try await bench.caller.ask(.GET, "/v2/models/m/ready").status == 200)
            #expect(try await bench.caller.ask(.GET, "/v2/models/m/versions/2.0").status == 200)
            #expect(bench.stable.seen.map(\.path) == ["/v2/models/m/versions/1.0/ready"])
            #expect(bench.candidate.seen.map(\.path) == ["/v2/models/m/versions/2.0"])
            for (path, status) in [
                ("/v2", 200), ("/v2/health/live", 200), ("/v2/health/ready", 200),
                ("/v2/models/unknown/infer", 405), ("/v2/models/unknown", 404), ("/", 404),
            ] {
                #expect(try await bench.caller.ask(.GET, path).status == status, "\(path)")
            }
            #expect(try await bench.caller.infer("unknown").status == 404)
        }
    }

    @Test func headersOfOneConnectionAndOfTheGatewayDoNotPass() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route())
            _ = try await bench.caller.ask(
                .POST, "/v2/models/m/infer",
                headers: [
                    "X-Gatewright-Mirror": "1", "TE": "trailers", "Keep-Alive": "1", "X-Kept": "k",
                    "Accept-Encoding": "gzip",
                ], body: Caller.body)
            let headers = try #require(bench.stable.seen.first).headers
            #expect(headers.first(name: "x-kept") == "k")
            for name in ["x-gatewright-mirror", "te", "keep-alive", "accept-encoding"] {
                #expect(!headers.contains(name: name), "\(name)")
            }
        }
    }

    enum Trouble: CaseIterable {
        case status, hang, crash, huge, endless, noOutputs, wrongVersion, wrongDigest, nobody

        var behaviour: ModelServer.Behaviour {
            switch self {
            case .status, .nobody: .status(500)
            case .hang: .hang
            case .crash: .crash
            case .huge: .huge(5 * 1024 * 1024, declared: true)
            case .endless: .huge(5 * 1024 * 1024, declared: false)
            case .noOutputs: .raw("{}")
            case .wrongVersion: .answer(label: "x", version: "1.9")
            case .wrongDigest: .saying(digest: String(repeating: "b", count: 64))
            }
        }
    }

    @Test("C14, J1, J2: the fallback answers for a failed version", arguments: Trouble.allCases)
    func theFallbackAnswersForAFailedVersion(_ trouble: Trouble) async throws {
        try await Bench.run { bench in
            bench.candidate.behave(trouble.behaviour)
            try await bench.serve(bench.route(share: 10_000, fallback: 0))
            if trouble == .nobody { await bench.candidate.stop() }
            let reply = try await bench.caller.infer(user: "u")
            #expect(reply.status == 200)
            #expect(reply.stamp("arm") == "fallback" && reply.stamp("version") == "rules-1")
            let told = try await bench.observed.wait(for: 2)
            #expect(told.map(\.arm) == [.candidate, .fallback])
            #expect(told.map(\.output) == [nil, "f"])
            #expect(Set(told.map(\.prediction)).count == 1)
        }
    }

    @Test("J2: a server may say what it has loaded", arguments: ["", "sha256:", "SHA256:"])
    func theArtifactsOwnDigestIsNoTrouble(_ prefix: String) async throws {
        try await Bench.run { bench in
            bench.candidate.behave(.saying(digest: prefix + String(repeating: "a", count: 64)))
            try await bench.serve(bench.route(share: 10_000))
            let reply = try await bench.caller.infer(user: "u")
            #expect(reply.status == 200 && reply.stamp("arm") == "candidate")
        }
    }

    @Test("J2: without a fallback the caller is told of other bytes")
    func theCallerIsToldOfOtherBytes() async throws {
        try await Bench.run { bench in
            bench.stable.behave(.saying(digest: "b"))
            try await bench.serve(bench.route())
            let reply = try await bench.caller.infer(user: "u")
            #expect(reply.status == 502)
            #expect(reply.body.contains("served from other bytes"), "\(reply.body)")
        }
    }

    @Test(arguments: [(0.4, "fallback"), (0.5, "candidate"), (nil, "candidate")])
    func theFallbackAnswersForAnUnsureVersion(_ confidence: Double?, _ arm: String) async throws {
        try await Bench.run { bench in
            bench.candidate.behave(.answer(label: "c", confidence: confidence, version: nil))
            try await bench.serve(bench.route(share: 10_000, fallback: 0.5))
            #expect(try await bench.caller.infer(user: "u").stamp("arm") == arm)
            let told = bench.observed.all
            #expect(told.first?.arm == .candidate && told.first?.output == "c")
            #expect(told.first?.confidence == confidence.flatMap { FiniteDouble($0) })
        }
    }

    @Test func anUnsureAnswerIsBetterThanNone() async throws {
        try await Bench.run { bench in
            bench.candidate.behave(.answer(label: "c", confidence: 0.1, version: "2.0"))
            bench.fallback.behave(.status(500))
            try await bench.serve(bench.route(share: 10_000, fallback: 0.5))
            let reply = try await bench.caller.infer(user: "u")
            #expect(reply.status == 200 && reply.stamp("arm") == "candidate")
            #expect(bench.observed.all.map(\.output) == ["c", nil])
        }
    }

    @Test(arguments: [
        (ModelServer.Behaviour.status(422), 422), (.status(500), 500), (.hang, 504), (.crash, 502),
        (.answer(label: "x", version: "1.9"), 502),
    ])
    func withoutAFallbackTheCallerIsTold(
        _ behaviour: ModelServer.Behaviour, _ status: Int
    ) async throws {
        var limits = GatewayLimits()
        limits.upstreamTime = TimeSpan(milliseconds: 500)
        try await Bench.run(limits: limits) { bench in
            bench.stable.behave(behaviour)
            try await bench.serve(bench.route())
            let reply = try await bench.caller.infer(user: "u")
            #expect(reply.status == status)
            #expect(reply.stamp("version") == "1.0")
            #expect(bench.observed.all.map(\.output) == [nil])
        }
    }

    // Nobody is kept on a version by a cookie, a session or a connection.
    @Test("D11, D12: a rollback is in force with the next request of every caller")
    func aRollbackMovesEveryCallerAtOnce() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route(share: 10_000))
            for user in 0..<20 {
                let reply = try await bench.caller.infer(user: "\(user)")
                #expect(reply.stamp("arm") == "candidate")
            }
            // One more is being answered when the candidate is taken back.
            bench.candidate.behave(.answer(label: "c", version: "2.0", delay: 200))
            async let last = bench.caller.infer(user: "last")
            while bench.candidate.seen.count < 21 { try await Task.sleep(for: .milliseconds(2)) }
            try await bench.serve(bench.route(generation: 2, withCandidate: false))
            for user in 0..<20 {
                let reply = try await bench.caller.infer(user: "\(user)")
                #expect(reply.stamp("arm") == "stable" && reply.stamp("version") == "1.0")
            }
            #expect(try await last.stamp("version") == "2.0")
            #expect(bench.candidate.seen.count == 21)
        }
    }

    @Test func changesOfShareUnderLoadDropNothing() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route(share: 0))
            try await withThrowingTaskGroup { group in
                for worker in 0..<8 {
                    group.addTask {
                        for turn in 0..<150 {
                            let reply = try await bench.caller.infer(user: "\(worker)-\(turn)")
                            #expect(reply.status == 200)
                        }
                    }
                }
                for generation in 2...60 {
                    try await bench.serve(
                        bench.route(generation: generation, share: generation * 3_331 % 10_001))
                    try await Task.sleep(for: .milliseconds(4))
                }
                try await group.waitForAll()
            }
            #expect(bench.observed.all.count == 1_200)
            #expect(bench.observed.all.allSatisfy { !$0.failed })
            #expect(Set(bench.observed.all.map(\.generation)).count > 5)
        }
    }
}
