import Foundation
import Git
import Ledger
import RolloutCore
import Testing

/// Somebody else wrote below `state/`. Every such edit is seen before anything is raised on it.
@Suite struct TamperTests {
    private let bench: Workbench
    private let ledger: Ledger
    private let folder = "state/selector/decisions"

    init() async throws {
        bench = try Workbench()
        try await bench.repository("main.git", ["README": "x"])
        ledger = try bench.ledger("main.git")
        try await ledger.tell(
            Story.bootstrap, Story.start, .advance(step: 1), .hold(.withdrawn(summary: "x")),
            .resume(order: "o", by: "ana"))
    }

    private func text(_ file: String) throws -> String {
        try bench.read(file, in: "main.git") + "\n"
    }

    /// What `verify` says after an edit, whether it lists it or cannot go on.
    private func problems(_ edit: [String: String?]) async throws -> [String] {
        let tip = try await bench.commit(edit, in: "main.git")
        do {
            return try await ledger.verify(Story.name, at: tip)
        } catch let error as LedgerError {
            return ["threw: \(error)"]
        }
    }

    @Test func anEditedDecisionIsFound() async throws {
        let file = "\(folder)/000002-start.json"
        let edited = try text(file).replacing("because", with: "becausE")
        #expect(
            try await problems([file: edited]) == [
                "decision 3 does not follow the one before it"
            ])
    }

    @Test func anEditedActionIsFound() async throws {
        let file = "\(folder)/000003-advance.json"
        let edited = try text(file).replacing("\"step\": 1", with: "\"step\": 2")
        #expect(try text(file) != edited)
        let found = try await problems([file: edited])
        #expect(found.contains("decision 3 leads to another state than it says"))
        #expect(found.contains("decision 4 does not follow the one before it"))
        #expect(found.contains("current.json is not the fold of the decisions"))
    }

    @Test func aDeletedDecisionIsFoundAndNamed() async throws {
        let found = try await problems(["\(folder)/000003-advance.json": nil])
        #expect(found.first == "found decision 4 where 3 was expected")
        #expect(!found.contains { $0.contains("decision 5 where") })
        #expect(found.contains("decision 4 does not follow the one before it"))
    }

    @Test func aDeletedNewestDecisionIsFound() async throws {
        let found = try await problems(["\(folder)/000005-resume.json": nil])
        #expect(found == ["threw: state/selector/current.json: decision 5 has no file"])
    }

    @Test func anEditedStateIsFound() async throws {
        let file = "state/selector/current.json"
        let edited = try text(file).replacing("\"decisions\": 5", with: "\"decisions\": 4")
        #expect(try text(file) != edited)
        let found = try await problems([file: edited])
        #expect(found.first?.contains("is not what decision 4 led to") ?? false)
    }

    // It would have begun again at decision 1, over the records of the old.
    @Test func aRemovedStateIsFound() async throws {
        let found = try await problems(["state/selector/current.json": nil])
        #expect(found.first?.contains("current.json is missing although") ?? false)
        let fresh = Story.draft(Story.bootstrap, on: RolloutState(name: Story.name))
        #expect(await ledger.record(fresh, taken: false).word.hasPrefix("unknown"))
    }

    @Test func swappedDecisionsAreFound() async throws {
        let (two, three) = ("\(folder)/000002-start.json", "\(folder)/000003-advance.json")
        let found = try await problems([two: try text(three), three: try text(two)])
        #expect(found.first?.contains("holds decision 3 of selector") ?? false)
    }

    @Test func aStrangeFileIsFound() async throws {
        let found = try await problems(["\(folder)/notes.json": "{}"])
        #expect(found == ["threw: \(folder)/notes.json is not a decision"])
    }

    @Test("B12: a record of a newer program is not read")
    func aRecordOfANewerProgramIsNotRead() async throws {
        let file = "state/selector/current.json"
        let edited = try text(file).replacing("\"schema\": 2", with: "\"schema\": 3")
        let found = try await problems([file: edited])
        #expect(found.first?.contains("written by a newer Gatewright; this one reads 2") ?? false)
    }

    // Nothing is recorded on a state that is not what its decisions led to.
    @Test func nothingIsRecordedOnDamage() async throws {
        let file = "state/selector/current.json"
        let before = try #require(await ledger.sync().tip)
        let state = try await ledger.currentState(of: Story.name, at: before).state
        try await bench.commit(
            [file: try text(file).replacing("\"step\": 1", with: "\"step\": 0")], in: "main.git")
        let outcome = await ledger.record(Story.draft(.advance(step: 2), on: state), taken: false)
        #expect(outcome.word.hasPrefix("unknown: state/selector/current.json is not what"))
    }
}
