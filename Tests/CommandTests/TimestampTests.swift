import Foundation
import Testing

/// Stamps of a real authority's program, and everything that is none.
@Suite struct TimestampTests {
    private static let prefix = "refs/gatewright/timestamps/"

    private func stamps(_ bench: Bench, in name: String = "clone") throws -> [String] {
        try bench.git("for-each-ref", "--format=%(refname)", Self.prefix, in: name)
            .split(separator: "\n").map(String.init)
    }

    private func check(
        _ served: Served, ca: String = "ca", _ arguments: String...
    ) throws -> Bench.Result {
        try served.bench.run(
            try Bench.program(),
            ["audit", "timestamps", "--ca", "../tsa/\(ca).pem"] + arguments, in: "clone")
    }

    @Test func aStampIsKeptAndChecked() async throws {
        let served = try await Served()
        let authority = try await StampAuthority.start(served.bench)
        let tip = try served.bench.git("rev-parse", "HEAD", in: "clone")
        let made = try served.gatewright("audit", "timestamp", "--url", authority.url)
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.output.hasPrefix("\(tip) is stamped at 20"))
        #expect(try stamps(served.bench) == [Self.prefix + tip])
        #expect(authority.seen.map(\.contentType) == ["application/timestamp-query"])
        // Neither the branch nor the working tree moved, and nothing was pushed.
        #expect(try served.bench.git("rev-parse", "HEAD", in: "clone") == tip)
        #expect(try served.bench.git("status", "--porcelain", in: "clone").isEmpty)
        #expect(try stamps(served.bench, in: "origin.git").isEmpty)

