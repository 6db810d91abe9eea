import Foundation
import Git
import RolloutCore
import RolloutFiles
import Testing

@testable import Ledger

/// What a commit asks and records, read again and again at the cost of what changed.
@Suite struct SnapshotTests {
    private let bench: Workbench
    private let ledger: Ledger
    private let alpha: RolloutName = Story.id("alpha")
    private let beta: RolloutName = Story.id("beta")

    init() async throws {
        bench = try Workbench()
        try await bench.repository(
            "main.git",
            ["policies/guardrails/health.yaml": Self.health(1), "README": "x"]
                .merging(Self.rollout("alpha")) { $1 }.merging(Self.rollout("beta")) { $1 })
        ledger = try bench.ledger("main.git")
    }

    static func health(_ percent: Int) -> String {
        """
        apiVersion: gatewright.dev/v1
        kind: Guardrails
        metadata: {name: health}
        spec:
          falseRollbackRate: 1%
          guardrails:
            - {name: errors, metric: errors, atMost: \(percent)%, onBreach: rollback}

        """
    }

    static func rollout(_ name: String, version: String = "2.0.0") -> [String: String] {
        var files = [
            "rollouts/\(name)/rollout.yaml": """
            apiVersion: gatewright.dev/v1
            kind: Rollout
            metadata: {name: \(name), description: A test, owners: [team]}
            spec:
              version: \(version)
              bootstrap: 1.0.0
              regions: [eu]
              router: gateway
              signals: [gateway]
              stickyBy: header:x-user-id
              guardrails: [health]
              stages:
                - {stage: shadow, share: 100%, soak: 1h}
                - {stage: canary, share: 5%, soak: 6h}
                - {stage: gradual, shares: [50%, 100%], soak: 12h}
                - {stage: full, bake: 7d}

            """
        ]
        for (version, digit) in [("1.0.0", "1"), ("2.0.0", "2")] {
            files["rollouts/\(name)/versions/\(version).yaml"] = """
                apiVersion: gatewright.dev/v1
                kind: ModelVersion
                metadata: {model: \(name), version: \(version)}
                spec:
                  artifact:
                    uri: "https://models.example/\(name)/\(version).json"
                    sha256: "\(String(repeating: digit, count: 64))"
                    size: 1MB
                  format: xgboost-json
                  serving: {protocol: oip-v2, endpoints: {eu: "http://127.0.0.1:9000"}}

                """
        }
        return files
    }

    private func read(after previous: Snapshot? = nil) async throws -> Snapshot {
        let tip = try #require(await ledger.sync().tip)
        return try await Snapshot.read(ledger, at: tip, after: previous)
    }

    private func asked(_ name: RolloutName, _ snapshot: Snapshot) -> Ask? {
        guard case .asked(let ask)? = snapshot.rollouts[name]?.request else { return nil }
        return ask
    }

    private func broken(_ name: RolloutName, _ snapshot: Snapshot) -> String? {
        guard case .broken(let summary)? = snapshot.rollouts[name]?.request else { return nil }
        return summary
    }

    @Test func aFirstReadSeesEverything() async throws {
        let snapshot = try await read()
        #expect(snapshot.changed == [alpha, beta])
        #expect(snapshot.diagnostics.filter(\.isError).isEmpty)
        let ask = try #require(asked(alpha, snapshot))
        #expect(ask.candidate.reference.version.rawValue == "2.0.0")
        #expect(ask.bootstrap?.reference.digest == Story.digest("1"))
        #expect(ask.plan.steps.count == 5 && ask.guardrails.count == 1)
        #expect(snapshot.rollouts[alpha]?.router?.rawValue == "gateway")
        #expect(snapshot.recorded.isEmpty && snapshot.stop == nil)
    }

    @Test func theSameCommitIsNoNews() async throws {
        let first = try await read()
        let second = try await read(after: first)
        #expect(second.changed.isEmpty && second.rollouts == first.rollouts)
    }

    @Test("F14: one changed file is one changed rollout")
    func oneChangedFileIsOneChangedRollout() async throws {
        let first = try await read()
        try await bench.commit(Self.rollout("alpha", version: "1.0.0"), in: "main.git")
        let second = try await read(after: first)
        #expect(second.changed == [alpha])
        #expect(asked(alpha, second)?.candidate.reference.version.rawValue == "1.0.0")
        #expect(second.rollouts[beta] == first.rollouts[beta])
        try await bench.commit(["docs/notes.md": "x", "Sources/x.swift": "y"], in: "main.git")
        #expect(try await read(after: second).changed.isEmpty)
    }

