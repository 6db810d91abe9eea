import ArgumentParser
import Foundation
import Testing

@testable import gatewright

/// A million worlds are run in several goes.
@Suite struct SimulationLogTests {
    private let path = NSTemporaryDirectory() + "gatewright-log-\(UUID().uuidString)"
    private let piece = ["--seeds", "200", "--from", "1"]

    private func tally(seconds: Double) -> SimulationTally {
        var tally = SimulationTally()
        tally.seconds = seconds
        return tally
    }

    @Test func whatStandsThereOfThisBuildIsKnown() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = try SimulationLog(path: path, build: "one")
        #expect(log.tally(piece) == nil)
        try log.append(tally(seconds: 2), piece)
        #expect(log.tally(piece)?.seconds == 2)
        #expect(try SimulationLog(path: path, build: "one").tally(piece)?.seconds == 2)
        let other = try SimulationLog(path: path, build: "two")
        #expect(other.tally(piece) == nil)
        try other.append(tally(seconds: 3), piece)
        #expect(try SimulationLog(path: path, build: "one").tally(piece)?.seconds == 2)
        #expect(try SimulationLog(path: path, build: "two").tally(piece)?.seconds == 3)
    }

    @Test func aLineThatAKillCutShortIsRunAgain() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let second = ["--seeds", "200", "--from", "201"]
        let log = try SimulationLog(path: path, build: "one")
        try log.append(tally(seconds: 2), piece)
        try log.append(tally(seconds: 3), second)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try whole.dropLast(5).write(to: URL(fileURLWithPath: path))
        let again = try SimulationLog(path: path, build: "one")
        #expect(again.tally(piece)?.seconds == 2 && again.tally(second) == nil)
        try again.append(tally(seconds: 4), second)
        #expect(try SimulationLog(path: path, build: "one").tally(second)?.seconds == 4)
    }

    @Test(arguments: ["a diary\nand more\n", "a diary"])
    func anotherFileIsLeftAsItIs(_ diary: String) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let text = Data(diary.utf8)
        try text.write(to: URL(fileURLWithPath: path))
        #expect(throws: ValidationError.self) { try SimulationLog(path: path) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == text)
    }

    /// What the log tells of a piece is what the command says, so that piece was not run.
    @Test func theCommandRunsNoPieceTwice() throws {
        let bench = try Bench()
        func simulate() throws -> [String: Any] {
            try bench.gatewright(
                "simulate", "--seeds", "3", "--log", "log.jsonl", "--output", "json"
            ).json()
        }
        let first = try simulate()
        #expect(first["seeds"] as? Int == 3)
        let decisions = try #require(first["decisions"] as? Int)
        let line = try bench.read("log.jsonl")
        #expect(line.split(separator: "\n").count == 1)
        try bench.write(
            line.replacing("\"decisions\":\(decisions),", with: "\"decisions\":777777,"),
            to: "log.jsonl")
        #expect(try simulate()["decisions"] as? Int == 777_777)
    }

    @Test(arguments: [("partitions,labels", 1..<12), ("routers", 0..<1)])
    func onlyWorldsThatHaveAKindAreRun(_ kinds: String, _ expected: Range<Int>) throws {
        let tally = try Bench().gatewright(
            "simulate", "--seeds", "12", "--faults", "git,partitions,labels", "--having", kinds,
            "--output", "json"
        ).json()
        #expect(expected.contains(try #require(tally["seeds"] as? Int)))
    }

    @Test(arguments: [
        ["--scenarios", "--having=labels"], ["--scenarios", "--fail-fast"],
        ["--scenarios", "--log=all.jsonl"], ["--trace", "--log=all.jsonl"],
    ])
    func whatIsForSeedsIsRefusedElsewhere(_ options: [String]) throws {
        let result = try Bench().gatewright("simulate", options[0], options[1])
        #expect(result.status == 64 && result.output.isEmpty)
        #expect(result.errors.contains("for seeds") || result.errors.contains("for whole seeds"))
    }
}
