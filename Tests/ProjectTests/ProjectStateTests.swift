import Foundation
import Ledger
import RolloutCore
import RolloutFiles
import Testing

/// The project is a GitOps repository itself: what it ships must check, and its history must fold.
@Suite struct ProjectStateTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static var rollouts: [String] {
        let folder = root.appendingPathComponent("state").path
        return (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? []
    }

    private func decisions(of rollout: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = Self.root.appendingPathComponent("state/\(rollout)/decisions")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            ($0, Array(try Data(contentsOf: folder.appendingPathComponent($0))))
        }
    }

    @Test func thereIsAHistory() { #expect(!Self.rollouts.isEmpty) }

    @Test(arguments: rollouts) func historyIsAChainThatFoldsToTheCurrentState(
        _ rollout: String
    ) throws {
        var state = RolloutState(name: try RolloutName(rollout))
        var head: Digest?
        for (index, file) in try decisions(of: rollout).enumerated() {
            let record = try CanonicalJSON.decode(DecisionRecord.self, from: file.bytes)
            #expect(record.number == index + 1)
            #expect(RecordFile.number(ofFile: file.name) == record.number)
            #expect(RecordFile.decision(record).hasSuffix("/" + file.name))
            #expect(record.previous == head)
            #expect(record.input.state == state, "decision \(record.number) was made on another")
            state = state.after(record.action, number: record.number, at: record.at)
            #expect(record.after == (try RecordFile.digest(of: state)))
            head = RecordFile.digest(file.bytes)
        }
        let path = Self.root.appendingPathComponent("state/\(rollout)/current.json")
        let current = try CanonicalJSON.decode(
            CurrentState.self, from: Array(try Data(contentsOf: path)))
        #expect(current.state == state)
        #expect(current.head == head)
    }

    /// A record holds the whole input, so the decision can be made again (invariant 16).
    @Test(arguments: rollouts) func everyDecisionIsMadeAgainFromItsRecord(
        _ rollout: String
    ) throws {
        for file in try decisions(of: rollout) {
            let record = try CanonicalJSON.decode(DecisionRecord.self, from: file.bytes)
            let again = decide(record.input)
            #expect(again.verdicts == record.verdicts, "decision \(record.number)")
            #expect(
                again.next == .act(record.action, reason: record.reason),
                "decision \(record.number)")
            // And the bytes are the ones that canonical JSON gives, today and in every process.
            #expect(try RecordFile.bytes(record) == file.bytes, "decision \(record.number)")
        }
    }

    @Test func theHistoryHasOneGoodVersionAndTwoThatWereTakenBack() throws {
        let records = try decisions(of: "compression-selector").map {
            try CanonicalJSON.decode(DecisionRecord.self, from: $0.bytes)
        }
        #expect(records.first?.kind == "bootstrap")
        #expect(records.filter { $0.kind == "complete" }.count == 1)
        let causes = records.compactMap { record -> String? in
            guard case .rollBack(.breach(let guardrail, _)) = record.action else { return nil }
            return guardrail.rawValue
        }
        #expect(causes == ["accuracy", "throughput-regression"])
    }

    @Test func whatTheProjectServesChecksWithoutAnError() throws {
        var files: [SourceFile] = []
        for top in ["policies", "rollouts"] {
            let folder = Self.root.appendingPathComponent(top).path
            for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init()
            where ProjectFiles.reads(path: "\(top)/\(name)") {
                let path = Self.root.appendingPathComponent("\(top)/\(name)")
                files.append(
                    SourceFile(path: "\(top)/\(name)", bytes: Array(try Data(contentsOf: path))))
            }
        }
        let project = ProjectFiles.check(files: files)
        #expect(project.diagnostics.filter(\.isError).isEmpty)
        #expect(project.rollouts.count == 1)
    }

    /// The declared digest is that of the committed bytes.
    @Test func artifactsAreTheOnesDeclared() throws {
        let folder = Self.root.appendingPathComponent("rollouts/compression-selector")
        let names = try FileManager.default.contentsOfDirectory(
            atPath: folder.appendingPathComponent("versions").path)
        #expect(names.count >= 5)
        for name in names {
            let path = "rollouts/compression-selector/versions/\(name)"
            let text = try Data(contentsOf: Self.root.appendingPathComponent(path))
            guard
                case .version(let version)? =
                    ProjectFiles.parse(path: path, bytes: Array(text)).content
            else {
                Issue.record("\(path) is no version")
                continue
            }
            let artifact = try Data(
                contentsOf: folder.appendingPathComponent("artifacts/\(version.version).json"))
            #expect(RecordFile.digest(Array(artifact)) == version.artifact.sha256)
            #expect(Int64(artifact.count) <= version.artifact.size + 1_000)
        }
    }
}
