import Foundation
import Testing

@testable import gatewright

extension EndToEnd {
    /// `gatewright stats end-to-end`, in small: what it counts is what was decided.
    @Suite struct Trials {
        struct Report: Decodable {
            let scenarios: [Scenario]
            let problems: [String]
            let failedRequests: Int

            struct Scenario: Decodable {
                let name: String
                let trials: [Trial]
            }
            struct Trial: Decodable {
                let end: String
                let guardrail: String?
                let decisions: Int
                let requests: Int
            }
        }

        @Test func sameModelsCompleteAndAWorseOneIsRolledBack() async throws {
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "gatewright-trials-" + UUID().uuidString).path
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appending(path: "../..").standardizedFileURL.path
            let child = try Child(
                try Surroundings.gatewright(),
                [
                    "stats", "end-to-end", "--only", "a-a", "--only", "accuracy-5",
                    "--rollouts", "1", "--repetitions", "1", "--rate", "240", "--payloads", "60",
                    "--source", project, "--directory", folder + "/world", "--output", "json",
                ], log: folder + "/log")
            let status = try await child.waitForEnd(within: .seconds(240))
            let said = try String(contentsOfFile: folder + "/log", encoding: .utf8)
            #expect(status == 0, "\(said.suffix(2_000))")
            // Progress comes first, a line each; the report is the object after it.
            let begin = try #require(said.range(of: "\n{\n")?.lowerBound)
            let report = try JSONDecoder().decode(Report.self, from: Data(said[begin...].utf8))
            #expect(report.problems.isEmpty && report.failedRequests == 0)
            #expect(report.scenarios.map(\.name) == ["a-a", "accuracy-5"])
            for trial in report.scenarios.first?.trials ?? [] {
                // Bootstrap, start, shadow, canary, two shares and full.
                #expect(trial.end == "completed" && trial.decisions == 7, "\(trial)")
            }
            let worse = try #require(report.scenarios.last?.trials.first)
            #expect(worse.end == "rolledBack" && worse.guardrail?.hasPrefix("accuracy") == true)
        }
    }
}
