import Foundation
import Git
import Ledger
import RolloutCore
import RolloutFiles
import Testing

/// `gatewright approve` as people use it: real keys, real ssh-keygen, real git.
@Suite struct ApproveTests {
    static let people = ["ana", "sam", "lena", "eve"]

    /// Churn waits in shadow for two of sre before canary; Ana wrote the change.
    private func gated() async throws -> Served {
        try await Served { bench in
            var lines: [String] = []
            for person in Self.people {
                _ = try bench.run(
                    "/usr/bin/env",
                    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", bench.path(person)])
                let key = try bench.read("\(person).pub").split(separator: " ").prefix(2)
                if person != "eve" {
                    lines.append(
                        "\(person)@example.org namespaces=\"git,approval.v1@gatewright\" "
                            + key.joined(separator: " "))
                }
            }
            let signers = try bench.read("clone/policies/signers")
            try bench.write(
                signers + lines.joined(separator: "\n") + "\n", to: "clone/policies/signers")
            try bench.write(
                try bench.read("clone/policies/groups.yaml")
                    + "    sre: [ana@example.org, sam@example.org, lena@example.org]\n",
                to: "clone/policies/groups.yaml")
            try bench.write(
                """
                apiVersion: gatewright.dev/v1
                kind: Approvals
                spec: {approvers: [sre], minApprovals: 2, expiresAfter: 8h}

                """, to: "clone/policies/approvals/two.yaml")
            let spec = try bench.read("clone/rollouts/churn/rollout.yaml")
                .replacing("  stages:", with: "  approvals: two\n  stages:")
                .replacing("{stage: canary,", with: "{stage: canary, approval: true,")
            try bench.write(spec, to: "clone/rollouts/churn/rollout.yaml")
            for (key, value) in [
                ("gpg.format", "ssh"), ("user.signingkey", bench.path("ana.pub")),
                ("commit.gpgsign", "true"),
            ] { try bench.git("config", key, value, in: "clone") }
        }
    }

    private func approvals(_ served: Served) async throws -> [FoundApproval] {
        let tip = try #require(await served.ledger.sync().tip)
        let snapshot = try await Snapshot.read(served.ledger, at: tip, after: nil)
        #expect(snapshot.diagnostics.filter(\.isError).isEmpty, "\(snapshot.diagnostics)")
        return snapshot.rollouts[Served.name]?.approvals ?? []
    }

    @Test func saysWhatIsApprovedAndCommitsIt() async throws {
        let served = try await gated()
        let key = served.bench.path("sam")
        let result = try served.gatewright(
            "approve", "churn", "--key", key, "--yes", "--reason", "looked at shadow")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        for part in [
            "approve  churn 1.0.0 → 2.0.0", "sha256 \(String(repeating: "2", count: 64))",
            "from       shadow", "into       canary 5%", "regions    local",
            "at most    5% of live traffic", "run        churn-2", "written by ana@example.org",
            "needs      2 of sre", "is committed and pushed",
        ] { #expect(result.output.contains(part), "\(part) in \(result.output)") }
        let found = try await approvals(served)
        #expect(found.count == 1)
        #expect(found.first?.problem == nil)
        #expect(found.first?.approval.comment == "looked at shadow")
        #expect(try served.bench.git("status", "--porcelain", in: "clone").isEmpty)
        // Somebody else's comes on top, although the remote went on meanwhile.
        try served.bench.git("clone", "--quiet", "origin.git", "other")
        for (name, value) in [("user.name", "Lena"), ("user.email", "lena@example.org")] {
            try served.bench.git("config", name, value, in: "other")
        }
        try served.bench.git(
            "commit", "--quiet", "--allow-empty", "--message", "x", in: "clone")
        try served.bench.git("push", "--quiet", "origin", "HEAD:main", in: "clone")
        let other = try served.bench.run(
            try Bench.program(),
            ["approve", "churn", "--key", served.bench.path("lena"), "--yes"], in: "other")
        #expect(other.status == 0, "\(other.output)\(other.errors)")
        #expect(try await approvals(served).count == 2)
    }

    @Test func whatWouldNotCountIsNotCommitted() async throws {
        let served = try await gated()
        for (person, why) in [
            ("ana", "ana@example.org wrote the change"), ("eve", "is not in policies/signers"),
        ] {
            let result = try served.gatewright(
                "approve", "churn", "--key", served.bench.path(person), "--yes")
            #expect(result.status == 1)
            #expect(result.output.contains("this will not count: "))
            #expect(result.output.contains(why), "\(result.output)")
        }
        #expect(try await approvals(served).isEmpty)
        let anyway = try served.gatewright(
            "approve", "churn", "--key", served.bench.path("ana"), "--yes", "--anyway")
        #expect(anyway.status == 0)
        #expect(try await approvals(served).count == 1)
        // Whoever wrote it may forbid it.
        let reject = try served.gatewright(
            "reject", "churn", "--key", served.bench.path("ana"), "--yes", "--reason", "a mistake")
        #expect(reject.status == 0, "\(reject.output)\(reject.errors)")
        #expect(try await approvals(served).contains { $0.approval.answer == .reject })
        #expect(try served.gatewright("reject", "churn", "--yes").status == 64)
    }

    @Test func aBranchForAPullRequestAndNothingWithoutAYes() async throws {
        let served = try await gated()
        let key = served.bench.path("sam")
        let unasked = try served.gatewright("approve", "churn", "--key", key)
        #expect(unasked.status == 64 && unasked.errors.contains("nothing was signed"))
        let result = try served.gatewright(
            "approve", "churn", "--key", key, "--yes", "--to-branch", "approve/churn")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try await approvals(served).isEmpty)
        let files = try served.bench.git(
            "diff", "--name-only", "main...approve/churn", in: "origin.git")
        #expect(files.hasPrefix("rollouts/churn/approvals/2-canary-"))
    }

    @Test func oneOrderIsNotEnoughUnderAPolicy() async throws {
        let served = try await gated()
        let result = try served.gatewright("promote", "churn", "--reason", "now")
        #expect(result.status == 64)
        #expect(result.errors.contains("gatewright approve churn --hotfix"))
        for bad in [
            ["approve", "nobody", "--yes"], ["approve", "churn", "--yes", "--max-share", "much"],
            ["approve", "churn", "--yes", "--for", "ever"],
            ["approve", "churn", "--yes", "--key", "/nowhere"],
        ] {
            #expect(
                try served.bench.run(try Bench.program(), bad, in: "clone").status == 64, "\(bad)")
        }
    }

