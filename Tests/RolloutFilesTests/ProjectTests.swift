import Foundation
import RolloutCore
import RolloutFiles
import Testing

@Suite struct ProjectTests {
    private let rolloutPath = "rollouts/compression-selector/rollout.yaml"
    private let versionPath = "rollouts/compression-selector/versions/2.4.0.yaml"
    private let qualityPath = "policies/guardrails/compression-quality.yaml"

    private func rollout(_ project: CheckedProject) throws -> CheckedRollout {
        try #require(project.rollouts[try RolloutName("compression-selector")])
    }

    private func expect(
        _ files: [SourceFile], _ path: String, _ message: String, usable: Bool = false
    ) throws {
        let project = ProjectFiles.check(files: files)
        let found = project.diagnostics.contains {
            $0.path.utf8.elementsEqual(path.utf8) && $0.message.contains(message)
        }
        #expect(found, "\(project.diagnostics.map(\.description).joined(separator: "\n"))")
        #expect(try rollout(project).isUsable == usable)
    }

    @Test func theGoodProjectHasNoDiagnostics() throws {
        let project = ProjectFiles.check(files: try TestFiles.project())
        #expect(project.diagnostics.map(\.description) == [])
        let checked = try rollout(project)
        #expect(checked.isUsable)
        #expect(checked.guardrails.flatMap(\.guardrails).count == 12)
        #expect(checked.orders.map(\.name) == ["pause"])
        #expect(checked.spec?.stages.map(\.waves.count) == [1, 1, 2, 1])
        #expect(checked.windows.first?.expires == Timestamp("2027-01-06T23:00:00Z"))
        #expect(project.policies.configuration?.poll == .seconds(30))
    }

    @Test func theGoodProjectIsDecodedAsWritten() throws {
        let checked = try rollout(ProjectFiles.check(files: try TestFiles.project()))
        let spec = try #require(checked.spec)
        var text =
            String(
                validating: try CanonicalJSON.encode(spec).pretty, as: UTF8.self) ?? ""
        for set in checked.guardrails {
            text += String(validating: try CanonicalJSON.encode(set).pretty, as: UTF8.self) ?? ""
        }
        for version in checked.versions.values.sorted(by: { $0.version < $1.version }) {
            text +=
                String(validating: try CanonicalJSON.encode(version).pretty, as: UTF8.self) ?? ""
        }
        TestFiles.expectGolden(text, "Golden/project.json")
    }

    @Test func missingVersionIsNamed() throws {
        try expect(
            TestFiles.project().replacing(in: rolloutPath, "version: 2.4.0", "version: 2.4.1"),
            rolloutPath, "there is no version 2.4.1; did you mean \"2.4.0\"?")
    }

    @Test func missingEndpointIsNamed() throws {
        try expect(
            TestFiles.project().replacing(
                in: versionPath, ", ap-south: \"http://127.0.0.1:9103\"", ""),
            versionPath, "has no endpoint in ap-south")
    }

    @Test func missingPolicyIsNamed() throws {
        try expect(
            TestFiles.project().removing(qualityPath), rolloutPath, "there is no \(qualityPath)")
    }

    @Test func missingReferenceIsNamed() throws {
        try expect(
            TestFiles.project().removing(
                "rollouts/compression-selector/references/2.4.0.json"),
            versionPath, "there is no references/2.4.0.json")
    }

    @Test func unknownRouterIsNamed() throws {
        try expect(
            TestFiles.project().replacing(in: rolloutPath, "router: gateway", "router: gatway"),
            rolloutPath, "did you mean \"gateway\"?")
    }

    @Test func unreachableQuorumIsNamed() throws {
        let path = "policies/approvals/production-change.yaml"
        try expect(
            TestFiles.project().replacing(in: path, "minApprovals: 2", "minApprovals: 4"), path,
            "4 approvals can never be reached")
    }

