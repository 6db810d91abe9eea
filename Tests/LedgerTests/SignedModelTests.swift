import Foundation
import RolloutCore
import RolloutFiles
import Testing

@testable import Ledger

/// A policy that asks for a signed artifact decides what a commit asks for.
@Suite struct SignedModelTests {
    private struct Fault: Error {}

    /// What `model_signing` signed in the fixture.
    private static let model = "756279b791056d340d6ff1fa83c6fabd2ab01414ecfc03bc9f16ac7064f1924b"
    private static let bundle = "single-p256.sigstore.json"

    private static func fixture(_ name: String) throws -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(
            contentsOf: tests.appendingPathComponent("IdentityTests/Fixtures/\(name)"),
            encoding: .utf8)
    }

    /// A file as a block of YAML.
    private static func block(_ name: String) throws -> String {
        let lines = try fixture(name).split(separator: "\n").map { "      \($0)\n" }
        return "|-\n" + lines.joined()
    }

    private func ask(
        signature: String?, digest: String = model, keys: [String]
    ) async throws -> Ask {
        var files = SnapshotTests.rollout("alpha")
        files["policies/guardrails/health.yaml"] = SnapshotTests.health(1)
        files["policies/admission/signed.yaml"] =
            "apiVersion: gatewright.dev/v1\nkind: Admission\nspec:\n"
            + (keys.isEmpty
                ? "  require:\n    - {metric: size, below: 50MB}\n"
                : "  signedBy:\n" + (try keys.map { "    - " + (try Self.block($0)) }).joined())
        files["rollouts/alpha/rollout.yaml"] = files["rollouts/alpha/rollout.yaml"]?
            .replacing("guardrails: [health]", with: "guardrails: [health]\n  admission: [signed]")
        let path = "rollouts/alpha/versions/2.0.0.yaml"
        let signed = try signature.map { "size: 1MB\n    signature: " + (try Self.block($0)) }
        files[path] = files[path]?
            .replacing(String(repeating: "2", count: 64), with: digest)
            .replacing("size: 1MB\n", with: signed ?? "size: 1MB\n")
        let bench = try Workbench()
        try await bench.repository("main.git", files)
        let ledger = try bench.ledger("main.git")
        let tip = try #require(await ledger.sync().tip)
        let snapshot = try await Snapshot.read(ledger, at: tip, after: nil)
        guard case .asked(let ask)? = snapshot.rollouts[Story.id("alpha")]?.request else {
            Issue.record("\(snapshot.diagnostics)")
            throw Fault()
        }
        return ask
    }

    /// What a controller does with it that serves 1.0.0.
    private func decision(_ ask: Ask) throws -> Decision {
        let stable = try #require(ask.bootstrap)
        let bootstrap = Action.bootstrap(
            Action.Bootstrap(
                version: stable, fallback: nil, regions: ask.plan.regions, stickyBy: ask.stickyBy))
        let state = RolloutState(name: Story.id("alpha")).after(
            bootstrap, number: 1, at: Story.now)
        return decide(
            DecisionInput(
                now: Story.now, state: state, request: .asked(ask), orders: [],
                conditions: Conditions(), atStep: .zero, timeScale: 1, evidence: [], traffic: [:],
                routers: [:]))
    }

    @Test func aSignedVersionStarts() async throws {
        let ask = try await ask(signature: Self.bundle, keys: ["p384.pub", "p256.pub"])
        let check = try #require(ask.admission.first)
        #expect(ask.admission.count == 1)
        #expect(check.metric == "modelSignature" && check.value == FiniteDouble(1))
        #expect(check.passed && check.bound == "by one of 2 keys")
        // The next thing is the router, which nobody has heard of; admission let it pass.
        guard case .wait(let wait) = try decision(ask).next else { return }
        if case .notAdmitted = wait.reason { Issue.record("\(wait)") }
    }

    @Test(arguments: [
        (nil, model, "p256.pub", "not signed"),
        (bundle, String(repeating: "2", count: 64), "p256.pub", "another artifact"),
        (bundle, model, "p384.pub", "another key"),
        ("p256.pub", model, "p256.pub", "cannot be read"),
    ])
    func anUnsignedVersionIsNotLetIn(
        _ signature: String?, _ digest: String, _ key: String, _ words: String
    ) async throws {
        let ask = try await ask(signature: signature, digest: digest, keys: [key])
        #expect(ask.admission.map(\.value) == [nil] && ask.admission.allSatisfy { !$0.passed })
        guard case .wait(let wait) = try decision(ask).next,
            case .notAdmitted(_, let problems) = wait.reason
        else {
            Issue.record("it was let in")
            return
        }
        #expect(problems.count == 1 && problems.allSatisfy { $0.contains(words) }, "\(problems)")
    }

    // Recorded runs are bound to the digest of their policies: it must not move by an update.
    @Test func policiesWithoutKeysKeepTheirDigest() async throws {
        let ask = try await ask(signature: Self.bundle, keys: [])
        #expect(!ask.admission.contains { $0.metric == "modelSignature" })
        let policy = AdmissionPolicy(
            name: Story.id("signed"), requirements: [], forbiddenFeatures: [])
        let text = String(decoding: try CanonicalJSON.encode(policy).compact, as: UTF8.self)
        #expect(text == #"{"forbiddenFeatures":[],"name":"signed","requirements":[]}"#)
    }
}
