import Foundation
import Testing

@testable import gatewright

extension EndToEnd {
    /// A controller of which much is asked for long holds no more in the end than early on.
    @Suite(.serialized) struct LeakTests {
        private struct Held {
            /// Without packs of git's, which are bounded on their own (`FetchTests`).
            let descriptors: Int
            /// KiB.
            let memory: Int

            init(_ controller: Controller) throws {
                let process = "\(controller.child.pid)"
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
                if number == Self.rolloutsEarly { early = try Held(controller) }
            }
            let (first, last) = (try #require(early), try Held(controller))
            #expect(
                last.descriptors <= first.descriptors + Self.descriptorsMore, "\(first), \(last)")
            #expect(last.memory <= first.memory + Self.memoryMore, "\(first), \(last)")
            #expect(first.descriptors > 10 && first.memory > 10_000, "it was looked at: \(first)")
            controller.child.kill()
            _ = try await world.end()
        }
    }
}
