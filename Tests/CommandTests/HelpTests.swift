import RolloutFiles
import Testing

@Suite struct HelpTests {
    static let commands = [
        "", "rehearse", "simulate", "soak", "status", "why", "history", "hold", "resume", "abort",
        "rollback",
        "promote",
        "release", "approve", "reject", "init", "validate", "plan", "schema", "audit",
        "audit verify", "audit population", "audit explain", "audit replay", "audit serving-at",
        "audit timestamp", "audit timestamps",
        "run", "gateway", "reindex", "accept-history",
        "demo", "fleet", "fleet serve", "fleet traffic", "fleet sample", "stats",
        "stats proportion", "stats compare", "stats quantile", "stats sample-size", "stats srm",
        "stats drift", "stats reference", "stats end-to-end", "stats chaos", "stats check",
        "stats bench",
    ]

    private func help(_ command: String) throws -> Bench.Result {
        let bench = try Bench()
        let words = command.split(separator: " ").map(String.init)
        return try bench.run(try Bench.program(), words + ["--help"])
    }

    @Test(arguments: commands) func helpReadsAsKept(_ command: String) throws {
        let help = try help(command)
        #expect(help.status == 0 && help.errors.isEmpty)
        let name = command.isEmpty ? "gatewright" : command.replacing(" ", with: "-")
        try Golden.check(help.output, "help-\(name)")
    }

    // A list that lacks a command would let its help go unread.
    @Test func everyCommandIsListedHere() throws {
        let text = try help("").output
        let named = text.split(separator: "\n").filter {
            $0.hasPrefix("  ") && !$0.hasPrefix("   ")
        }
        .compactMap { $0.dropFirst(2).split(separator: " ").first.map(String.init) }
        .filter { !$0.hasPrefix("-") && $0 != "gatewright" && $0 != "See" }
        #expect(Set(named).isSubset(of: Self.commands), "\(named)")
        #expect(named.count >= 18)
    }

    @Test(arguments: commands) func everyHelpFitsTheTerminalAndShowsAnExample(
        _ command: String
    ) throws {
        let text = try help(command).output
        // The parser never breaks a usage line.
        for line in text.split(separator: "\n") where !line.hasPrefix("USAGE: ") {
            #expect(line.count <= 80, "\(command): \(line)")
        }
        if command != "fleet" { #expect(text.contains("gatewright \(command)")) }
    }

    @Test func versionIsOneLine() throws {
        let result = try Bench().gatewright("--version")
        #expect(result.status == 0)
        #expect(result.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }

    @Test(arguments: [
        ["nonsense"], ["status", "--nonsense"], ["why"], ["history", "x", "--limit", "0"],
        ["history", "x", "--limit", "many"], ["schema", "Nonsense"], ["abort", "x"],
        ["hold", "x", "--reason", ""], ["status", "--repository", "nowhere"],
        ["status", "--output", "xml"], ["validate", "nowhere"], ["why", "NOT A NAME"],
    ])
    func wrongArgumentsEndWith64(_ arguments: [String]) throws {
        let bench = try Bench()
        let result = try bench.run(try Bench.program(), arguments)
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
        #expect(result.errors.hasPrefix("Error: "))
        #expect(!result.errors.contains("Optional("))
    }

    @Test(arguments: Kind.allCases) func everySchemaIsJSON(_ kind: Kind) throws {
        let result = try Bench().gatewright("schema", kind.rawValue)
        let schema = try result.json()
        #expect(result.status == 0 && schema["title"] as? String == kind.rawValue)
        #expect(schema["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
        #expect(schema["additionalProperties"] as? Bool == false)
    }

    @Test func schemaListsItsKinds() throws {
        let result = try Bench().gatewright("schema")
        #expect(
            result.output.split(separator: "\n").map(String.init) == Kind.allCases.map(\.rawValue))
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completionsAreWritten(_ shell: String) throws {
        let bench = try Bench()
        let result = try bench.gatewright("--generate-completion-script", shell)
        #expect(result.status == 0 && result.errors.isEmpty)
        for command in ["status", "accept-history", "rollback"] {
            #expect(result.output.contains(command))
        }
        #expect(!result.output.contains("git-remote-helper"))
        guard shell == "bash" else { return }
        try bench.write(result.output, to: "completion.bash")
        #expect(try bench.run("/usr/bin/env", ["bash", "-n", "completion.bash"]).status == 0)
    }
}
