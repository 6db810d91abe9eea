import RolloutCore
import Testing

@testable import RolloutFiles

/// Secrets that somebody pushed. None stands here as it would be: forges refuse such files.
@Suite struct SecretTextTests {
    private static let tail = String(repeating: "a1B", count: 20)
    private static let key =
        "-----BEGIN OPENSSH PRIVATE" + " KEY-----\n    b3BlbnNzaC1rZXk\n    -----END OPENSSH "

    private func findings(_ text: String) -> [SecretText.Finding] {
        SecretText(Array(text.utf8)).findings
    }

    @Test(
        "A11: what says itself that it is a secret is found",
        arguments: [
            ("ghp_" + tail.prefix(36), "a GitHub token"),
            ("AKIA" + "ABCDEFGH01234567", "an AWS access key"),
            ("glpat-" + tail.prefix(20), "a GitLab token"),
            ("hf_" + tail.prefix(30), "a Hugging Face token"),
        ])
    func knownSecretsAreFound(_ secret: String, _ what: String) throws {
        let found = try #require(findings("é: \"\(secret)\"\n").first)
        #expect(found.what == what && found.text == secret)
        #expect(found.mark == Mark(line: 1, column: 5))
        // Too short, or in the middle of a word.
        #expect(findings("x: \(secret.dropLast(secret.count - 10))\n").isEmpty)
        #expect(findings("x: a\(secret)\n").isEmpty)
    }

    @Test("A11: a private key is one secret of several lines, a public one is none")
    func aPrivateKeyIsOneSecret() throws {
        let found = findings("a: 1\nb: |\n    \(Self.key)\nc: \("ghp_" + Self.tail)\n")
        #expect(found.map(\.what) == ["a private key", "a GitHub token"])
        #expect(found.map(\.mark.line) == [3, 6] && found[0].lastLine == 5)
        #expect(findings("-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n").isEmpty)
        // Damage is no way to make it run for ever, or past the end.
        #expect(findings("-----BEGIN EC PRIVATE" + " KEY-----").count == 1)
        #expect(findings("-----BEGIN ").isEmpty)
    }

    @Test("A11: a secret is warned of and never quoted")
    func aSecretIsWarnedOfAndNeverQuoted() throws {
        let secret = "ghp_" + Self.tail
        let files = try TestFiles.project().map { file -> SourceFile in
            guard file.path.hasSuffix("/rollout.yaml") else { return file }
            let text = String(decoding: file.bytes, as: UTF8.self)
            return SourceFile(
                path: file.path,
                bytes: Array((text + "  # \(secret)\n").utf8))
        }
        let clean = ProjectFiles.check(files: files)
        let warnings = clean.diagnostics.filter { $0.message.contains("GitHub token") }
        #expect(!warnings.isEmpty && warnings.allSatisfy { !$0.isError })
        #expect(!clean.hasErrors)
        for broken in ["  \(secret): 1\n", "  version: \(secret)\n", "  [\(secret)\n"] {
            let all = ProjectFiles.check(
                files: files.map { file in
                    guard file.path.hasSuffix("/rollout.yaml") else { return file }
                    return SourceFile(path: file.path, bytes: file.bytes + Array(broken.utf8))
                })
            #expect(all.hasErrors)
            for diagnostic in all.diagnostics {
                let told = "\(diagnostic)\(diagnostic.found ?? "")\(diagnostic.message)"
                #expect(!told.contains(secret.prefix(20)), "\(told)")
            }
        }
    }
}
