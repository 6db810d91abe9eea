import Foundation
import Ledger
import RolloutCore
import RolloutFiles
import Testing

@testable import Git

/// On a repository without a remote: the local commit is the record.
@Suite struct RecordingTests {
    private let bench: Workbench
    private let ledger: Ledger

    init() async throws {
        bench = try Workbench()
        try await bench.repository("main.git", ["README": "a person's"])
        ledger = try bench.ledger("main.git")
    }

    private func problems() async throws -> [String] {
        let tip = try #require(await ledger.sync().tip)
        return try await ledger.verify(Story.name, at: tip)
    }

    private func files() throws -> [String] {
        try bench.git("-C", bench.path("main.git"), "ls-tree", "-r", "--name-only", "main", "state")
            .split(separator: "\n").map(String.init)
    }

    @Test func decisionsAreNumberedFilesThatNameTheOneBefore() async throws {
        let state = try await ledger.tell(
            Story.bootstrap, Story.start, .advance(step: 1), .hold(.withdrawn(summary: "x")),
            .resume(order: "o", by: "ana"), .advance(step: 2), .complete)
        #expect(
            try files() == [
                "state/selector/current.json",
                "state/selector/decisions/000001-bootstrap.json",
                "state/selector/decisions/000002-start.json",
                "state/selector/decisions/000003-advance.json",
                "state/selector/decisions/000004-hold.json",
                "state/selector/decisions/000005-resume.json",
                "state/selector/decisions/000006-advance.json",
                "state/selector/decisions/000007-complete.json",
            ])
        let tip = try #require(await ledger.sync().tip)
        let decisions = try await ledger.decisions(of: Story.name, at: tip)
        #expect(decisions.map(\.record.number) == Array(1...7))
        #expect(decisions.map(\.record.previous) == [nil] + decisions.dropLast().map(\.file))
        let current = try await ledger.currentState(of: Story.name, at: tip)
        #expect(current.state == state && current.head == decisions.last?.file)
        #expect(current.state.stable == Story.candidate)
        let folded = decisions.reduce(RolloutState(name: Story.name)) {
            $0.after($1.record.action, number: $1.record.number, at: $1.record.at)
        }
        #expect(folded == current.state)
        #expect(try await problems().isEmpty)
        // One commit a decision, and a person's files stay.
        #expect(
            try bench.git("-C", bench.path("main.git"), "rev-list", "--count", "main") == "8")
        #expect(try bench.read("README", in: "main.git") == "a person's")
    }

    /// Two controllers, or two passes of one, decided at the same time.
    @Test("J6: of two starts in a conflict group one is recorded")
    func ofTwoStartsInAConflictGroupOneIsRecorded() async throws {
        let names: [RolloutName] = [Story.id("codec"), Story.name]
        var states: [RolloutState] = []
        for name in names { states.append(try await ledger.tell(Story.bootstrap, of: name)) }
        func start(_ state: RolloutState, _ group: String) async throws -> String {
            let ask = Story.ask(in: Story.id(group))
            return await ledger.record(
                Story.draft(.start(Action.Start(ask)), on: state), taken: false
            ).word
        }
        #expect(try await start(states[0], "edge-gpus") == "acknowledged 2 start")
        #expect(try await start(states[1], "edge-gpus") == "overtaken")
        #expect(try await start(states[1], "other") == "acknowledged 2 start")
    }

    @Test("J6: a state that cannot be read may be that of a rollout on its way")
    func aStateThatCannotBeReadMayBeARival() async throws {
        let codec: RolloutName = Story.id("codec")
        try await ledger.tell(Story.bootstrap, of: codec)
        let state = try await ledger.tell(Story.bootstrap)
        try await bench.commit(["state/codec/current.json": "{}"], in: "main.git")
        let draft = Story.draft(
            .start(Action.Start(Story.ask(in: Story.id("edge-gpus")))), on: state)
        let outcome = await ledger.record(draft, taken: false)
        guard case .overtaken(let why) = outcome else { throw Trouble(outcome.word) }
        #expect(why.hasPrefix("codec has a state that cannot be read"))
        // Who shares nothing is not held up by it.
        let alone = await ledger.record(Story.draft(Story.start, on: state), taken: false)
        #expect(alone.word == "acknowledged 2 start")
    }

    /// Found by `gatewright soak`: an auditor took an honest record for a forged one (B7).
    @Test(arguments: [-86_400, 86_400] as [Int64])
    func aClockThatJumpedMakesNoConfirmationThatCannotBe(_ seconds: Int64) async throws {
        let state = try await ledger.tell(Story.bootstrap)
        var confirms = Confirmation(
            decision: 1, acknowledgedAt: Story.now + .seconds(seconds))
        confirms.appliedAt = Story.now + .seconds(2 * seconds)
        let draft = Story.draft(
            Story.start, on: state, at: Story.now + .seconds(60), confirms: confirms)
        _ = await ledger.record(draft, taken: false)
        let tip = try #require(await ledger.sync().tip)
        let record = try #require(await ledger.decisions(of: Story.name, at: tip).last?.record)
        let told = try #require(record.confirms)
        let bounds = Story.now...record.at
        #expect(bounds.contains(told.acknowledgedAt))
        #expect(bounds.contains(try #require(told.appliedAt)))
    }

    /// Found by `gatewright soak`: a step back was put onto an advance that had been on its way.
    @Test func aStepBackThatFollowsAnotherRecordConfirmsNothingOlder() async throws {
        let state = try await ledger.tell(Story.bootstrap, Story.start)
        let back = Story.draft(
            Story.abort, on: state,
            confirms: Confirmation(decision: 2, acknowledgedAt: Story.now))
        try await ledger.tell(.advance(step: 1))
        #expect(await ledger.record(back, taken: true).word == "acknowledged 4 abort")
        let tip = try #require(await ledger.sync().tip)
        #expect(try await ledger.decisions(of: Story.name, at: tip).last?.record.confirms == nil)
    }

    @Test("A8: the same decision twice is one record")
    func theSameDecisionTwiceIsOneRecord() async throws {
        let state = try await ledger.tell(Story.bootstrap)
        let draft = Story.draft(Story.start, on: state, id: "once")
        #expect(await ledger.record(draft, taken: false).word == "acknowledged 2 start")
        #expect(await ledger.record(draft, taken: false).word == "already")
        try await ledger.tell(.advance(step: 1))
        #expect(await ledger.record(draft, taken: true).word == "already")
        #expect(try await problems().isEmpty)
    }

    /// B9, seed 30823: soak was kept under a number, which came again after history was given up.
    @Test func aStepIsKnownByTheRecordThatBeganIt() async throws {
        let hold = Action.hold(.withdrawn(summary: "x"))
        let state = try await ledger.tell(Story.bootstrap, Story.start, .advance(step: 1), hold)
        let tip = try #require(await ledger.sync().tip)
        let files = try await ledger.decisions(of: Story.name, at: tip).map(\.file)
        #expect(try await ledger.stepRecord(of: state) == files[2])
        // Taken, and not in git yet: its soak begins when it is.
        let taken = state.after(Story.abort, number: 5, at: Story.now)
        #expect(try await ledger.stepRecord(of: taken) == nil)
        let ahead = state.after(.advance(step: 2), number: 5, at: Story.now)
        #expect(try await ledger.stepRecord(of: ahead) == nil)
    }

    /// B9, seed 990286: a step back was taken under the number of an advance, whose answer was lost. What
    /// was served before the advance counted as soak of the step that it began.
    @Test func aStepIsNotKnownByTheRecordThatOvertookIt() async throws {
        let state = try await ledger.tell(Story.bootstrap, Story.start)
        let taken = state.after(
            .hold(.withdrawn(summary: "x")), number: 3, at: Story.now + .seconds(1))
        let ahead = try await ledger.tell(.advance(step: 1))
        let tip = try #require(await ledger.sync().tip)
        let files = try await ledger.decisions(of: Story.name, at: tip).map(\.file)
        #expect(try await ledger.stepRecord(of: state) == files[1])
        #expect(try await ledger.stepRecord(of: taken) == nil)
        #expect(try await ledger.stepRecord(of: ahead) == files[2])
    }

    /// Seed 5159: two controllers took the same step, then people gave up the decision before it.
    @Test func aStepOfALostHistoryIsRecordedOnce() async throws {
        let state = try await ledger.tell(Story.bootstrap, Story.start)
        let lost = state.after(.advance(step: 1), number: 3, at: Story.now)
        let back = Story.draft(Story.abort, on: lost, at: Story.now + .seconds(1))
        #expect(await ledger.record(back, taken: true).word == "acknowledged 3 abort")
        #expect(await ledger.record(back, taken: true).word == "already")
        #expect(try await problems().isEmpty)
    }

    @Test func anotherDecisionOvertakes() async throws {
        let state = try await ledger.tell(Story.bootstrap)
        try await ledger.tell(Story.start)
        let late = Story.draft(Story.start, on: state, id: "another")
        #expect(await ledger.record(late, taken: false).word == "overtaken")
        #expect(try files().count == 3)
    }

    @Test func commitsOfPeopleDoNotOvertake() async throws {
        let state = try await ledger.tell(Story.bootstrap)
        try await bench.commit(["docs/x": "y"], in: "main.git")
        let draft = Story.draft(Story.start, on: state)
        #expect(await ledger.record(draft, taken: false).word == "acknowledged 2 start")
        #expect(try bench.read("docs/x", in: "main.git") == "y")
    }

    @Test func manyAtOnceComeOneAfterAnother() async throws {
        let names: [RolloutName] = (0..<6).map { Story.id("r\($0)") }
        let words = await withTaskGroup(of: String.self) { group in
            for name in names {
                group.addTask {
                    await ledger.record(
                        Story.draft(Story.bootstrap, on: RolloutState(name: name)), taken: false
                    ).word
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(words == Array(repeating: "acknowledged 1 bootstrap", count: 6))
    }

    // MARK: Steps that were taken

    @Test("J10, J11: a taken step is recorded on whatever came between")
    func aTakenStepIsRecordedOnWhateverCameBetween() async throws {
        let state = try await ledger.tell(Story.bootstrap, Story.start)
        try await ledger.tell(.advance(step: 1))
        let outcome = await ledger.record(Story.draft(Story.abort, on: state), taken: true)
        #expect(outcome.word == "acknowledged 4 abort")
        #expect(outcome.state?.run == nil)
        #expect(outcome.state?.refusal(of: Story.candidate.reference.digest)?.decision == 4)
        #expect(try await problems().isEmpty)
    }

    // The candidate became stable while it was taken back: then stable is what was taken back.
    @Test("J11: a taken rollback that lost to complete reverts stable")
    func aTakenRollbackThatLostToCompleteRevertsStable() async throws {
        let state = try await ledger.tell(
            Story.bootstrap, Story.start, .advance(step: 1), .advance(step: 2))
        try await ledger.tell(.complete)
        let outcome = await ledger.record(Story.draft(Story.abort, on: state), taken: true)
        #expect(outcome.word == "acknowledged 6 rollback")
        #expect(outcome.state?.stable == Story.stable)
        #expect(outcome.state?.knownGood == [Story.stable])
        #expect(outcome.state?.refusal(of: Story.candidate.reference.digest) != nil)
        #expect(try await problems().isEmpty)
    }

    @Test func aTakenStepThatSomebodyElseTookIsDropped() async throws {
        let state = try await ledger.tell(Story.bootstrap, Story.start)
        try await ledger.tell(Story.abort)
        let again = Story.draft(Story.abort, on: state, id: "another controller's")
        #expect(await ledger.record(again, taken: true).word == "already")
        #expect(try files().count == 4)
    }

    @Test func aLateStepSaysSo() async throws {
        let state = try await ledger.tell(Story.bootstrap, Story.start)
        var draft = Story.draft(Story.abort, on: state)
        draft.late = "git was away"
        _ = await ledger.record(draft, taken: true)
        #expect(
            try bench.git("-C", bench.path("main.git"), "log", "-1", "--format=%b", "main")
                .hasPrefix("Recorded late: git was away\n"))
    }

    // 33: recorded times never fall, whatever the clock did.
    @Test("A19: times never fall")
    func timesNeverFall() async throws {
        let state = try await ledger.tell(Story.bootstrap)
        let early = Story.now - .seconds(3_600)
        let outcome = await ledger.record(
            Story.draft(Story.start, on: state, at: early), taken: false)
        #expect(outcome.state?.decidedAt == Story.now)
        #expect(try await problems().isEmpty)
    }

    // MARK: Messages (A18)

    @Test func messagesHaveASubjectAndTrailersForTools() async throws {
        try await ledger.tell(Story.bootstrap, Story.start, .advance(step: 1))
        let repository = bench.path("main.git")
        #expect(
            try bench.git("-C", repository, "log", "-3", "--format=%s", "main") == """
                advance selector 2.0.0 to canary 5%: because
                start selector 2.0.0 in shadow 100%: because
                bootstrap selector at 1.0.0: because
                """)
        let tip = try #require(await ledger.sync().tip)
        let newest = try #require(try await ledger.decisions(of: Story.name, at: tip).last)
        #expect(
            try bench.git("-C", repository, "log", "-1", "--format=%(trailers:only)", "main") == """
                Rollout: selector
                Decision: 3
                Kind: advance
                Evidence: \(newest.file)
                """)
    }

    static let injections = [
        "x\n\nDecision: 99\nKind: complete", "x\r\nEvidence: forged", "x\u{2028}Decision: 99",
        "x\u{2029}Rollout: other", "x\u{85}Decision: 99", "x\u{0B}Kind: complete",
        "\u{202E}txet esrever\u{202C}", "x\u{2066}y\u{2069}", "\u{200B}\u{FEFF}\u{E0041}",
        "Decision: 99", "x\u{0}y", "---\nDecision: 99", String(repeating: "long ", count: 400),
        String(repeating: "e\u{301}", count: 900),
    ]

    // A real git reads the message, because git's own idea of a trailer is what counts.
    @Test("A18: reasons make no trailer", arguments: injections)
    func reasonsMakeNoTrailer(_ text: String) async throws {
        var state = try await ledger.tell(Story.bootstrap, Story.start)
        var draft = Story.draft(
            .rollBack(.ordered(order: "o", by: text, summary: text)), on: state, reason: text)
        draft.late = text
        let outcome = await ledger.record(draft, taken: true)
        #expect(outcome.word == "acknowledged 3 abort")
        state = try #require(outcome.state)
        let repository = bench.path("main.git")
        let trailers = try bench.git(
            "-C", repository, "log", "-1", "--format=%(trailers:only,unfold)", "main")
        let lines = trailers.split(separator: "\n").map { $0.prefix(while: { $0 != ":" }) }
        #expect(lines == ["Rollout", "Decision", "Kind", "Evidence"])
        #expect(trailers.contains("Decision: 3\n") && trailers.contains("Kind: abort\n"))
        let message = try bench.git("-C", repository, "log", "-1", "--format=%B", "main")
        let hidden = message.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .format, .lineSeparator, .paragraphSeparator: true
            case .control: scalar != "\n"
            default: false
            }
        }
        #expect(hidden.isEmpty)
        #expect((message.split(separator: "\n").first?.count ?? 0) <= 200)
        // The file keeps what was said, to the letter.
        let tip = try #require(await ledger.sync().tip)
        #expect(try await ledger.decisions(of: Story.name, at: tip).last?.record.reason == text)
        #expect(try await problems().isEmpty)
    }
}