    @Test func guardrailInTwoPoliciesIsNamed() throws {
        try expect(
            TestFiles.project().replacing(in: qualityPath, "name: accuracy,", "name: errors,"),
            rolloutPath, "a guardrail called errors")
    }

    @Test func brokenPolicyHarmsOnlyTheRolloutsThatNameIt() throws {
        let twin = try TestFiles.project().filter { $0.path.hasPrefix("rollouts/") }.map { file in
            var text = try #require(String(validating: file.bytes, as: UTF8.self))
            text = text.replacing("compression-selector\n", with: "placement\n")
                .replacing("model: compression-selector", with: "model: placement")
                .replacing(
                    "guardrails: [serving-health, compression-quality]",
                    with: "guardrails: [serving-health]")
            return SourceFile(
                path: file.path.replacing(
                    "rollouts/compression-selector", with: "rollouts/placement"),
                bytes: Array(text.utf8))
        }
        let files = try TestFiles.project().replacing(in: qualityPath, "atLeast", "atleast") + twin
        let project = ProjectFiles.check(files: files)
        #expect(try rollout(project).isUsable == false)
        #expect(project.rollouts[try RolloutName("placement")]?.isUsable == true)
    }

    @Test func brokenUnusedVersionHarmsNobody() throws {
        let broken = SourceFile(
            path: "rollouts/compression-selector/versions/3.0.0.yaml", bytes: Array("x: 1".utf8))
        try expect(
            TestFiles.project() + [broken], broken.path, "unknown key", usable: true)
    }

    @Test func unreadableStopStops() throws {
        let stop = SourceFile(path: "policies/stop.yaml", bytes: Array("kind: Stop".utf8))
        let project = ProjectFiles.check(files: try TestFiles.project() + [stop])
        #expect(project.policies.stop == .unreadable)
        #expect(ProjectFiles.check(files: try TestFiles.project()).policies.stop == .none)
    }

    @Test(arguments: ["policies/guardrails/x.yml", "rollouts/a/rollout.yml", "rollouts/x.yaml"])
    func yamlThatNothingReadsIsRefused(_ path: String) throws {
        let files = try TestFiles.project() + [SourceFile(path: path, bytes: [])]
        let project = ProjectFiles.check(files: files)
        #expect(project.diagnostics.contains { $0.path == path && $0.isError })
    }

    @Test func F4_T7_twinsOfCaseAndAccentAreRefusedAndNamed() throws {
        let good = try TestFiles.project()
        let quality = try #require(good.first { $0.path == qualityPath })
        let twin = "policies/guardrails/Compression-quality.yaml"
        let files = good + [SourceFile(path: twin, bytes: quality.bytes)]
        try expect(files, qualityPath, "differs from \(twin)")
        try expect(files, twin, "differs from \(qualityPath)")
        let composed = "rollouts/caf\u{E9}/rollout.yaml"
        let decomposed = "rollouts/cafe\u{301}/rollout.yaml"
        let accents = ProjectFiles.check(
            files: [composed, decomposed].map {
                SourceFile(path: $0, bytes: Array("kind: Rollout".utf8))
            })
        #expect(accents.diagnostics.filter { $0.message.contains("accent is stored") }.count == 2)
    }

    @Test func F8_F9_linksAndSubmodulesAreRefused() throws {
        for entry in [SourceFile.Entry.symlink, .submodule] {
            let files = try TestFiles.project().map {
                $0.path == qualityPath
                    ? SourceFile(path: $0.path, bytes: Array("/etc/passwd".utf8), entry: entry) : $0
            }
            try expect(files, qualityPath, "this is a s")
        }
    }

    @Test func F11_hostilePathsArePrintedHarmlessly() {
        let path = "rollouts/a\u{202E}b\u{1B}[31m/rollout.yaml"
        let project = ProjectFiles.check(files: [SourceFile(path: path, bytes: [])])
        let text = project.diagnostics.map(\.description).joined()
        #expect(!text.isEmpty)
        #expect(!text.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{1B}" })
    }