    // Read step by step or at once: the same content.
    @Test func stepByStepIsTheSameAsAtOnce() async throws {
        var snapshot = try await read()
        let edits: [[String: String?]] = [
            ["policies/guardrails/health.yaml": Self.health(3)],
            ["rollouts/alpha/rollout.yaml": "kind: nonsense\n"],
            Self.rollout("gamma").mapValues { $0 },
            ["rollouts/alpha/rollout.yaml": Self.rollout("alpha")["rollouts/alpha/rollout.yaml"]],
            Self.rollout("beta").mapValues { _ in nil },
            ["policies/guardrails/health.yaml": nil],
        ]
        for edit in edits {
            try await bench.commit(edit, in: "main.git")
            snapshot = try await read(after: snapshot)
            let fresh = try await read()
            #expect(snapshot.rollouts == fresh.rollouts)
            #expect(snapshot.recorded == fresh.recorded)
            #expect(Set(snapshot.diagnostics) == Set(fresh.diagnostics))
        }
        #expect(snapshot.names == [alpha, Story.id("gamma")])
    }

    @Test func aPolicyLinksEveryRolloutAgain() async throws {
        let first = try await read()
        try await bench.commit(["policies/guardrails/health.yaml": Self.health(2)], in: "main.git")
        let second = try await read(after: first)
        #expect(second.changed == [alpha, beta])
        let (before, after) = (
            try #require(asked(alpha, first)), try #require(asked(alpha, second))
        )
        #expect(before.policyDigest != after.policyDigest)
        // What a run is bound to is its plan; a policy alone does not start it again.
        #expect(before.specDigest == after.specDigest)
    }

    @Test func anotherOwnerOrDescriptionIsNoOtherPlan() async throws {
        let first = try await read()
        let file = "rollouts/alpha/rollout.yaml"
        let text = try #require(Self.rollout("alpha")[file])
        try await bench.commit([file: text.replacing("A test", with: "Another")], in: "main.git")
        let second = try await read(after: first)
        #expect(second.changed == [alpha])
        #expect(asked(alpha, second)?.specDigest == asked(alpha, first)?.specDigest)
        try await bench.commit([file: text.replacing("soak: 6h", with: "soak: 5h")], in: "main.git")
        let third = try await read(after: second)
        #expect(asked(alpha, third)?.specDigest != asked(alpha, first)?.specDigest)
    }

    @Test func aRemovedFolderIsWithdrawn() async throws {
        let first = try await read()
        try await bench.commit(Self.rollout("alpha").mapValues { _ in nil }, in: "main.git")
        let second = try await read(after: first)
        #expect(second.changed == [alpha])
        #expect(second.rollouts[alpha] == nil && second.rollouts[beta] != nil)
    }

    // MARK: Files that cannot be read

    @Test func aBadFileBreaksItsRolloutAlone() async throws {
        let first = try await read()
        try await bench.commit(
            ["rollouts/alpha/rollout.yaml": "spec: {version: [}\n"], in: "main.git")
        let second = try await read(after: first)
        let summary = try #require(broken(alpha, second))
        #expect(summary.hasPrefix("rollouts/alpha/rollout.yaml:1:"))
        #expect(second.rollouts[beta] == first.rollouts[beta])
        #expect(second.diagnostics.contains { $0.isError && $0.path.hasPrefix("rollouts/alpha/") })
    }

    @Test("A11, F2: an oversized file is refused with its name")
    func anOversizedFileIsRefusedWithItsName() async throws {
        let first = try await read()
        let huge = [UInt8](repeating: UInt8(ascii: "#"), count: 3 << 20)
        try await bench.commit(bytes: ["rollouts/alpha/rollout.yaml": huge], in: "main.git")
        let second = try await read(after: first)
        #expect(broken(alpha, second)?.contains("rollouts/alpha/rollout.yaml") ?? false)
        #expect(asked(beta, second) != nil)
    }

    @Test("F8: a symbolic link is not followed")
    func aSymbolicLinkIsNotFollowed() async throws {
        let first = try await read()
        let clone = bench.path("clone")
        try bench.git("clone", "--quiet", bench.path("main.git"), clone)
        let file = clone + "/rollouts/alpha/rollout.yaml"
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createSymbolicLink(
            atPath: file, withDestinationPath: "../beta/rollout.yaml")
        try bench.git(
            "-C", clone, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qam",
            "x")
        try bench.git("-C", clone, "push", "--quiet", "origin", "HEAD:main")
        let second = try await read(after: first)
        #expect(second.changed == [alpha])
        #expect(broken(alpha, second)?.contains("link") ?? false)
        #expect(asked(beta, second) != nil)
    }

