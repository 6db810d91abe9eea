import Foundation
import Testing

/// The scripts that others call: the hook of git, and the step of the GitHub Action.
@Suite struct ScriptTests {
    private static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts").path

    private func project() throws -> Bench {
        let bench = try Bench()
        try bench.git("init", "--quiet", "--initial-branch=main", "work")
        for (key, value) in [("user.name", "Ana"), ("user.email", "ana@example.org")] {
            try bench.git("config", key, value, in: "work")
        }
        _ = try bench.run(try Bench.program(), ["init", "--rollout", "churn"], in: "work")
        try bench.git("add", "--all", in: "work")
        try bench.git("commit", "--quiet", "--message", "begin", in: "work")
        return bench
    }

    private func run(
        _ script: String, _ environment: [String: String], in bench: Bench
    ) throws -> Bench.Result {
        let settings = environment.map { "\($0.key)=\($0.value)" }
        return try bench.run(
            "/usr/bin/env",
            settings + ["GATEWRIGHT=\(try Bench.program())", "\(Self.scripts)/\(script)"],
            in: "work")
    }

    @Test func theHookChecksWhatIsStaged() throws {
        let bench = try project()
        #expect(try run("pre-commit", [:], in: bench).status == 0)
        let path = "work/rollouts/churn/rollout.yaml"
        let text = try bench.read(path)
        try bench.write(text.replacing("version: 1.0.0", with: "version: 9.9.9"), to: path)
        // What only lies in the folder is nobody's business yet.
        #expect(try run("pre-commit", [:], in: bench).status == 0)
        try bench.git("add", "--all", in: "work")
        let refused = try run("pre-commit", [:], in: bench)
        #expect(refused.status == 1 && refused.output.contains("there is no version 9.9.9"))
        // Mended in the folder and not staged: the commit is still broken.
        try bench.write(text, to: path)
        #expect(try run("pre-commit", [:], in: bench).status == 1)
    }

    @Test func theActionTellsThePullRequest() async throws {
        let bench = try project()
        let base = try bench.git("rev-parse", "HEAD", in: "work")
        let path = "work/rollouts/churn/rollout.yaml"
        try bench.write(
            try bench.read(path).replacing("soak: 6h", with: "soak: 1h"), to: path)
        try bench.git("commit", "--quiet", "--all", "--message", "shorter", in: "work")
        let head = try bench.git("rev-parse", "HEAD", in: "work")
        let server = try await Forge.start()
        let result = try run(
            "plan-pull-request",
            [
                "BASE_SHA": base, "HEAD_SHA": head, "GITHUB_REPOSITORY": "org/repo",
                "PULL_NUMBER": "3", "GITHUB_API_URL": server.url, "RATE": "100",
                "GATEWRIGHT_FORGE_TOKEN": "s3cr3t",
            ], in: bench)
        try await server.stop()
        #expect(result.status == 0, "\(result.errors)")
        #expect(server.requests.map(\.path).first == "/repos/org/repo/statuses/\(head)")
        #expect(
            server.requests.last?.body["body"]?.contains("canary lasts 60 min instead of 6 h")
                == true)
        #expect(try run("plan-pull-request", ["BASE_SHA": base], in: bench).status != 0)
    }

    /// Whatever a pull request is called, it is never part of a command.
    @Test func theActionPutsNothingIntoACommand() throws {
        let root = URL(fileURLWithPath: Self.scripts).deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appendingPathComponent("action.yml"), encoding: .utf8)
        for line in text.split(separator: "\n") where line.contains("run:") {
            #expect(!line.contains("${{"), "\(line)")
        }
        #expect(text.contains("scripts/plan-pull-request"))
    }
}