    @Test(
        "F13: a rollout without guardrails is refused",
        arguments: [
            (
                "rollouts/compression-selector/rollout.yaml",
                "[serving-health, compression-quality]", "[]"
            ),
            (
                "rollouts/compression-selector/rollout.yaml",
                "  guardrails: [serving-health, compression-quality]\n", ""
            ),
        ])
    func F13_aRolloutWithoutGuardrailsIsRefused(
        _ path: String, _ old: String, _ new: String
    ) throws {
        try expect(TestFiles.project().replacing(in: path, old, new), path, "guardrails")
    }

    private func mandatory(_ spec: String, name: String = "mandatory") -> SourceFile {
        let text = "apiVersion: gatewright.dev/v1\nkind: Admission\nspec: \(spec)\n"
        return SourceFile(path: "policies/admission/\(name).yaml", bytes: Array(text.utf8))
    }

    @Test(
        "F13: a mandatory policy names guardrails, and whoever leaves one out is refused",
        arguments: [
            ("[accuracy, errors]", nil),
            ("[errors, no-such]", "asks for the guardrail no-such, and there is none"),
            ("[accuracy-drop]", "accuracy-drop, which cannot stop a version here"),
            ("[input-drift]", "input-drift, which cannot stop a version here"),
        ])
    func F13_mandatoryGuardrailsMustBeThere(_ names: String, _ message: String?) throws {
        let files = try TestFiles.project() + [mandatory("{guardrails: \(names)}")]
        if let message { return try expect(files, rolloutPath, message) }
        #expect(ProjectFiles.check(files: files).diagnostics.map(\.description) == [])
    }

    @Test("H5: versions are served from allowed hosts only")
    func H5_serversAreOnAllowedHosts() throws {
        let good = try TestFiles.project()
        let stranger = "allows no server on 127.0.0.1"
        for name in ["mandatory", "compression-selector"] {
            let policy = mandatory("{servers: [\"*.example.org\"]}", name: name)
            let files = good.filter { $0.path != policy.path } + [policy]
            try expect(files, versionPath, stranger)
            try expect(files, "rollouts/compression-selector/versions/rules-1.yaml", stranger)
        }
        let allowed = ProjectFiles.check(
            files: good + [mandatory("{servers: [models.example.org, 127.0.0.1]}")])
        #expect(allowed.diagnostics.map(\.description) == [])
        // One that no rollout names and is not mandatory binds nobody.
        let other = ProjectFiles.check(
            files: good + [mandatory("{servers: [\"*.example.org\"]}", name: "other")])
        #expect(try rollout(other).isUsable)
    }

    @Test("F13, H5: a mandatory policy that cannot be read lets nobody in")
    func aBrokenMandatoryPolicyStopsAll() throws {
        try expect(
            TestFiles.project() + [mandatory("{servers: [\"http://x\"]}")], rolloutPath,
            "the policy mandatory has an error: policies/admission/mandatory.yaml:3:")
    }

    @Test func F14_oneChangeIsOneParseAndOneLink() throws {
        let parsed = try TestFiles.project().map {
            ProjectFiles.parse(path: $0.path, bytes: $0.bytes)
        }
        let policies = CheckedPolicies(parsed)
        let name = try RolloutName("compression-selector")
        let files = parsed.filter { ProjectFiles.rollout(of: $0.path) == name }
        let before = ProjectFiles.link(name, files: files, policies: policies)
        let changed = try #require(try TestFiles.project().first { $0.path == rolloutPath })
            .replacing("share: 5%", "share: 6%")
        let again =
            files.filter { $0.path != rolloutPath }
            + [ProjectFiles.parse(path: changed.path, bytes: changed.bytes)]
        let after = ProjectFiles.link(name, files: again, policies: policies)
        #expect(before.isUsable && after.isUsable)
        #expect(after.spec?.stages[1].shares == [Share(clamping: 600)])
    }
}
