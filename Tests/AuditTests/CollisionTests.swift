import Audit
import CGit2
import Foundation
import Testing

@testable import Git

/// Two objects with one SHA-1, as somebody could make them one day: git's ids all fit, and git would
/// give one of them to a controller and the other to an auditor.
@Suite(.serialized) struct CollisionTests {
    /// A file of the history, what is changed in it, and what an auditor reads.
    struct Twin: CustomTestStringConvertible, Sendable {
        let path: String
        let from: String
        let to: String
        let code: AuditProblem.Code

        var testDescription: String { path }
    }

    static let twins = [
        Twin(
            path: "state/alpha/decisions/000004-advance.json", from: "\"software\": \"test\"",
            to: "\"software\": \"tesT\"", code: .brokenChain),
        Twin(
            path: "state/beta/decisions/000009-rollback.json", from: "\"software\": \"test\"",
            to: "\"software\": \"tesT\"", code: .currentDiffers),
        Twin(
            path: "state/beta/current.json", from: "\"decisions\": 9", to: "\"decisions\": 8",
            code: .currentDiffers),
        Twin(
            path: "rollouts/alpha/rollout.yaml", from: "soak: 1h", to: "soak: 2h",
            code: .requestDiffers),
        Twin(
            path: "rollouts/alpha/versions/2.0.0.yaml", from: "sha256: \"", to: "sha256: \"00",
            code: .requestDiffers),
        Twin(
            path: "policies/guardrails/quality.yaml", from: "atMost: 5%", to: "atMost: 50%",
            code: .requestDiffers),
        Twin(
            path: "rollouts/alpha/approvals/", from: "\"comment\": \"\"",
            to: "\"comment\": \"gladly\"", code: .approvalUnknown),
    ]

    @Test("A15: an object with another one's id is found by SHA-256", arguments: twins)
    func anObjectWithAnothersIdIsFound(_ twin: Twin) async throws {
        let history = try await History.whole()
        let id = try await exchange(twin, in: history)
        // Nobody has published two such objects. These differ in SHA-1, which is looked at first.
        await #expect(throws: GitError.self) {
            try await GitRepository(opening: history.path).blob(id, limitBytes: 1 << 20)
        }
        #expect(cgit2_set_hash_verification(0) == 0)
        defer { cgit2_set_hash_verification(1) }
        let report = try await TamperTests.audit(history)
        #expect(
            report.problems.contains { $0.code == twin.code },
            "\(report.problems.map(\.description).joined(separator: "\n"))")
    }

    /// Puts a changed file where git keeps the file, under the id of that.
    private func exchange(_ twin: Twin, in history: History) async throws -> ObjectID {
        let git = history.repository
        let tip = try await history.tip()
        var path = twin.path
        if path.hasSuffix("/") { path = try #require(try await history.paths(under: path).first) }
        let text = try await history.text(path)
        let changed = text.replacing(twin.from, with: twin.to, maxReplacements: 1)
        #expect(changed != text)
        // Written beside it first, so that git packs it as it packs any file.
        let result = try await git.commit(
            onto: tip, changes: ["twin": Array(changed.utf8)], message: "twin\n",
            author: CommitAuthor(name: "eve@x", email: "eve@x"), at: 1_770_000_000_000,
            updating: ReferenceName("refs/heads/side"), expecting: nil)
        guard case .committed(let side) = result else { throw Trouble("nothing was committed") }
        let file = try #require(try await git.entry(at: path, in: tip))
        let twin = try #require(try await git.entry(at: "twin", in: side))
        func place(_ id: ObjectID) -> String {
            "\(history.path)/objects/\(id.hex.prefix(2))/\(id.hex.dropFirst(2))"
        }
        try FileManager.default.removeItem(atPath: place(file.id))
        try FileManager.default.copyItem(atPath: place(twin.id), toPath: place(file.id))
        return file.id
    }
}
