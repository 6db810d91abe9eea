import Foundation
import Identity
import Ledger
import RolloutCore
import Testing

@testable import Git

/// Somebody who may push writes a chain that is consistent in itself.
@Suite struct ForeignWriterTests {
    private let bench: Workbench
    private let controller: PrivateKey
    private let second: PrivateKey
    private let ana: PrivateKey
    private let name = Story.name

    init() async throws {
        bench = try Workbench()
        (controller, second, ana) = (
            try PrivateKey.generate(), try PrivateKey.generate(), try PrivateKey.generate()
        )
        try await bench.repository("main.git", ["README": "x"])
        try await bench.commit(policies(), in: "main.git")
    }

    /// What the repository says of controllers.
    private func policies(controllers: String? = "[controller@x, second@x]") -> [String: String?] {
        let signers = [("controller@x", controller), ("second@x", second), ("ana@x", ana)].map {
            "\($0) namespaces=\"git\" \($1.publicKey.openSSH)\n"
        }
        let groups = controllers.map { "controllers: \($0)" } ?? "sre: [ana@x]"
        return [
            "policies/signers": signers.joined(), "policies/revoked-signers": "sequence 1\n",
            "policies/groups.yaml":
                "apiVersion: gatewright.dev/v1\nkind: Groups\nspec: {groups: {\(groups)}}\n",
        ]
    }

    private func ledger(_ key: PrivateKey?) throws -> Ledger {
        try Ledger(
            repository: GitRepository(opening: bench.path("main.git")), remote: nil,
            branch: "main", worker: RemoteWorker(executable: "/bin/false"),
            author: CommitAuthor(name: "gatewright", email: "gatewright@example.org"),
            writer: RecordWriter(name: "test", software: "gatewright test"), key: key)
    }

    private func read(after previous: Snapshot?) async throws -> Snapshot {
        let ledger = try ledger(controller)
        let tip = try #require(await ledger.sync().tip)
        return try await Snapshot.read(ledger, at: tip, after: previous)
    }

    private func problem(_ snapshot: Snapshot) -> String? {
        guard case .damaged(let problem)? = snapshot.recorded[name] else { return nil }
        return problem
    }

