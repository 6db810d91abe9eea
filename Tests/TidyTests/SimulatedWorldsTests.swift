import Foundation
import Testing

/// What a million worlds came to is added up by `scripts/simulated-worlds`.
@Suite struct SimulatedWorldsTests {
    private static let data = "docs/simulated-worlds.json"
    private static let page = "docs/reliability.md"
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "gatewright-worlds-\(UUID().uuidString)")

    init() throws {
        for path in ["scripts/simulated-worlds", Self.data, Self.page] {
            let target = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: Repository.root.appendingPathComponent(path), to: target)
        }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
    }

    /// A line of `gatewright simulate --log`.
    private func piece(
        from first: Int, decisions: Int, failures: String = "", options: String = ""
    ) -> String {
        """
        {"arguments":["--seeds","200","--from","\(first)"\(options)],"tally":{"decisions":\
        \(decisions),"failures":[\(failures)],"marks":{"A1":2,"A1 late":1,"crash at push":3},\
        "seconds":10.5,"seeds":200,"simulatedSeconds":86400}}

        """
    }

    private func add(_ log: String?, _ options: String...) throws -> (status: Int32, said: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", folder.path + "/scripts/simulated-worlds"] + options
        if let log {
            let file = folder.appendingPathComponent("all.jsonl")
            try log.write(to: file, atomically: true, encoding: .utf8)
            process.arguments?.append(file.path)
        }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let said = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: said, as: UTF8.self))
    }

    @Test func thePageTellsWhatIsKept() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try add(nil).status == 0)
        for path in [Self.data, Self.page] {
            #expect(try text(path) == Repository.text(path), "run scripts/simulated-worlds")
        }
    }

    @Test func piecesCountOnceAndOnlyWhereNothingBroke() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let failure = #"{"seed":333,"violations":[{"text":"it was lowered"}]}"#
        let log =
            piece(from: 401, decisions: 30) + piece(from: 1, decisions: 10)
            + piece(from: 201, decisions: 20, failures: failure) + piece(from: 1, decisions: 11)
            + piece(from: 601, decisions: 40).dropLast(9)
        var (status, said) = try add(log, "--fresh")
        #expect(status == 0)
        #expect(said.contains("seed 333 broke something: it was lowered"))
        #expect(said.contains("400 worlds: seeds 1–200, 401–600"))
        #expect(try text(Self.page).contains("| A1 | 4 | late 2 |"))
        // What is mended runs again, and fills the gap.
        (status, said) = try add(piece(from: 201, decisions: 20))
        #expect(status == 0 && said == "600 worlds: seeds 1–600\n")
        #expect(try text(Self.page).contains("(600 worlds, 60 decisions, 3.0 simulated days"))
    }

    @Test(arguments: [#","--faults","git""#, #","--having","labels""#])
    func someKindsOfWorldsAreNotAllOfThem(_ options: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (status, said) = try add(piece(from: 1, decisions: 10, options: options))
        #expect(status == 1 && said.contains("all.jsonl:1: found only some kinds of worlds"))
        #expect(try text(Self.data) == Repository.text(Self.data))
    }
}
