import Foundation
import Testing

@Suite struct FilesTests {
    @Test func initWritesWhatValidates() throws {
        let bench = try Bench()
        let first = try bench.gatewright("init", "--rollout", "churn")
        #expect(first.status == 0)
        #expect(first.output.split(separator: "\n").count { $0.hasPrefix("written  ") } == 9)
        let valid = try bench.gatewright("validate")
        #expect(valid.status == 0 && valid.output.hasSuffix("0 errors, 0 warnings\n"))
        #expect(valid.output.hasPrefix("churn: takes back a version that keeps every guardrail"))
    }

    @Test func initKeepsWhatIsThere() throws {
        let bench = try Bench()
        _ = try bench.gatewright("init", "--rollout", "churn")
        let file = "rollouts/churn/rollout.yaml"
        let mine = try bench.read(file) + "# mine\n"
        try bench.write(mine, to: file)
        let second = try bench.gatewright("init", "--rollout", "churn")
        #expect(second.status == 0 && !second.output.contains("written"))
        #expect(second.output.contains("kept     \(file)"))
        #expect(try bench.read(file) == mine)
        #expect(try bench.gatewright("init", "--rollout", "NOT A NAME").status == 64)
    }

    @Test func errorsNamePlaceAndFix() throws {
        let bench = try Bench()
        _ = try bench.gatewright("init", "--rollout", "churn")
        let file = "rollouts/churn/rollout.yaml"
        try bench.write(
            try bench.read(file).replacing("share: 5%", with: "share: 500%"), to: file)
        let text = try bench.gatewright("validate")
        #expect(text.status == 1)
        #expect(text.output.contains("\(file):17:"))
        #expect(text.output.hasSuffix("1 error, 0 warnings\n"))
        let json = try bench.gatewright("validate", "--output", "json")
        #expect(json.status == 1)
        let found = try #require(try json.json()["diagnostics"] as? [[String: Any]])
        #expect(found.count == 1 && found.first?["line"] as? Int == 17)
    }

    @Test func aSymbolicLinkIsAnError() throws {
        let bench = try Bench()
        _ = try bench.gatewright("init", "--rollout", "churn")
        let file = bench.path("rollouts/churn/versions/2.0.0.yaml")
        try FileManager.default.createSymbolicLink(
            atPath: file, withDestinationPath: "1.0.0.yaml")
        let result = try bench.gatewright("validate")
        #expect(result.status == 1 && result.output.contains("versions/2.0.0.yaml"))
    }

    @Test func aBranchIsCheckedWithItsRecords() async throws {
        let served = try await Served()
        let good = try served.gatewright("validate", "--commit", "main")
        #expect(good.status == 0 && good.output == "0 errors, 0 warnings\n")
        let file = "clone/state/churn/decisions/000001-bootstrap.json"
        try served.bench.write(
            try served.bench.read(file).replacing("because", with: "becausE"), to: file)
        try served.bench.git("commit", "--quiet", "--all", "--message", "x", in: "clone")
        let bad = try served.gatewright("validate", "--commit", "main")
        #expect(bad.status == 1)
        #expect(bad.output.contains("state/churn: decision 2 does not follow the one before it"))
        let json = try served.gatewright("validate", "--commit", "main", "--output", "json").json()
        #expect((json["state"] as? [String])?.count == 1)
    }
}

/// Files that the operator names and that are not there.
@Suite struct SecretFileTests {
    @Test func aSecretThatIsNotThereIsAWrongArgument() throws {
        let bench = try Bench()
        _ = try bench.gatewright("init", "--rollout", "churn")
        try bench.git("init", "--quiet", "--initial-branch=main", ".")
        let missing = bench.path("no-token")
        let gateway = try bench.gatewright(
            "gateway", "--region", "eu", "--port", "0", "--admin-port", "0",
            "--admin-token-file", missing)
        #expect(gateway.status == 64)
        #expect(gateway.errors.contains("the secret file \(missing) cannot be read"))
        try bench.write(
            "apiVersion: gatewright.dev/v1\nkind: Controller\n"
                + "spec: {listen: {port: 0, tokenFile: \"\(missing)\"}}\n", to: "other.yaml")
        let run = try bench.gatewright("run", "--config", "other.yaml")
        #expect(run.status == 64)
        #expect(run.errors.contains("the secret file \(missing) cannot be read"))
    }
}
