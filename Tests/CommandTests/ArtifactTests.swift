import Foundation
import Testing

/// Artifacts in the working tree, and the signatures that a policy asks for.
@Suite struct ArtifactTests {
    private static let model = "{\"trees\":[1,2]}\n"
    private static let digest = "756279b791056d340d6ff1fa83c6fabd2ab01414ecfc03bc9f16ac7064f1924b"

    private static func block(_ name: String) throws -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(
            contentsOf: tests.appendingPathComponent("IdentityTests/Fixtures/\(name)"),
            encoding: .utf8)
        return "|-\n" + text.split(separator: "\n").map { "      \($0)\n" }.joined()
    }

    /// A repository that asks for 2.0.0, whose artifact lies beside it.
    private func project(size: String = "16B", signature: String? = nil) throws -> Bench {
        let bench = try Bench()
        _ = try bench.gatewright("init", "--rollout", "churn")
        let old = try bench.read("rollouts/churn/versions/1.0.0.yaml")
        let line = try #require(old.firstMatch(of: /size: .*\n/)).output
        let signed = try signature.map { "    signature: \(try Self.block($0))" } ?? ""
        try bench.write(
            old.replacing("version: 1.0.0", with: "version: 2.0.0")
                .replacing(String(repeating: "0", count: 64), with: Self.digest)
                .replacing(line, with: "size: \(size)\n\(signed)"),
            to: "rollouts/churn/versions/2.0.0.yaml")
        try bench.write(
            "apiVersion: gatewright.dev/v1\nkind: Admission\nspec:\n  signedBy:\n    - "
                + Self.block("p256.pub"), to: "policies/admission/signed.yaml")
        let spec = try bench.read("rollouts/churn/rollout.yaml")
        try bench.write(
            spec.replacing("  version: 1.0.0\n", with: "  version: 2.0.0\n  admission: [signed]\n"),
            to: "rollouts/churn/rollout.yaml")
        try bench.write(Self.model, to: "rollouts/churn/artifacts/2.0.0.json")
        return bench
    }

    @Test func whatIsRightIsNoted() throws {
        let bench = try project(signature: "single-p256.sigstore.json")
        let result = try bench.gatewright("validate")
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("ok      modelSignature 1 (by the one key)"))
        #expect(
            result.output.contains("digest verified: rollouts/churn/artifacts/2.0.0.json"))
    }

    @Test(arguments: [
        (nil, "not signed"), ("single-p384.sigstore.json", "another key"),
        ("several-p256.sigstore.json", "another artifact"),
    ])
    func whatIsNotSignedIsRefused(_ signature: String?, _ words: String) throws {
        let result = try project(signature: signature).gatewright("validate")
        #expect(result.status == 1 && result.output.contains(words), "\(result.output)")
        #expect(result.output.contains("refused modelSignature not verified (by the one key)"))
        #expect(result.output.contains("digest verified"))
    }

    @Test("J1: other bytes are an error")
    func otherBytesAreAnError() throws {
        let bench = try project(signature: "single-p256.sigstore.json")
        let path = "rollouts/churn/artifacts/2.0.0.json"
        try bench.write("{\"trees\":[1,3]}\n", to: path)
        let result = try bench.gatewright("validate", "--output", "json")
        #expect(result.status == 1)
        let found = try #require(try result.json()["diagnostics"] as? [[String: Any]])
        let one = try #require(found.first { $0["path"] as? String == path })
        #expect(one["expected"] as? String == Self.digest)
        #expect((one["found"] as? String)?.count == 64 && one["fix"] != nil)
        #expect(!result.output.contains("\"verifiedArtifact\""))
        try bench.write(
            "version https://git-lfs.github.com/spec/v1\noid sha256:\(Self.digest)\nsize 16\n",
            to: path)
        let pointer = try bench.gatewright("validate").output
        #expect(pointer.contains("git-lfs pointer") && pointer.contains("fix: git lfs pull"))
    }

    @Test func theSizeMustFitItsOwnUnit() throws {
        for (size, isRight) in [("16B", true), ("17B", false), ("1KB", true), ("2KB", false)] {
            let bench = try project(size: size, signature: "single-p256.sigstore.json")
            let result = try bench.gatewright("validate")
            #expect((result.status == 0) == isRight, "\(size): \(result.output)")
            if !isRight {
                #expect(result.output.contains("has 16 bytes, and its version file says"))
            }
        }
    }

    // 2.0.0.1.json is no artifact of 2.0.0 when there is a version 2.0.0.1.
    @Test func aLongerVersionHasItsOwnFiles() throws {
        let bench = try project(signature: "single-p256.sigstore.json")
        let text = try bench.read("rollouts/churn/versions/2.0.0.yaml")
        try bench.write(
            text.replacing("version: 2.0.0", with: "version: 2.0.0.1")
                .replacing(Self.digest, with: String(repeating: "3", count: 64)),
            to: "rollouts/churn/versions/2.0.0.1.yaml")
        try bench.write("other", to: "rollouts/churn/artifacts/2.0.0.1.json")
        let result = try bench.gatewright("validate").output
        #expect(
            result.contains("artifacts/2.0.0.1.json: these are other bytes than those of 2.0.0.1"))
        #expect(!result.contains("those of 2.0.0:"))
        #expect(result.contains("1 error,"))
        // A link may point anywhere; it is not followed.
        try FileManager.default.removeItem(
            atPath: bench.path("rollouts/churn/artifacts/2.0.0.json"))
        try FileManager.default.createSymbolicLink(
            atPath: bench.path("rollouts/churn/artifacts/2.0.0.json"),
            withDestinationPath: "/etc/hostname")
        #expect(try !bench.gatewright("validate").output.contains("digest verified"))
    }

    // On the pull request: who signed, and that somebody else may sign from now on.
    @Test func thePlanTellsWhoSigned() throws {
        let bench = try project(signature: "single-p384.sigstore.json")
        func commit(_ message: String) throws {
            try bench.git("add", "--all")
            try bench.git(
                "-c", "user.name=Ana", "-c", "user.email=ana@example.org", "commit", "--quiet",
                "--message", message)
        }
        try bench.git("init", "--quiet", "--initial-branch=main")
        try commit("2.0.0")
        let policy = "policies/admission/signed.yaml"
        let file = "rollouts/churn/rollout.yaml"
        try bench.write(try bench.read(file).replacing("soak: 1h", with: "soak: 2h"), to: file)
        try bench.write("# p256\n" + bench.read(policy), to: policy)
        try bench.git("checkout", "--quiet", "-b", "change")
        try commit("a comment")
        let refused = try bench.gatewright("plan", "main..change", "--rate", "100")
        #expect(refused.status == 1 && refused.output.contains("**refused**"), "\(refused)")
        #expect(refused.output.contains("another key"))
        #expect(!refused.output.contains("**loosens**"))
        try bench.write(bench.read(policy) + "    - " + Self.block("p384.pub"), to: policy)
        try commit("another key")
        let taken = try bench.gatewright("plan", "main..change", "--rate", "100")
        #expect(taken.output.contains("modelSignature 1 (by one of 2 keys)"), "\(taken)")
        #expect(taken.output.contains("**loosens** signed: 1 more key may sign the artifact"))
        try bench.write(
            "apiVersion: gatewright.dev/v1\nkind: Admission\nspec:\n  forbidFeatures: [x]\n",
            to: policy)
        try commit("no key")
        let open = try bench.gatewright("plan", "main..change", "--rate", "100")
        #expect(
            open.output.contains("**loosens** signed does not ask for a signed artifact any more"))
    }
}
