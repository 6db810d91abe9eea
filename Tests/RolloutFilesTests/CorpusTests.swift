import Foundation
import RolloutFiles
import Testing

/// Each file of `Corpus/` has one fault; beside it stands the first diagnostic as people see it.
@Suite struct CorpusTests {
    static let paths: [String: String] = [
        "rollout": "rollouts/compression-selector/rollout.yaml",
        "version": "rollouts/compression-selector/versions/2.4.0.yaml",
        "order": "rollouts/compression-selector/orders/pause.yaml",
        "guardrails": "policies/guardrails/compression-quality.yaml",
        "health": "policies/guardrails/serving-health.yaml",
        "admission": "policies/admission/compression-selector.yaml",
        "approvals": "policies/approvals/production-change.yaml",
        "window": "policies/windows/business-hours.yaml",
        "groups": "policies/groups.yaml",
        "stop": "policies/stop.yaml",
        "controller": "gatewright.yaml",
    ]

    @Test func theCorpusIsThere() {
        #expect(TestFiles.names(in: "Corpus", ending: ".yaml").count >= 60)
    }

    @Test(
        "F1, F3, F4, F6, F7, F10, F15: a broken file is refused and explained",
        arguments: TestFiles.names(in: "Corpus", ending: ".yaml"))
    func brokenFileIsExplained(_ name: String) throws {
        let kind = try #require(name.dropLast(".yaml".count).split(separator: "@").last)
        let path = try #require(Self.paths[String(kind)])
        let clock = ContinuousClock()
        var parsed: ParsedFile?
        let time = try clock.measure {
            parsed = ProjectFiles.parse(path: path, bytes: try TestFiles.bytes("Corpus/\(name)"))
        }
        let file = try #require(parsed)
        #expect(file.hasErrors)
        #expect(file.content == nil)
        #expect(time < .seconds(2))
        let first = try #require(file.diagnostics.first { $0.isError })
        #expect(first.fix != nil)
        TestFiles.expectGolden("\(first)\n", "Corpus/\(name.dropLast(".yaml".count)).expected")
    }
}
