import NIOCore
import NIOHTTP1
import NIOPosix
import RolloutCore
import Testing

@testable import Gateway

extension SocketTests.Mirror {
    @Test("D13: copies are recorded and thrown away")
    func copiesAreRecordedAndThrownAway() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route(mirror: 10_000))
            for number in 0..<20 {
                let reply = try await bench.caller.ask(
                    .POST, "/v2/models/m/infer",
                    headers: ["authorization": "Bearer x", "cookie": "c", "x-user": "\(number)"],
                    body: Caller.body)
                #expect(reply.stamp("arm") == "stable" && reply.body.contains("\"s\""))
            }
            let told = try await bench.observed.wait(for: 40)
            let stable = told.filter { $0.arm == .stable }
            let mirror = told.filter { $0.arm == .mirror }
            #expect(stable.count == 20 && mirror.count == 20)
            #expect(Set(stable.map(\.prediction)) == Set(mirror.map(\.prediction)))
            #expect(mirror.allSatisfy { $0.output == "c" && $0.version.version.rawValue == "2.0" })
            let copy = try #require(bench.candidate.seen.first)
            #expect(copy.headers.first(name: "x-gatewright-mirror") == "1")
            #expect(!copy.headers.contains(name: "authorization"))
            #expect(!copy.headers.contains(name: "cookie"))
            #expect(bench.stable.seen.allSatisfy { $0.headers.contains(name: "authorization") })
        }
    }

    @Test func theCopiedPartIsTheShareThatWasAskedFor() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route(mirror: 2_500))
            let expected = (0..<400).filter {
                StickyHash.bucket(.mirror, salt: "m", key: "id-\($0)") < 2_500
            }
            for number in 0..<400 { _ = try await bench.caller.infer(id: "id-\(number)") }
            let told = try await bench.observed.wait(for: 400 + expected.count)
            let copied = told.filter { $0.arm == .mirror }.map(\.prediction)
            #expect(Set(copied) == Set(expected.map { "id-\($0)" }))
        }
    }

    @Test func whatTheCandidateServesItselfIsNotCopied() async throws {
        try await Bench.run { bench in
            try await bench.serve(bench.route(share: 10_000, mirror: 10_000))
            _ = try await bench.caller.infer(user: "u")
            _ = try await bench.caller.infer(user: "u")
            #expect(bench.candidate.seen.count == 2)
        }
    }

    enum Trouble: CaseIterable { case slow, hang, crash, huge, endless, nobody }

    /// The promise of shadow mode: nothing that a candidate does reaches callers of stable.
    @Test("D13: a bad candidate changes nothing for callers", arguments: Trouble.allCases)
    func aBadCandidateChangesNothingForCallers(_ trouble: Trouble) async throws {
        var limits = GatewayLimits()
        limits.mirrorTime = TimeSpan(milliseconds: 400)
        limits.mirrorConnections = 4
        limits.mirrorQueue = 8
        // On a thread of its own: on the gateway's loops the fake's own work would be measured.
        let apart = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await Bench.run(limits: limits, candidateOn: apart) { bench in
            switch trouble {
            case .slow: bench.candidate.behave(.answer(label: "c", version: "2.0", delay: 350))
            case .hang: bench.candidate.behave(.hang)
            case .crash: bench.candidate.behave(.crash)
            case .huge: bench.candidate.behave(.huge(3 * 1024 * 1024, declared: true))
            case .endless: bench.candidate.behave(.huge(3 * 1024 * 1024, declared: false))
            case .nobody: break
            }
            try await bench.serve(bench.route(mirror: 10_000))
            if trouble == .nobody { await bench.candidate.stop() }
            let clock = ContinuousClock()
            var times: [Duration] = []
            let began = clock.now
            for number in 0..<150 {
                let start = clock.now
                let reply = try await bench.caller.infer(user: "\(number)")
                times.append(clock.now - start)
                #expect(reply.status == 200 && reply.stamp("arm") == "stable")
            }
            // The candidate takes 350 ms and more where it is slow.
            let median = times.sorted()[times.count / 2]
            #expect(median < .milliseconds(50), "\(median)")
            if trouble == .slow || trouble == .hang {
                // What 150 copies over 4 connections would take.
                #expect(clock.now - began < .milliseconds(350 * 150 / 4))
                #expect(
                    bench.gateway.metricsText.contains(
                        "event=\"mirror_dropped\"} 0\n") == false)
            }
            let stable = bench.observed.all.filter { $0.arm == .stable }
            #expect(stable.count == 150 && stable.allSatisfy { !$0.failed })
            if trouble != .slow {
                let told = try await bench.observed.wait(for: 151)
                #expect(told.contains { $0.arm == .mirror })
                #expect(told.allSatisfy { $0.arm != .mirror || $0.failed })
            }
        }
        try await apart.shutdownGracefully()
    }

    // Twenty copies of a slow candidate stood in line for our few connections, and it was rolled
    // back for the time that they stood there.
    @Test(arguments: [5_000, 250]) func waitingForAConnectionIsNotTheCandidatesTime(
        _ mirrorTime: Int64
    ) async throws {
        var limits = GatewayLimits()
        limits.mirrorConnections = 1
        limits.mirrorTime = TimeSpan(milliseconds: mirrorTime)
        try await Bench.run(limits: limits) { bench in
            bench.candidate.behave(.answer(label: "c", version: "2.0", delay: 100))
            try await bench.serve(bench.route(mirror: 10_000))
            for number in 0..<10 { _ = try await bench.caller.infer(user: "\(number)") }
            let arrive = mirrorTime > 1_000 ? 10 : 2
            _ = try await bench.observed.wait(for: 10 + arrive)
            try await Task.sleep(for: .milliseconds(300))
            let copies = bench.observed.all.filter { $0.arm == .mirror }
            #expect(copies.count >= arrive)
            // The last of ten waits for nine others, 900 ms.
            #expect(copies.filter { $0.latencyMicroseconds > 400_000 }.isEmpty)
            #expect(copies.allSatisfy { !$0.failed })
            let isDropped = !bench.gateway.metricsText.contains("mirror_dropped\"} 0\n")
            #expect(isDropped == (copies.count < 10) && isDropped == (mirrorTime < 1_000))
        }
    }
}
