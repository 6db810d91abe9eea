import Foundation
import Git
import Ledger
import RolloutCore
import Testing

/// Whose work a run is: of everybody who had a part in what was asked for.
@Suite struct OriginTests {
    private let bench: Workbench
    private let ledger: Ledger

    init() async throws {
        bench = try Workbench()
        try await bench.repository(
            "main.git",
            ["policies/guardrails/health.yaml": SnapshotTests.health(1)].merging(
                SnapshotTests.rollout("selector", version: "1.0.0")
            ) { $1 })
        ledger = try bench.ledger("main.git")
    }

    /// - Parameter read: what the decision rests on; the tip of the branch where it is not said.
    private func record(
        _ action: Action, on state: RolloutState, reading read: ObjectID? = nil
    ) async throws -> RolloutState {
        let tip = try #require(await ledger.sync().tip)
        let plain = Story.draft(action, on: state)
        let outcome = await ledger.record(
            DecisionDraft(
                id: plain.id, action: action, reason: plain.reason, input: plain.input,
                verdicts: [], inputsCommit: (read ?? tip).hex), taken: false)
        return try #require(outcome.state)
    }

    /// What somebody does on a branch of their own, in a clone.
    private func work(_ who: String, on branch: String, _ edit: (String) throws -> Void) throws {
        let clone = bench.path("clone")
        try bench.git("-C", clone, "checkout", "--quiet", "-b", branch, "base")
        try edit(clone)
        try commit(who, ["commit", "--quiet", "--all", "--message", branch])
    }

    private func commit(_ who: String, _ arguments: [String]) throws {
        try bench.git(
            arguments: ["-C", bench.path("clone"), "-c", "user.name=\(who)", "-c"]
                + ["user.email=\(who)@example.org"] + arguments)
    }

    private func replace(_ file: String, _ old: String, _ new: String) throws {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try #require(text.contains(old))
        try text.replacing(old, with: new).write(
            toFile: file, atomically: true, encoding: .utf8)
    }

    @Test(
        "A14: a merge that brings two changes at once is read as a whole, and is of all who wrote it"
    )
    func aMergeIsOfAllItsAuthors() async throws {
        let booted = try await record(Story.bootstrap, on: RolloutState(name: Story.name))
        let clone = bench.path("clone")
        try bench.git("clone", "--quiet", bench.path("main.git"), clone)
        try bench.git("-C", clone, "branch", "base")
        let folder = "rollouts/selector"
        try work("ana", on: "bytes") {
            try replace("\($0)/\(folder)/versions/2.0.0.yaml", "size: 1MB", "size: 2MB")
        }
        try work("sam", on: "ask") {
            try replace("\($0)/\(folder)/rollout.yaml", "version: 1.0.0", "version: 2.0.0")
        }
        try bench.git("-C", clone, "checkout", "--quiet", "-b", "both", "base")
        for branch in ["bytes", "ask"] {
            try commit("lena", ["merge", "--quiet", "--no-ff", "--message", "merge", branch])
        }
        try bench.git("-C", clone, "push", "--quiet", "origin", "both:main")

        let tip = try #require(await ledger.sync().tip)
        let snapshot = try await Snapshot.read(ledger, at: tip, after: nil)
        guard case .asked(let ask)? = snapshot.rollouts[Story.name]?.request else {
            throw Trouble("\(snapshot.diagnostics)")
        }
        #expect(ask.candidate.reference.version.rawValue == "2.0.0")
        #expect(ask.provenance?.size == 2_000_000)
        let started = try await record(.start(Action.Start(ask)), on: booted)
        let run = try #require(started.run)
        let now = try #require(await ledger.sync().tip)
        let origin = try #require(try await ledger.origin(of: run.id, at: now))
        let authors = Set(origin.authors(.none).flatMap(\.claimed))
        #expect(authors.isSuperset(of: ["ana@example.org", "sam@example.org"]))
        // Nobody signed, so nobody is known, and no approval can count.
        #expect(origin.authors(.none).allSatisfy { $0.principal == nil && $0.problem != nil })
    }

    /// Found by simulated world 144672: a step back rested on a commit that asked for another version
    /// and was given up with its branch. Whatever that commit knew was no part of the next change, and
    /// who had asked for the version could approve it.
    @Test(
        "A3, G1: what was given up hides nobody who asked", arguments: [false, true])
    func whatWasGivenUpHidesNoAuthor(_ isFetched: Bool) async throws {
        let booted = try await record(Story.bootstrap, on: RolloutState(name: Story.name))
        let clone = bench.path("clone")
        try bench.git("clone", "--quiet", bench.path("main.git"), clone)
        try bench.git("-C", clone, "branch", "base")
        try work("sam", on: "ask") {
            try replace("\($0)/rollouts/selector/rollout.yaml", "1.0.0", "2.0.0")
        }
        try bench.git("-C", clone, "push", "--quiet", "origin", "ask:main")
        let started = try await record(Story.start, on: booted)
        try bench.git("-C", clone, "branch", "--force", "base")
        try work("ana", on: "lost") {
            try replace("\($0)/rollouts/selector/rollout.yaml", "2.0.0", "1.0.0")
        }
        // Some clones still have it, and others never had.
        if isFetched { try bench.git("-C", clone, "push", "--quiet", "origin", "lost") }
        let lost = try #require(
            ObjectID(
                hex: bench.git("-C", clone, "rev-parse", "lost").trimmingCharacters(
                    in: .whitespacesAndNewlines)))
        let back = try await record(Story.abort, on: started, reading: lost)
        let again = try await record(Story.start, on: back)
        let run = try #require(again.run)
        #expect(run.id.firstDecision == 4)
        let tip = try #require(await ledger.sync().tip)
        let origin = try #require(try await ledger.origin(of: run.id, at: tip))
        #expect(Set(origin.authors(.none).flatMap(\.claimed)) == ["sam@example.org"])
    }
}