    @Test func aStopThatCannotBeReadStops() async throws {
        try await bench.commit(["policies/stop.yaml": "kind: [\n"], in: "main.git")
        let stopped = try await read()
        #expect(stopped.stop?.reason == "policies/stop.yaml cannot be read")
        try await bench.commit(["policies/stop.yaml": nil], in: "main.git")
        #expect(try await read(after: stopped).stop == nil)
    }

    // MARK: Recorded state

    @Test func recordsAreReadWhenTheyChange() async throws {
        let first = try await read()
        let state = try await ledger.tell(Story.bootstrap, of: alpha)
        let second = try await read(after: first)
        #expect(second.changed == [alpha])
        #expect(second.recorded == [alpha: .state(state)])
        #expect(second.rollouts == first.rollouts)
    }

    @Test("F16: an edited state is damage of that rollout alone")
    func anEditedStateIsDamageOfThatRolloutAlone() async throws {
        try await ledger.tell(Story.bootstrap, of: alpha)
        let good = try await ledger.tell(Story.bootstrap, of: beta)
        let first = try await read()
        let file = "state/alpha/current.json"
        let text = try bench.read(file, in: "main.git") + "\n"
        try await bench.commit(
            [file: text.replacing("\"generation\": 1", with: "\"generation\": 2")], in: "main.git")
        let second = try await read(after: first)
        #expect(second.changed == [alpha])
        guard case .damaged(let problem)? = second.recorded[alpha] else {
            Issue.record("the edit was believed")
            return
        }
        #expect(problem.contains("somebody else wrote below state/"))
        #expect(second.recorded[beta] == .state(good))
        try await bench.commit([file: text], in: "main.git")
        let third = try await read(after: second)
        #expect(third.recorded == first.recorded)
    }

    @Test(arguments: [
        ["state/alpha/current.json"],
        ["state/alpha/current.json", "state/alpha/decisions/000001-bootstrap.json"],
    ])
    func removedRecordsAreDamage(_ files: [String]) async throws {
        try await ledger.tell(Story.bootstrap, of: alpha)
        let first = try await read()
        try await bench.commit(
            Dictionary(uniqueKeysWithValues: files.map { ($0, nil) }), in: "main.git")
        let second = try await read(after: first)
        guard case .damaged? = second.recorded[alpha] else {
            Issue.record("removed records were taken for a beginning")
            return
        }
        #expect(second.changed == [alpha])
    }

    @Test(
        "A17: what is asked and what is recorded are read from one commit, wherever the branch is")
    func aSnapshotIsOfOneCommit() async throws {
        let state = try await ledger.tell(Story.bootstrap, of: alpha)
        let tip = try #require(await ledger.sync().tip)
        // Between two reads a person asks for something else, and a decision is recorded.
        try await bench.commit(Self.rollout("alpha", version: "1.0.0"), in: "main.git")
        let next = try await ledger.tell(Story.start, of: alpha)
        let snapshot = try await Snapshot.read(ledger, at: tip, after: nil)
        #expect(asked(alpha, snapshot)?.candidate.reference.version.rawValue == "2.0.0")
        #expect(snapshot.recorded == [alpha: .state(state)])
        let newest = try await read()
        #expect(asked(alpha, newest)?.candidate.reference.version.rawValue == "1.0.0")
        #expect(newest.recorded == [alpha: .state(next)])
    }

    @Test("A12: a state that cannot be read is damage, and not the beginning of a rollout")
    func aLostStateIsNoBeginning() async throws {
        try await ledger.tell(Story.bootstrap, of: alpha)
        let path = bench.path("main.git")
        let folder = try bench.git("-C", path, "rev-parse", "main:state/alpha")
        try FileManager.default.removeItem(
            atPath: path + "/objects/" + folder.prefix(2) + "/" + folder.dropFirst(2))
        // Cold, as after a restart.
        let again = try bench.ledger("main.git")
        let tip = try #require(await again.sync().tip)
        let snapshot = try await Snapshot.read(again, at: tip, after: nil)
        guard case .damaged? = snapshot.recorded[alpha] else {
            Issue.record("\(String(describing: snapshot.recorded[alpha]))")
            return
        }
        // A lost folder of specs is no request to take all of them away.
        let rollouts = try bench.git("-C", path, "rev-parse", "main:rollouts")
        try FileManager.default.removeItem(
            atPath: path + "/objects/" + rollouts.prefix(2) + "/" + rollouts.dropFirst(2))
        let later = try bench.ledger("main.git")
        await #expect(throws: GitError.self) {
            try await Snapshot.read(later, at: tip, after: nil)
        }
    }

    @Test func strangersBelowStateAreNoRollouts() async throws {
        try await bench.commit(
            ["state/notes.txt": "x", "state/README": "y"], in: "main.git")
        let snapshot = try await read()
        #expect(snapshot.recorded.isEmpty && snapshot.names == [alpha, beta])
    }
}
