import Foundation
import Ledger
import NIOCore
import NIOHTTP1
import NIOPosix
import RolloutCore
import RolloutFiles
import Testing

/// Plans of the project's own rollouts.
@Suite struct PlanTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let spec = "rollouts/compression-selector/rollout.yaml"

    /// A repository with the project's files, serving 2.3.1, and then a commit that changes it.
    private func repository(_ change: (Bench) throws -> Void) throws -> Bench {
        let bench = try Bench()
        try bench.git("init", "--quiet", "--initial-branch=main", "work")
        for folder in ["policies", "rollouts"] {
            try FileManager.default.copyItem(
                atPath: Self.root.appendingPathComponent(folder).path,
                toPath: bench.path("work/\(folder)"))
        }
        try FileManager.default.removeItem(
            atPath: bench.path("work/rollouts/compression-selector/artifacts"))
        try edit(bench, Self.spec, "version: 2.4.0", "version: 2.3.1")
        try edit(bench, Self.spec, "\n  windows: [business-hours]", "")
        try commit(bench)
        try change(bench)
        try commit(bench)
        return bench
    }

    private func edit(_ bench: Bench, _ path: String, _ from: String, _ to: String) throws {
        let text = try bench.read("work/\(path)")
        guard text.contains(from) else { throw Trouble("\(path) has no \(from)") }
        try bench.write(text.replacing(from, with: to), to: "work/\(path)")
    }

    private func commit(_ bench: Bench) throws {
        try bench.git("add", "--all", in: "work")
        try bench.git(
            "-c", "user.name=Ana", "-c", "user.email=ana@example.org", "commit", "--quiet",
            "--message", "work", in: "work")
    }

    private func plan(_ bench: Bench, _ arguments: String...) throws -> Bench.Result {
        try bench.run(
            try Bench.program(),
            ["plan", "HEAD~1..HEAD"] + (arguments.contains("--runs") ? [] : ["--runs", "2"])
                + arguments, in: "work")
    }

    private func asks(for version: String) throws -> Bench {
        try repository { try edit($0, Self.spec, "version: 2.3.1", "version: \(version)") }
    }

    /// What was planned is what the recorded run of the project did: stages, order, and samples
    /// within 30 %.
    @Test func thePlanIsWhatThenHappened() throws {
        let folder = Self.root.appendingPathComponent("state/compression-selector/decisions")
        let records = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map {
                try CanonicalJSON.decode(
                    DecisionRecord.self,
                    from: Array(try Data(contentsOf: folder.appendingPathComponent($0))))
            }
        let steps = records.filter { record in
            record.input.state.run?.candidate.reference.version.rawValue == "2.4.0"
        }
        func answers(_ record: DecisionRecord) -> Int {
            record.input.traffic.values.reduce(0) { $0 + $1.candidate }
        }
        func seconds(_ record: DecisionRecord) -> Double {
            Double(record.input.atStep.milliseconds) / 1_000
        }
        let shadow = try #require(steps.first)
        let rate = Double(answers(shadow)) / seconds(shadow)
        let result = try plan(
            try asks(for: "2.4.0"), "--output", "json", "--time-scale", "300000", "--runs", "12",
            "--rate",
            "\(Int(rate))")
        #expect(result.status == 0, "\(result.errors)")
        let answer = try result.json()
        let rollout = try #require((answer["rollouts"] as? [[String: Any]])?.first)
        let planned = try #require(rollout["steps"] as? [[String: Any]])
        #expect(planned.count == steps.count)
        for (record, step) in zip(steps, planned) {
            let current = try #require(record.input.state.run?.currentStep)
            #expect(step["stage"] as? String == current.stage.rawValue)
            let samples = try #require((step["samples"] as? NSNumber)?.doubleValue)
            let planned = try #require((step["seconds"] as? NSNumber)?.doubleValue)
            // A stage that waits for people lasts longer, at the same pace.
            let seen = Double(answers(record)) * planned / seconds(record)
            #expect(
                (0.7...1.3).contains(samples / seen),
                "\(current.stage) of decision \(record.number): \(samples) planned, \(seen) seen")
        }
        #expect(rollout["approvers"] as? String == "2 of sre, one of them of ml-lead")
    }

    @Test func readsLikeAComment() throws {
        let result = try plan(try asks(for: "2.4.0"), "--rate", "1200")
        #expect(result.status == 0)
        for part in [
            "### compression-selector 2.3.1 → 2.4.0\n", "- **admitted** trainTestGap ",
            "| stage | regions | share | at least | decided by about | then |",
            "| shadow | all | 100% mirrored | 7 d | ", "| canary | all | 5% | 14 d | ",
            " | approval |", "| gradual | eu-west | 25% | 7 d | ",
            "| gradual | us-east, ap-south | 100% | 7 d | ", "| full | all | 100% | 30 d | ",
            "- **needs** 2 of sre, one of them of ml-lead", "- **promises** false rollback ≤ 2 %",
            "- **earliest** complete at ",
        ] { #expect(result.output.contains(part), "\(part)\n\(result.output)") }
    }

    @Test func serversThatAreTooFewAreSaid() throws {
        let version = "rollouts/compression-selector/versions/2.4.0.yaml"
        func asking(_ capacity: String) throws -> String {
            let bench = try repository {
                try edit($0, Self.spec, "version: 2.3.1", "version: 2.4.0")
                try edit($0, version, "    endpoints:", "    capacity: \(capacity)\n    endpoints:")
            }
            let result = try plan(bench, "--rate", "1200")
            #expect(result.status == 0, "\(result.errors)\(result.output)")
            return result.output
        }
        // 1,200 in three regions.
        let few = try asking("{eu-west: 10/s, us-east: 100/s, ap-south: 400/s}")
        #expect(
            few.contains(
                "- **waits for** servers in eu-west before canary 5%: they are ready for 10/s, and "
                    + "callers send 400/s in the busiest minute\n"), "\(few)")
        #expect(few.contains("- **waits for** servers in us-east before gradual 50%: "), "\(few)")
        #expect(!few.contains("servers in ap-south"))
        #expect(!(try asking("{eu-west: 400/s}")).contains("**waits for**"))
    }

    @Test func serversThatAreToTakeEverybodyBackAreSaid() throws {
        let bench = try repository {
            try edit($0, Self.spec, "version: 2.3.1", "version: 2.4.0")
            try edit(
                $0, "rollouts/compression-selector/versions/2.3.1.yaml", "    endpoints:",
                "    capacity: {eu-west: 399/s, us-east: 400/s}\n    endpoints:")
        }
        let said = try plan(bench, "--rate", "1200").output
        #expect(
            said.contains(
                "- **waits for** servers of 2.3.1 in eu-west before canary 5%: a rollback sends "
                    + "everybody back to them, they are ready for 399/s, and callers send 400/s in "
                    + "the busiest minute\n"), "\(said)")
        #expect(!said.contains("in us-east before"))
    }

    @Test("J6: a rollout of the same conflict group that is in the way is named")
    func aRivalIsNamed() throws {
        let bench = try repository {
            try edit($0, Self.spec, "version: 2.3.1", "version: 2.4.0\n  conflictGroup: gpus")
        }
        #expect(!(try plan(bench).output.contains("conflict group")))
        // Who cannot be read may be on its way.
        try bench.write("{", to: "work/state/neighbour/current.json")
        try commit(bench)
        try edit(bench, Self.spec, "conflictGroup: gpus", "conflictGroup: accelerators")
        try commit(bench)
        let said = try plan(bench).output
        #expect(
            said.contains("- **waits for** neighbour, which has a state that cannot be read ("),
            "\(said)")
        #expect(said.contains("both are of conflict group accelerators"), "\(said)")
    }

    @Test func aVersionThatIsNotLetInFailsTheCheck() throws {
        let bench = try repository {
            try edit($0, Self.spec, "version: 2.3.1", "version: 2.4.0")
            try edit(
                $0, "rollouts/compression-selector/versions/2.4.0.yaml", "accuracy: 0.9988",
                "accuracy: 0.9")
        }
        let result = try plan(bench, "--rate", "1200")
        #expect(result.status == 1)
        #expect(result.output.contains("- **refused** accuracy is 0.9, must be ≥ 0.98"))
    }

    @Test func whatIsLoosenedIsSaid() throws {
        let bench = try repository {
            try edit($0, Self.spec, "version: 2.3.1", "version: 2.4.0")
            try edit($0, Self.spec, "soak: 14d", "soak: 1d")
            try edit($0, Self.spec, "approval: true, ", "")
            try edit(
                $0, "policies/approvals/production-change.yaml", "minApprovals: 2",
                "minApprovals: 1")
            try edit(
                $0, "policies/guardrails/compression-quality.yaml", "atLeast: 95%", "atLeast: 90%")
        }
        let result = try plan(bench, "--rate", "1200")
        for part in [
            "- **loosens** guardrail accuracy: ≥ 95 % becomes ≥ 90 %",
            "- **loosens** approvals needed: 1 instead of 2",
            "- **loosens** gradual needs no approval any more",
            "- **loosens** canary lasts 24 h instead of 14 d",
            "- `policies/guardrails/compression-quality.yaml`: compression-selector",
        ] { #expect(result.output.contains(part), "\(part)\n\(result.output)") }
    }

    @Test("F13: a change of what is mandatory names every rollout")
    func aMandatoryPolicyBearsUponEveryRollout() throws {
        let bench = try repository {
            try $0.write(
                "apiVersion: gatewright.dev/v1\nkind: Admission\n"
                    + "spec: {guardrails: [accuracy]}\n",
                to: "work/policies/admission/mandatory.yaml")
        }
        let result = try plan(bench, "--rate", "1200")
        #expect(
            result.output.contains(
                "- `policies/admission/mandatory.yaml`: compression-selector"), "\(result.output)")
    }

    @Test func windowsStopsAndErrorsAreSaid() throws {
        let closed = try repository {
            try edit($0, Self.spec, "version: 2.3.1", "version: 2.4.0\n  windows: [never]")
            try $0.write(
                """
                apiVersion: gatewright.dev/v1
                kind: Window
                spec: {deny: "Mon-Sun 00:00-24:00", timeZone: UTC, owner: sre, reason: "<b>@here</b>"}

                """, to: "work/policies/windows/never.yaml")
            try $0.write(
                "apiVersion: gatewright.dev/v1\nkind: Stop\nspec: {owner: sre, reason: fire}\n",
                to: "work/policies/stop.yaml")
        }
        let text = try plan(closed, "--rate", "1200").output
        #expect(text.contains("- **waits for** window never (UTC): does not open for nine days"))
        #expect(text.contains("- **waits for** stop.yaml (sre): fire"))
        // Text of a repository is text in the comment too.
        #expect(!text.contains("<b>") && !text.contains("@here"))
        let broken = try repository {
            try edit($0, Self.spec, "version: 2.3.1", "version: 9.9.9")
        }
        let result = try plan(broken, "--rate", "1200")
        #expect(result.status == 1)
        #expect(result.output.contains("### Errors in files"))
        #expect(result.output.contains("there is no version 9.9.9"))
        for bad in [["main"], ["main...HEAD"], ["nowhere..HEAD"], ["--exec=x..HEAD"]] {
            #expect(
                try broken.run(try Bench.program(), ["plan"] + bad, in: "work").status == 64,
                "\(bad)")
        }
    }

    // MARK: Posting

    @Test(arguments: ["github", "gitlab", "gitea"]) func tellsTheForge(_ forge: String) async throws
    {
        let bench = try asks(for: "2.4.0")
        let head = try bench.git("rev-parse", "HEAD", in: "work")
        let server = try await Forge.start()
        try bench.write("s3cr3t-token\n", to: "token")
        let result = try plan(
            bench, "--rate", "1200", "--post", forge, "--repository-name", "org/repo", "--pull",
            "17", "--api", server.url, "--forge-token-file", bench.path("token"))
        try await server.stop()
        #expect(result.status == 0, "\(result.errors)")
        let requests = server.requests
        #expect(requests.count == 2)
        let project = forge == "gitlab" ? "/projects/org%2Frepo" : "/repos/org/repo"
        #expect(requests.first?.path == "\(project)/statuses/\(head)")
        #expect(
            requests.last?.path
                == (forge == "gitlab"
                    ? "\(project)/merge_requests/17/notes" : "\(project)/issues/17/comments"))
        for request in requests {
            #expect(request.method == "POST" && request.type == "application/json")
            let secret =
                switch forge {
                case "github": request.headers["authorization"] == "Bearer s3cr3t-token"
                case "gitlab": request.headers["private-token"] == "s3cr3t-token"
                default: request.headers["authorization"] == "token s3cr3t-token"
                }
            #expect(secret)
        }
        #expect(requests.first?.body["state"] == "success")
        #expect(requests.first?.body["description"] == "compression-selector 2.3.1 → 2.4.0")
        #expect(requests.last?.body["body"]?.contains("| shadow | all |") == true)
        #expect(!result.output.contains("s3cr3t") && !result.errors.contains("s3cr3t"))
    }

    @Test func aForgeThatRefusesIsSaid() async throws {
        let bench = try asks(for: "2.4.0")
        let server = try await Forge.start(status: .forbidden)
        try bench.write("s3cr3t-token\n", to: "token")
        let result = try plan(
            bench, "--rate", "1200", "--post", "github", "--repository-name", "org/repo", "--api",
            server.url, "--forge-token-file", bench.path("token"))
        try await server.stop()
        #expect(result.status == 64)
        #expect(result.errors.contains("403") && !result.errors.contains("s3cr3t"))
        let missing = try plan(bench, "--rate", "1", "--post", "github", "--repository-name", "a/b")
        #expect(missing.status == 64 && missing.errors.contains("GATEWRIGHT_FORGE_TOKEN"))
    }
}
