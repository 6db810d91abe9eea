import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import RolloutCore
import Testing

@testable import gatewright

extension EndToEnd {
    /// A process of which much is asked for long holds no more in the end than early on.
    @Suite(.serialized) struct LeakTests {
        private struct Held {
            /// Without packs of git's, which are bounded on their own (`FetchTests`).
            let descriptors: Int
            /// KiB.
            let memory: Int

            init(_ child: Child) throws {
                let process = "\(child.pid)"
                let folder = "/proc/\(process)/fd"
                descriptors = try FileManager.default.contentsOfDirectory(atPath: folder).count {
                    let target = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "\(folder)/\($0)")
                    return target?.contains("/objects/pack/") == false
                }
                memory = ProcessUsage.memory(of: process).now
            }
        }

        private static let rolloutsEarly = 12
        private static let rolloutsInAll = 28

        /// What comes and goes: connections of callers and gateways, and a helper for git.
        private static let descriptorsMore = 6
        /// KiB: what the allocator keeps. When each encoded record stayed in memory it was 6,800.
        private static let memoryMore = 4_096

        @Test("E6: twenty-eight rollouts leave no more descriptors and memory behind than twelve")
        func E6_nothingLeaks() async throws {
            let world = try await World(Project(stages: Project.twoStages))
            let controller = try world.controller()
            var early: Held?
            for number in 1...Self.rolloutsInAll {
                let version = number.isMultiple(of: 2) ? "1.0.0" : "2.0.0"
                try await world.ask(for: version)
                try await world.chapterEnds(version)
                if number == Self.rolloutsEarly { early = try Held(controller.child) }
            }
            let (first, last) = (try #require(early), try Held(controller.child))
            #expect(
                last.descriptors <= first.descriptors + Self.descriptorsMore, "\(first), \(last)")
            #expect(last.memory <= first.memory + Self.memoryMore, "\(first), \(last)")
            #expect(first.descriptors > 10 && first.memory > 10_000, "it was looked at: \(first)")
            controller.child.kill()
            _ = try await world.end()
        }

        private static let callsEarly = 2_000
        private static let callsInAll = 8_000

        /// Every fourth caller comes with a connection of its own, and every twentieth finds another
        /// share. Nobody takes the observations.
        @Test("E6: a gateway of eight thousand calls holds no more than one of two thousand")
        func E6_aGatewayHoldsNoMore() async throws {
            let folder = NSTemporaryDirectory() + "gatewright-leak-" + UUID().uuidString
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let ports = try FreePorts.take(4)
            func gateway(_ region: String, _ ports: ArraySlice<Int>) throws -> Child {
                let program = try Surroundings.gatewright()
                return try Child(
                    program,
                    [
                        "gateway", "--region", region, "--port", "\(ports.first ?? 0)",
                        "--admin-port", "\(ports.last ?? 0)", "--state", "\(folder)/\(region)",
                    ], log: "\(folder)/\(region).log")
            }
            // One without routes answers everybody with an error: a server of models, to the other.
            let (server, child) = (try gateway("us", ports[2...3]), try gateway("eu", ports[0...1]))
            defer { for one in [server, child] { one.kill() } }
            try await eventually("both answer") {
                for port in [ports[0], ports[2]] {
                    guard (try? await Web.get("http://127.0.0.1:\(port)/")) != nil else {
                        return false
                    }
                }
                return true
            }
            var early: Held?
            for call in 1...Self.callsInAll {
                if call.isMultiple(of: 20) || call == 1 {
                    let route = try Self.route(call, to: "http://127.0.0.1:\(ports[2])")
                    let answer = try await Web.send(
                        "PUT", "http://127.0.0.1:\(ports[1])/admin/v1/routes/scorer",
                        Array(try JSONEncoder().encode(route)))
                    try #require(answer.status == 200, "\(answer.text)")
                }
                var request = HTTPClientRequest(
                    url: "http://127.0.0.1:\(ports[0])/v2/models/scorer/infer")
                request.method = .POST
                request.headers.add(name: "x-user-id", value: "user \(call)")
                if call.isMultiple(of: 4) {
                    request.headers.add(name: "connection", value: "close")
                }
                request.body = .bytes(Array(#"{"inputs":[]}"#.utf8))
                let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
                _ = try await answer.body.collect(upTo: 1 << 20)
                if call == Self.callsEarly { early = try Held(child) }
            }
            let (first, last) = (try #require(early), try Held(child))
            #expect(
                last.descriptors <= first.descriptors + Self.descriptorsMore, "\(first), \(last)")
            #expect(last.memory <= first.memory + Self.memoryMore, "\(first), \(last)")
            #expect(first.descriptors > 8 && first.memory > 10_000, "it was looked at: \(first)")
        }

        private static func route(_ generation: Int, to server: String) throws -> Route {
            func backend(_ version: String, _ digit: String) throws -> Route.Backend {
                let digest = try #require(Digest(hex: String(repeating: digit, count: 64)))
                return Route.Backend(
                    reference: VersionReference(version: try VersionName(version), digest: digest),
                    endpoint: server)
            }
            let name = try RolloutName("scorer")
            return Route(
                rollout: name, region: try RegionName("eu"), generation: generation,
                run: RunID(rollout: name, firstDecision: 2), salt: "salt",
                stickyBy: .header("x-user-id"), stable: try backend("1.0.0", "1"),
                candidate: try backend("2.0.0", "2"), share: Share(clamping: generation % 5_000),
                mirror: .zero, fallback: nil)
        }
    }
}