        let good = try check(served)
        #expect(good.status == 0)
        let line = try Regex(
            "good    \(tip) 20[-0-9T:.]+Z policy 1\\.2\\.3\\.4\\.1 serial [0-9a-f]+\n")
        #expect(good.output.wholeMatch(of: line) != nil, "\(good.output)")
        let json = try check(served, "--output", "json").object(as: [[String: Any]].self)
        #expect(json.count == 1 && json.first?["commit"] as? String == tip)
        #expect(json.first?["problem"] == nil && json.first?["policy"] as? String == "1.2.3.4.1")
        await authority.stop()
    }

    // As docs/operations.md has it: git, sha256sum and openssl are enough.
    @Test func othersCheckItWithoutUs() async throws {
        let served = try await Served()
        let authority = try await StampAuthority.start(served.bench)
        _ = try served.gatewright("audit", "timestamp", "--url", authority.url)
        try served.bench.write(
            #"""
            set -eu
            tip=$(git rev-parse HEAD)
            for file in $(git ls-tree -r --name-only $tip state | grep '^state/[^/]*/current\.json$'); do
              git show $tip:$file | sha256sum | cut -c1-64
            done | tr -d '\n' | sha256sum | cut -c1-64 > digest
            printf '%s\n%s\n' $tip $(cat digest) > stamped.txt
            git show refs/gatewright/timestamps/$tip:response.tsr > response.tsr
            openssl ts -verify -data stamped.txt -in response.tsr -CAfile ../tsa/ca.pem
            """#, to: "check.sh")
        let result = try served.bench.run("/usr/bin/env", ["bash", "../check.sh"], in: "clone")
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        #expect((result.output + result.errors).contains("Verification: OK"))
        await authority.stop()
    }

    @Test func oneStampACommitAndAPushThatMayComeLater() async throws {
        let served = try await Served()
        let authority = try await StampAuthority.start(served.bench)
        _ = try served.gatewright("audit", "timestamp", "--url", authority.url)
        let again = try served.gatewright("audit", "timestamp", "--url", authority.url, "--push")
        #expect(again.status == 0 && again.output.contains("is stamped already"))
        #expect(authority.seen.count == 1)
        #expect(try stamps(served.bench, in: "origin.git") == stamps(served.bench))
        try served.bench.git("remote", "remove", "origin", in: "clone")
        let alone = try served.gatewright("audit", "timestamp", "--url", authority.url, "--push")
        #expect(alone.status == 0 && alone.output.contains("no remote origin"))
        await authority.stop()
    }

    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let behaviour: StampAuthority.Behaviour
        let words: String

        init(_ name: String, _ behaviour: StampAuthority.Behaviour, _ words: String) {
            (testDescription, self.behaviour, self.words) = (name, behaviour, words)
        }
    }

    static let attacks = [
        Attack("another text", .stamping("0000\n1111\n"), "message imprint mismatch"),
        Attack("another nonce", .otherNonce, "nonce mismatch"),
        Attack("no certificate", .withoutCertificate, "without the certificate"),
        Attack("refused", .refusing, "the authority refused: Status: Rejected"),
        Attack("bytes behind it", .longer, "bytes behind the answer"),
        Attack("HTML", .bytes(Array("<html>stamped</html>".utf8)), "no answer of a time-stamping"),
        Attack("nothing", .bytes([]), "no answer of a time-stamping"),
        Attack("too large", .bytes([UInt8](repeating: 48, count: 65_537)), "more than 65536 bytes"),
        Attack("unavailable", .status(503), "answered 503"),
        Attack("found elsewhere", .status(404), "answered 404"),
    ]

    @Test func whatIsNoStampChangesNothing() async throws {
        let served = try await Served()
        let authority = try await StampAuthority.start(served.bench)
        let refs = try served.bench.git("for-each-ref", in: "clone")
        for attack in Self.attacks {
            authority.behave(attack.behaviour)
            let result = try served.gatewright(
                "audit", "timestamp", "--url", authority.url, "--push")
            #expect(result.status == 1 && result.output.isEmpty, "\(attack.testDescription)")
            #expect(
                result.errors.hasPrefix("Error: ") && result.errors.contains(attack.words),
                "\(attack.testDescription): \(result.errors)")
        }
        await authority.stop()
        let down = try served.gatewright("audit", "timestamp", "--url", authority.url)
        #expect(down.status == 1 && down.errors.contains("127.0.0.1 cannot be reached"))
        #expect(try served.bench.git("for-each-ref", in: "clone") == refs)
        #expect(try stamps(served.bench, in: "origin.git").isEmpty)
        for url in ["ftp://tsa.example.org", "tsa.example.org", "http://", ""] {
            let wrong = try served.gatewright("audit", "timestamp", "--url", url)
            #expect(wrong.status == 64, "\(url)")
        }
    }

    // The signature is the last thing of a token; without --ca only the check looks at it.
    @Test func aTamperedTokenIsFoundAtOnceOrLater() async throws {
        let served = try await Served()
        let authority = try await StampAuthority.start(served.bench, .tampered(3))
        let arguments = ["audit", "timestamp", "--url", authority.url]
        let careful = try served.bench.run(
            try Bench.program(), arguments + ["--ca", "../tsa/ca.pem"], in: "clone")
        #expect(careful.status == 1 && careful.errors.contains("was not kept"))
        #expect(try stamps(served.bench).isEmpty)
        _ = try served.bench.run(try Bench.program(), arguments, in: "clone")
        #expect(try stamps(served.bench).count == 1)
        let checked = try check(served)
        #expect(checked.status == 1 && checked.output.contains("REFUSED "), "\(checked.output)")
        authority.behave(.honest)
        try served.bench.git(
            "update-ref", "-d", #require(try stamps(served.bench).first), in: "clone")
        let stranger = try served.bench.run(
            try Bench.program(), arguments + ["--ca", "../tsa/other.pem"], in: "clone")
        #expect(stranger.status == 1 && stranger.errors.contains("certificate verify error"))
        #expect(try stamps(served.bench).isEmpty)
        await authority.stop()
    }

    @Test func anotherRootProvesNothing() async throws {
        let served = try await Served()
        let authority = try await StampAuthority.start(served.bench)
        _ = try served.gatewright("audit", "timestamp", "--url", authority.url)
        await authority.stop()
        let wrong = try check(served, ca: "other")
        #expect(wrong.status == 1 && wrong.output.contains("certificate verify error"))
        // The authority itself is no root.
        #expect(try check(served, ca: "tsa").status == 1)
        for (name, text) in [("empty", ""), ("key", "-----BEGIN CERTIFICATE-----\nMIIB\n")] {
            try served.bench.write(text, to: "tsa/\(name).pem")
            #expect(try check(served, ca: name).status == 64)
        }
        #expect(try check(served, ca: "nowhere").status == 64)
    }

    @Test func aStampCountsForItsOwnCommitOnly() async throws {
        let served = try await Served()
        let authority = try await StampAuthority.start(served.bench)
        let bench = served.bench
        let first = try bench.git("rev-parse", "HEAD", in: "clone")
        _ = try served.gatewright("audit", "timestamp", "--url", authority.url)
        try bench.write("x", to: "clone/note")
        try bench.git("add", "note", in: "clone")
        try bench.git("commit", "--quiet", "--message", "a note", in: "clone")
        let second = try bench.git("rev-parse", "HEAD", in: "clone")
        _ = try served.gatewright("audit", "timestamp", "--url", authority.url)
        await authority.stop()
        #expect(try check(served).status == 0)

        // The stamp of the first commit, put in place of the second's.
        let (one, two) = (Self.prefix + first, Self.prefix + second)
        let honest = try bench.git("rev-parse", two, in: "clone")
        try bench.git("update-ref", two, one, in: "clone")
        let swapped = try check(served)
        #expect(swapped.status == 1 && swapped.output.contains("message imprint mismatch"))
        #expect(swapped.output.contains("good    \(first)"))
        try bench.git("update-ref", two, honest, in: "clone")

        // A reference that leads to something else, and names that are none.
        for target in [first, "\(first)^{tree}"] {
            try bench.git("update-ref", two, target, in: "clone")
            #expect(try check(served).status == 1)
        }
        try bench.git("update-ref", two, honest, in: "clone")
        for name in ["latest", "team/\(second)", String(repeating: "0", count: 40)] {
            try bench.git("update-ref", Self.prefix + name, honest, in: "clone")
            #expect(try check(served).status == 1, "\(name)")
            try bench.git("update-ref", "-d", Self.prefix + name, in: "clone")
        }

        // The second commit is cut off: its stamp tells.
        try bench.git("reset", "--quiet", "--hard", first, in: "clone")
        let cut = try check(served)
        #expect(cut.status == 1 && cut.output.contains("its commit is not part of main"))
        try bench.git("update-ref", "-d", two, in: "clone")
        #expect(try check(served).status == 0)
        try bench.git("update-ref", "-d", one, in: "clone")
        #expect(try check(served).output == "nothing is stamped\n")
    }
}
