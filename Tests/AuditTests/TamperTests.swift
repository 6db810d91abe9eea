import Audit
import Foundation
import Ledger
import RolloutFiles
import Testing

@testable import Git
@testable import Identity
@testable import RolloutCore

/// One way to spoil a history, and what an auditor reads.
struct Tamper: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let code: AuditProblem.Code
    let act: @Sendable (History) async throws -> Void

    init(
        _ name: String, _ code: AuditProblem.Code,
        _ act: @escaping @Sendable (History) async throws -> Void
    ) {
        testDescription = name
        self.code = code
        self.act = act
    }
}

/// Made once: every test spoils a copy.
private let shared = Task { try await History.whole() }

@Suite struct TamperTests {
    static func audit(_ history: History, anchors: [String] = [], pinned: Set<PublicKey> = [])
        async throws -> HistoryAudit.Report
    {
        var options = HistoryAudit.Options()
        options.anchors = anchors
        options.pinned = pinned
        return try await HistoryAudit(
            path: history.path, worker: RemoteWorker(executable: "/bin/false"), options: options
        ).run(tip: try await history.tip())
    }

    @Test func anUntouchedHistoryIsClean() async throws {
        let history = try await shared.value
        let report = try await Self.audit(history)
        #expect(report.problems.map(\.description) == [])
        #expect(report.rollouts == 2)
        #expect(report.decisions == 16)
        #expect(report.approvals == 4)
        #expect(report.signatures == report.decisions)
        let pinned = try await Self.audit(
            history, anchors: [report.tip], pinned: [history.controller.publicKey])
        #expect(pinned.isClean)
        let other = try await Self.audit(history, pinned: [try PrivateKey.generate().publicKey])
        #expect(other.problems.count == 16)
        // The same problems in the same order, whatever the number of cores.
        var one = HistoryAudit.Options()
        one.workers = 1
        let again = try await HistoryAudit(
            path: history.path, worker: RemoteWorker(executable: "/bin/false"), options: one
        ).run(tip: try await history.tip())
        #expect(again == report)
    }