    /// A history without traffic is audited like any other; its records are not signed here.
    @Test func auditCommandsAnswer() async throws {
        let served = try await gated()
        let origin = ["--repository", served.bench.path("origin.git")]
        func audit(_ arguments: String...) throws -> Bench.Result {
            try served.bench.run(try Bench.program(), ["audit"] + arguments + origin)
        }
        let verify = try audit("verify")
        #expect(verify.status == 1)
        #expect(verify.output.contains("unsigned-record"))
        let json = try audit("verify", "--output", "json").json()
        #expect(json["decisions"] as? Int == 2)
        let population = try audit("population", "--csv")
        #expect(population.output.split(separator: "\n").count == 3)
        #expect(try audit("population", "--from", "2030-01-01").output == "0 decisions, 0 gaps\n")
        #expect(try audit("population", "--from", "someday").status == 64)
        let explain = try audit("explain", "churn", "2")
        #expect(explain.output.hasPrefix("start churn 2.0.0 in shadow 100%: because\n"))
        #expect(try audit("explain", "churn", "9").status == 64)
        let serving = try audit("serving-at", "2026-12-01")
        #expect(
            serving.output
                == "churn in local: 1.0.0 100%, 2.0.0 0% (mirrored 100%), since decision 2 of "
                + "2026-09-21T14:13:20.000Z\n")
        #expect(try audit("serving-at", "2020-01-01").output.hasPrefix("nothing was served"))
    }
}
