import Foundation
import RolloutCore
import Testing

@testable import gatewright

extension EndToEnd {
    @Suite struct PoisonTests {
        private static let path = "rollouts/zeta/rollout.yaml"

        /// So long that a controller can be killed while it reads it.
        private static let long =
            "spec:\n"
            + (0..<1_500).map { "  key\($0): [1, {\(String(repeating: "a", count: 120)): b}]\n" }
            .joined()

        private func reading(_ world: World) -> String {
            let mark = FileManager.default.contents(atPath: world.folder + "/data/reading")
            return String(decoding: (mark ?? Data()).prefix { $0 != 0 }, as: UTF8.self)
        }

        /// Kills a controller at the moment at which it reads the file.
        private func killWhileReading(_ world: World) async throws {
            for _ in 0..<40 {
                let controller = try world.controller()
                // What the life before left is taken up first.
                try await eventually("it begins", every: .microseconds(200)) {
                    !reading(world).hasSuffix(Self.path)
                }
                try await eventually("it reads the file", every: .microseconds(200)) {
                    reading(world).hasSuffix(Self.path)
                }
                controller.child.kill()
                // It may have been faster.
                if reading(world).hasSuffix(Self.path) { return }
            }
            throw Trouble("it was always faster")
        }

        @Test("B10: a file on which a controller ends again and again is put aside")
        func aFileThatEndsTheControllerIsPutAside() async throws {
            let world = try await World(Project(stages: Project.twoStages))
            try await world.remote.commit([Self.path: Self.long])
            for _ in 0..<3 { try await killWhileReading(world) }
            let controller = try world.controller()
            try await controller.isUp()
            // The others are looked after as ever.
            try await eventually("the first version is recorded") {
                try await world.remote.state().stable != nil
            }
            try await world.ask(for: "2.0.0")
            try await world.chapterEnds("2.0.0")
            let why = try await controller.why("zeta")
            #expect(why.contains("the controller ended 3 times while it read this file"), "\(why)")
            // Whoever changes the file is listened to.
            try await world.remote.commit([Self.path: "spec: {}\n"])
            try await controller.wake()
            try await eventually("another file is read") {
                try await !controller.why("zeta").contains("ended 3 times")
            }
            #expect(try await controller.child.terminate() == 0)
            _ = try await world.end()
        }
    }
}
