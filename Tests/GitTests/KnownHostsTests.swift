import Foundation
import Testing

@testable import Git

@Suite struct KnownHostsTests {
    @Test func readsPlainHashedAndRevokedLines() throws {
        let bench = try Workbench()
        for name in ["one", "two", "three"] {
            _ = try bench.run(
                "/usr/bin/env",
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "c", "-f", bench.path(name)])
        }
        func key(_ name: String) throws -> String {
            try String(contentsOfFile: bench.path(name + ".pub"), encoding: .utf8)
                .trimmingCharacters(in: .newlines)
        }
        try bench.write("[Git.Example.org]:2222 \(try key("one"))\n", to: "hashed")
        // The real tool writes the hash.
        _ = try bench.run("/usr/bin/env", ["ssh-keygen", "-q", "-H", "-f", bench.path("hashed")])
        let hashed = try String(contentsOfFile: bench.path("hashed"), encoding: .utf8)
        #expect(hashed.hasPrefix("|1|"))
        let text = """
            # a comment
            \(hashed)
            other.org,[git.example.org]:2222 \(try key("two"))\r
            @revoked [git.example.org]:2222 \(try key("three"))
            @cert-authority *.example.org \(try key("three"))
            git.example.org \(try key("three"))
            broken line
            """
        let hosts = KnownHosts(text: text, host: "git.example.org", port: 2_222)
        #expect(hosts.trusted.count == 2)
        #expect(hosts.revoked.count == 1)
        for key in hosts.trusted { #expect(hosts.refusal(of: key.blob, file: "f") == nil) }
        let revoked = try #require(hosts.revoked.first)
        #expect(hosts.refusal(of: revoked.blob, file: "f")?.contains("revokes") == true)
        #expect(hosts.refusal(of: [1, 2], file: "f")?.contains("pins ssh-ed25519 SHA256:") == true)
        let elsewhere = KnownHosts(text: text, host: "unknown.org", port: nil)
        #expect(elsewhere.refusal(of: revoked.blob, file: "f")?.contains("has no key") == true)
    }
}