    @Test("F16, G15: what somebody spoilt is found", arguments: outsiders + insiders)
    func isFound(_ tamper: Tamper) async throws {
        let history = try History(copying: try await shared.value)
        let before = try await history.tip().hex
        try await tamper.act(history)
        let report = try await Self.audit(history, anchors: [before])
        let codes = Set(report.problems.map(\.code))
        #expect(
            codes.contains(tamper.code),
            "\(report.problems.map(\.description).joined(separator: "\n"))")
        // The decision is named wherever there is one.
        for problem in report.problems where problem.code == tamper.code {
            #expect(!problem.message.isEmpty)
        }
    }

    static let record = "state/alpha/decisions/000004-advance.json"

    // MARK: By whoever can push

    static let outsiders: [Tamper] = [
        Tamper("a record is edited", .alteredRecord) {
            let text = try await $0.text(record).replacing("canary", with: "Canary")
            try await $0.commit([record: text], by: "ana@x")
        },
        Tamper("a record is edited by somebody", .foreignWriter) {
            let text = try await $0.text(record).replacing("canary", with: "Canary")
            try await $0.commit([record: text], by: "ana@x")
        },
        Tamper("a record is deleted", .removedRecord) {
            try await $0.commit([record: nil], by: "ana@x")
        },
        Tamper("the last record is deleted", .removedRecord) {
            try await $0.commit(["state/beta/decisions/000009-rollback.json": nil], by: "ana@x")
        },
        Tamper("a whole state is deleted", .removedRecord) {
            let paths = try await $0.paths(under: "state/alpha")
            try await $0.commit(
                Dictionary(uniqueKeysWithValues: paths.map { ($0, nil) }), by: "ana@x")
        },
        Tamper("two records change places", .alteredRecord) {
            let other = "state/alpha/decisions/000005-advance.json"
            let (first, second) = (try await $0.text(record), try await $0.text(other))
            try await $0.commit([record: second, other: first], by: "ana@x")
        },
        Tamper("a record is renamed", .removedRecord) {
            let text = try await $0.text(record)
            try await $0.commit(
                [record: nil, "state/alpha/decisions/000004-complete.json": text], by: "ana@x")
        },
        Tamper("current.json is edited", .alteredRecord) {
            let text = try await $0.text("state/alpha/current.json")
                .replacing("\"signerSequence\": 1", with: "\"signerSequence\": 0")
            try await $0.commit(["state/alpha/current.json": text], by: "ana@x")
        },
        Tamper("a file is slipped in", .strayFile) {
            try await $0.commit(["state/alpha/decisions/notes.json": "{}"], by: "ana@x")
        },
        Tamper("a file is slipped in beside", .strayFile) {
            try await $0.commit(["state/alpha/other/x.json": "{}"], by: "ana@x")
        },
        Tamper("a decision is added by a person", .foreignWriter) {
            try await $0.forge(key: $0.people["ana@x"])
        },
        Tamper("a decision is added by a stranger", .foreignWriter) {
            try await $0.forge(key: $0.people["eve@x"])
        },
        Tamper("a decision is added unsigned", .unsignedRecord) { try await $0.forge(key: nil) },
        Tamper("a person names themselves a controller", .foreignWriter) {
            // In the same commit: what a commit says of itself does not count.
            let groups = try await $0.text("policies/groups.yaml")
                .replacing("controllers: [", with: "controllers: [ana@x, ")
            try await $0.forge(
                key: $0.people["ana@x"], beside: ["policies/groups.yaml": Array(groups.utf8)])
        },
        Tamper("policies change in a record's commit", .mixedCommit) {
            try await $0.forge(
                key: $0.controller, beside: ["policies/revoked-signers": Array("sequence 2\n".utf8)]
            )
        },
        Tamper("the controller's key was revoked", .foreignWriter) {
            let print = $0.controller.publicKey.fingerprint
            try await $0.commit(
                ["policies/revoked-signers": "sequence 2\n\(print)\n"], by: "ana@x")
            try await $0.forge(key: $0.controller)
        },
        Tamper("a signature is wrapped otherwise", .unsignedRecord) { history in
            try await history.resign { block in
                let lines = block.split(separator: "\n").map(String.init)
                let body = lines.dropFirst().dropLast().joined()
                return
                    ([lines[0], String(body.prefix(50)), String(body.dropFirst(50))]
                    + [lines[lines.count - 1]]).joined(separator: "\n")
            }
        },
        Tamper("a signature of another commit", .unsignedRecord) { history in
            let other = try await history.signature(
                of: history.repository.ancestry(of: history.tip())[1])
            try await history.resign { _ in other }
        },
        Tamper("the end is cut off", .tailDropped) {
            let tip = try await $0.tip()
            let parent = try await $0.repository.commitInfo(tip).parents[0]
            try await $0.repository.updateReference(
                ReferenceName(History.main), to: parent, expecting: tip)
        },
        Tamper("the end is cut off and grown again", .tailDropped) {
            let tip = try await $0.tip()
            let parent = try await $0.repository.commitInfo(tip).parents[0]
            try await $0.repository.updateReference(
                ReferenceName(History.main), to: parent, expecting: tip)
            try await $0.commit(["README": "nothing happened"], by: "ana@x")
        },
        Tamper("records are squashed", .severalRecords) {
            let tip = try await $0.tip()
            let all = try await $0.paths(under: "state")
            var files: [String: [UInt8]?] = [:]
            for path in all { files[path] = try await Array($0.text(path).utf8) }
            let root = try await $0.repository.ancestry(of: tip)[0]
            try await $0.commit(
                bytes: files, key: $0.controller, author: "x", "all of it", onto: root)
        },
        Tamper("a history of its own is put in place", .tailDropped) {
            let root = try await $0.repository.ancestry(of: $0.tip())[0]
            try await $0.commit(
                bytes: ["README": Array("new".utf8)], key: nil, author: "eve@x", "x", onto: root)
        },
    ]
}
