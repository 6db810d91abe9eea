import Foundation
import RolloutCore
import Testing

@testable import gatewright

extension EndToEnd {
    @Suite struct SecretTests {
        private static let names = ["api", "webhook", "person"]

        private func canary(_ name: String) -> String { "canary-of-\(name)-0123456789abcdef" }

        /// Requests that are right, wrong and nonsense, with the secrets in places that may be logged.
        private func provoke(_ url: String) async throws -> [String] {
            let order = #"{"action":"hold","by":"ana@example.org","reason":"a drill"}"#
            var said: [String] = []
            for (path, body, token) in [
                ("/v1/rollouts/scorer/orders", order, canary("api")),
                ("/v1/rollouts/scorer/orders", order, canary("api") + "x"),
                ("/v1/rollouts/scorer/orders", "not JSON", canary("api")),
                ("/v1/observations", "[7]", canary("api")),
                ("/v1/rollouts/scorer/approvals", "{}", canary("person")),
                ("/v1/rollouts/scorer/approvals", "{}", canary("webhook")),
                ("/v1/webhook", "{}", canary("webhook")),
            ] {
                said.append(try await Web.post(url + path, Array(body.utf8), token: token).text)
            }
            for path in [
                "/v1/status", "/v1/rollouts/scorer", "/v1/rollouts/scorer/why",
                "/v1/rollouts/scorer/history", "/metrics", "/health/ready", "/nowhere",
            ] { said.append(try await Web.get(url + path).text) }
            return said
        }

        /// All bytes below a folder, but not those of the key itself.
        private func files(below folder: String) throws -> [(String, Data)] {
            let walk = FileManager.default.enumerator(atPath: folder)
            let names = (walk?.allObjects ?? []).compactMap { $0 as? String }
            return names.filter { !$0.hasSuffix(".key") && !$0.hasSuffix("reserve") }.compactMap {
                name in
                FileManager.default.contents(atPath: "\(folder)/\(name)").map { (name, $0) }
            }
        }

        @Test("H11: no secret comes out anywhere, and no memory is left in a file after a crash")
        func noSecretComesOut() async throws {
            let world = try await World(Project(stages: Project.twoStages), calling: false)
            let folder = world.folder + "/secrets"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            for name in Self.names {
                try Data((canary(name) + "\n").utf8).write(
                    to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            let controller = try world.controller(
                secrets: World.Secrets(
                    api: folder + "/api", webhook: folder + "/webhook", person: folder + "/person"))
            try await world.ask(for: "2.0.0")
            try await world.candidateIsServed(at: 1_000)
            var outputs = try await provoke(controller.url).enumerated().map {
                ("answer \($0)", Data($1.utf8))
            }
            try await eventually("the hold is in force") {
                try await controller.why().contains("is held by")
            }
            let process = "/proc/\(controller.child.pid)"
            for name in ["cmdline", "environ"] {
                let data = FileManager.default.contents(atPath: "\(process)/\(name)")
                outputs.append((name, try #require(data)))
            }
            let limits = try String(contentsOfFile: process + "/limits", encoding: .utf8)
            let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
            #expect(
                core?.split(separator: " ").suffix(3) == ["0", "0", "bytes"], "\(core ?? "")")
            #expect(try await controller.child.terminate() == 0)

            outputs.append(("log", Data(try world.log().utf8)))
            let history = try Surroundings.git(
                "-C", world.remote.path, "log", "--all", "--patch", "--format=raw")
            outputs.append(("remote", Data(history.utf8)))
            outputs += try files(below: world.folder + "/data")
            // The looks themselves are not in vain.
            #expect(outputs.contains { $0.0 == "history.sqlite" && !$0.1.isEmpty })
            #expect(history.contains("start scorer 2.0.0"))
            #expect(try world.log().contains("start scorer 2.0.0"))

            let key = try String(
                contentsOfFile: world.folder + "/data/controller.key", encoding: .utf8)
            let secret = try #require(key.split(separator: "\n").dropFirst(4).first)
            // Of its five lines the one with the seed.
            #expect(secret.utf8.count == 70)
            for needle in Self.names.map(canary) + [String(secret)] {
                for (name, bytes) in outputs where bytes.range(of: Data(needle.utf8)) != nil {
                    Issue.record("\(name) holds \(needle)")
                }
            }
            #expect(try await world.end().violations == [])
        }
    }
}