    /// The files below a state as a commit has them, for a person who puts them back.
    private func state(at commit: ObjectID) async throws -> [String: [UInt8]?] {
        let repository = try GitRepository(opening: bench.path("main.git"))
        let now = try #require(
            try await repository.resolve(ReferenceName("refs/heads/main")))
        var files: [String: [UInt8]?] = [:]
        for tree in [now, commit] {
            let root = try await repository.commitInfo(tree).tree
            for path in try await repository.changedPaths(from: nil, to: root, under: "state") {
                let text = try #require(path.text)
                let entry = try await repository.entry(at: text, in: commit)
                var bytes: [UInt8]?
                if let entry { bytes = try await repository.blob(entry.id, limitBytes: 1 << 20) }
                files.updateValue(bytes, forKey: text)
            }
        }
        return files
    }

    @Test("F16: a chain that no controller signed is damage, until it is taken back")
    func aChainOfSomebodyElseIsDamage() async throws {
        for key in [ana, nil] {
            try await ledger(controller).tell(.hold(.withdrawn(summary: "x")))
            let first = try await read(after: nil)
            #expect(problem(first) == nil)
            let good = first.recorded[name]
            try await ledger(key).tell(.hold(.withdrawn(summary: "y")))
            let second = try await read(after: first)
            let by = key.map { "signed by \($0.publicKey.fingerprint)" } ?? "signed by nobody"
            #expect(problem(second)?.contains("\(by), wrote below state/") ?? false)
            #expect(!second.isClean)
            // Another look, with something else in it, changes nothing.
            try await bench.commit(["README": "\(by)"], in: "main.git")
            let third = try await read(after: second)
            #expect(problem(third) == problem(second))
            // A person reverts it, which is no controller's commit either.
            try await bench.commit(bytes: try await state(at: first.commit), in: "main.git")
            let last = try await read(after: third)
            #expect(last.recorded[name] == good)
            #expect(last.isClean)
        }
    }

    @Test("F16: every controller that the repository names is believed")
    func namedControllersAreBelieved() async throws {
        try await ledger(controller).tell(Story.bootstrap)
        let first = try await read(after: nil)
        try await ledger(second).tell(Story.start)
        let other = try await read(after: first)
        #expect(problem(other) == nil)
        // Its own key counts wherever it is named.
        try await bench.commit(policies(controllers: "[second@x]"), in: "main.git")
        try await ledger(controller).tell(.advance(step: 1))
        #expect(problem(try await read(after: other)) == nil)
    }

    @Test("F16: a controller may be named after it wrote; a lost key counts no more")
    func aControllerMayBeNamedLater() async throws {
        try await bench.commit(policies(controllers: "[controller@x]"), in: "main.git")
        try await ledger(controller).tell(Story.bootstrap)
        let first = try await read(after: nil)
        try await ledger(second).tell(Story.start)
        let unnamed = try await read(after: first)
        #expect(problem(unnamed) != nil)
        try await bench.commit(policies(), in: "main.git")
        let named = try await read(after: unnamed)
        #expect(problem(named) == nil && named.isClean)
        try await bench.commit(
            [
                "policies/revoked-signers": "sequence 2\n\(second.publicKey.fingerprint)\n"
            ], in: "main.git")
        try await ledger(second).tell(.advance(step: 1))
        #expect(problem(try await read(after: named)) != nil)
    }

    @Test("F16: where nobody is named a controller, nobody can be told from one")
    func withoutControllersNobodyIsForeign() async throws {
        try await bench.commit(policies(controllers: nil), in: "main.git")
        try await ledger(controller).tell(Story.bootstrap)
        let first = try await read(after: nil)
        try await ledger(ana).tell(Story.start)
        #expect(problem(try await read(after: first)) == nil)
    }

    @Test("F16: what was written while no controller ran is not believed by the next one")
    func whatWasWrittenMeanwhileIsNotBelieved() async throws {
        try await ledger(controller).tell(Story.bootstrap)
        try await ledger(controller).keepClean(try await read(after: nil).commit)
        #expect(problem(try await read(after: nil)) == nil)
        try await ledger(ana).tell(Story.start)
        let found = try await read(after: nil)
        #expect(problem(found) != nil && !found.isClean)
    }

    @Test("F16: a state that went with a history that was given up is missed by nobody")
    func aStateThatWasGivenUpIsNotMissed() async throws {
        let before = try #require(await ledger(controller).sync().tip)
        try await ledger(controller).tell(Story.bootstrap)
        try await ledger(controller).keepClean(try await read(after: nil).commit)
        try bench.git(
            "-C", bench.path("main.git"), "update-ref", "refs/heads/main", before.hex)
        try await ledger(controller).tell(Story.bootstrap, Story.start)
        #expect(problem(try await read(after: nil)) == nil)
    }

    /// Found by seed 21407: the forged commit lay in what was known already.
    @Test("F16: a history that is given up may end where somebody had just written")
    func aHistoryMayEndAtAForgedCommit() async throws {
        try await ledger(controller).tell(Story.bootstrap)
        let good = try await read(after: nil)
        try await ledger(ana).tell(Story.start)
        let forged = try await read(after: good).commit
        try await bench.commit(bytes: try await state(at: good.commit), in: "main.git")
        try await ledger(controller).keepClean(try await read(after: good).commit)
        try bench.git(
            "-C", bench.path("main.git"), "update-ref", "refs/heads/main", forged.hex)
        #expect(problem(try await read(after: nil)) != nil)
    }

    @Test("F16: no step is put onto what somebody else wrote")
    func noStepIsPutOntoAForeignState() async throws {
        let state = try await ledger(controller).tell(Story.bootstrap, Story.start)
        try await ledger(controller).keepClean(try await read(after: nil).commit)
        try await ledger(ana).tell(.advance(step: 1))
        let outcome = try await ledger(controller).record(
            Story.draft(Story.abort, on: state), taken: true)
        guard case .refused(let why) = outcome else { throw Trouble(outcome.word) }
        #expect(why.contains("wrote below state/"))
    }

    // The mark in the repository stands still for all of them while one is damaged.
    @Test("F16: a damaged neighbour does not make anybody's way back longer")
    func aDamagedNeighbourMakesNoWayLonger() async throws {
        let neighbour = try RolloutName("neighbour")
        try await ledger(controller).tell(Story.bootstrap)
        try await ledger(controller).tell(Story.bootstrap, of: neighbour)
        let first = try await read(after: nil)
        try await ledger(ana).tell(Story.start)
        let second = try await read(after: first)
        try await ledger(controller).tell(Story.start, of: neighbour)
        let third = try await read(after: second)
        #expect(!third.isClean && third.clean(neighbour) == third.commit)
        #expect(third.clean(Story.name) == first.commit)
    }
}
