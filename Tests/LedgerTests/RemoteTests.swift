import Foundation
import Git
import Ledger
import RolloutCore
import Testing

/// Over git://, because libgit2 runs no server for a local path.
@Suite struct RemoteTests {
    private let bench: Workbench
    private let daemon: Daemon
    private let ledger: Ledger

    init() async throws {
        bench = try Workbench()
        try await bench.repository("origin.git", ["README": "x"])
        daemon = try Daemon(bench)
        ledger = try bench.ledger("local.git", remote: daemon.url("origin.git"))
    }

    private func subjects() throws -> [String] {
        try bench.git("-C", bench.path("origin.git"), "log", "--format=%s", "main")
            .split(separator: "\n").map(String.init)
    }

    @Test func nothingIsRecordedBeforeTheRemoteWasRead() async throws {
        let draft = Story.draft(Story.bootstrap, on: RolloutState(name: Story.name))
        #expect(await ledger.record(draft, taken: false).word == "unknown: no branch is known")
    }

    @Test func recordsArriveAtTheRemote() async throws {
        let state = try await ledger.tell(Story.bootstrap, Story.start)
        #expect(state.run != nil)
        #expect(
            try subjects() == [
                "start selector 2.0.0 in shadow 100%: because",
                "bootstrap selector at 1.0.0: because", "a person's work",
            ])
        let sync = await ledger.sync()
        #expect(sync.halted == nil)
        let tip = try #require(sync.tip)
        #expect(try await ledger.verify(Story.name, at: tip).isEmpty)
        #expect(
            try bench.git("-C", bench.path("origin.git"), "fsck", "--strict", "--no-dangling") == ""
        )
    }

    // A6: a push by a person in between; fetch, decide again, and it works.
    @Test func aPersonsPushOvertakesAndTheNextAttemptWorks() async throws {
        let state = try await ledger.tell(Story.bootstrap)
        try await bench.commit(["docs/x": "y"], in: "origin.git")
        let draft = Story.draft(Story.start, on: state)
        #expect(await ledger.record(draft, taken: false).word == "overtaken")
        #expect(await ledger.sync().halted == nil)
        #expect(await ledger.record(draft, taken: false).word == "acknowledged 2 start")
        #expect(try subjects().count == 4)
    }

    // 13: of two controllers one wins; the other sees that its decision was made.
    @Test("B1: of two controllers one records")
    func ofTwoControllersOneRecords() async throws {
        let state = try await ledger.tell(Story.bootstrap)
        let other = try bench.ledger("other.git", remote: daemon.url("origin.git"))
        _ = await other.sync()
        let first = Story.draft(Story.start, on: state, id: "first")
        let second = Story.draft(Story.start, on: state, id: "second")
        #expect(await other.record(second, taken: false).word == "acknowledged 2 start")
        #expect(await ledger.record(first, taken: false).word == "overtaken")
        _ = await ledger.sync()
        #expect(await ledger.record(first, taken: false).word == "overtaken")
        #expect(try subjects().count == 3)
    }

    // 10: a step that was taken is recorded once, though its first answer was lost.
    @Test("A8: a taken step is recorded on the new tip")
    func aTakenStepIsRecordedOnTheNewTip() async throws {
        let state = try await ledger.tell(Story.bootstrap, Story.start)
        let other = try bench.ledger("other.git", remote: daemon.url("origin.git"))
        _ = await other.sync()
        _ = await other.record(Story.draft(.advance(step: 1), on: state), taken: false)
        let abort = Story.draft(Story.abort, on: state)
        #expect(await ledger.record(abort, taken: true).word == "overtaken")
        _ = await ledger.sync()
        #expect(await ledger.record(abort, taken: true).word == "acknowledged 4 abort")
        #expect(await ledger.record(abort, taken: true).word == "already")
    }

    @Test func aRefusalIsTold() async throws {
        let state = try await ledger.tell(Story.bootstrap)
        try bench.git(
            "-C", bench.path("origin.git"), "config", "receive.denyNonFastForwards", "true")
        try bench.hook("pre-receive", "echo 'main is frozen' >&2; exit 1", in: "origin.git")
        let outcome = await ledger.record(Story.draft(Story.start, on: state), taken: false)
        #expect(outcome.word.contains("refused") && outcome.word.contains("main is frozen"))
        // Its own failed commit is no part of what is believed.
        let tip = try #require(await ledger.sync().tip)
        #expect(try await ledger.currentState(of: Story.name, at: tip).state == state)
    }

    // A5: a branch that no longer contains what was seen halts increases, and nothing is lost.
    @Test("A3, A9, A10: a rewritten branch halts until a person accepts")
    func aRewrittenBranchHaltsUntilAPersonAccepts() async throws {
        let repository = bench.path("origin.git")
        let before = try bench.git("-C", repository, "rev-parse", "main")
        let state = try await ledger.tell(Story.bootstrap)
        let known = try #require(await ledger.sync().tip)
        try bench.git("-C", repository, "update-ref", "refs/heads/main", before)
        let sync = await ledger.sync()
        #expect(sync.tip == known)
        #expect(sync.halted?.contains("was rewritten") ?? false)
        #expect(await ledger.record(Story.draft(Story.start, on: state), taken: false).state == nil)
        let moved = try await Ledger.acceptHistory(in: ledger.repository)
        #expect(moved?.from == known && moved?.to.hex == before)
        #expect(await ledger.sync() == Ledger.Sync(tip: moved?.to, halted: nil))
        #expect(try await Ledger.acceptHistory(in: ledger.repository) == nil)
    }

    // Seeds 29341, 31925: whoever rewrites a branch must not make a lost key count again.
    @Test("A3, G5: keys that were taken back stay so in the history that is accepted")
    func lostKeysAreNotForgottenWithTheHistory() async throws {
        let repository = bench.path("origin.git")
        let before = try bench.git("-C", repository, "rev-parse", "main")
        let lost = "SHA256:" + String(repeating: "a", count: 43)
        let revocations = [SignerFiles.revokedPath: "sequence 2\n\(lost)\n"]
        try await bench.commit(revocations, in: "origin.git")
        let known = try #require(await ledger.sync().tip)
        try bench.git("-C", repository, "update-ref", "refs/heads/main", before)
        #expect(await ledger.sync().halted?.contains("was rewritten") ?? false)
        let error = await #expect(throws: LostRevocations.self) {
            _ = try await Ledger.acceptHistory(in: ledger.repository)
        }
        #expect(error?.fingerprints == [lost])
        #expect(error?.description.contains("policies/revoked-signers") == true)
        #expect(await ledger.sync().tip == known)

        try await bench.commit(
            revocations.merging(["docs/why": "somebody pushed by force"]) { $1 }, in: "origin.git")
        #expect(await ledger.sync().tip == known)
        let moved = try await Ledger.acceptHistory(in: ledger.repository)
        #expect(moved?.from == known && moved?.to != known)
    }

    @Test("A5: a remote that is gone keeps the tip")
    func aRemoteThatIsGoneKeepsTheTip() async throws {
        try await ledger.tell(Story.bootstrap)
        let known = try #require(await ledger.sync().tip)
        try bench.git("-C", bench.path("origin.git"), "update-ref", "-d", "refs/heads/main")
        let sync = await ledger.sync()
        #expect(sync.tip == known && sync.halted?.contains("shares stay as they are") ?? false)
    }

    // Each file of the clone's object database has one byte flipped.
    @Test("A13: a damaged clone is believed in nothing, and a new one goes on where it was")
    func aDamagedCloneIsBelievedInNothing() async throws {
        let state = try await ledger.tell(Story.bootstrap, Story.start)
        let known = try #require(await ledger.sync().tip)
        let objects = bench.path("local.git/objects")
        for name in FileManager.default.enumerator(atPath: objects)?.allObjects ?? [] {
            let file = URL(fileURLWithPath: "\(objects)/\(name)")
            guard !file.hasDirectoryPath, var bytes = try? Data(contentsOf: file), !bytes.isEmpty
            else { continue }
            bytes[bytes.startIndex + bytes.count / 2] ^= 0x10
            try bytes.write(to: file, options: .atomic)
        }
        let url = daemon.url("origin.git")
        let damaged = try bench.ledger("local.git", remote: url)
        let sync = await damaged.sync()
        #expect(sync.halted != nil && sync.tip == known)
        let advance = Story.draft(.advance(step: 1), on: state)
        #expect(await damaged.record(advance, taken: false).state == nil)
        #expect(try subjects().count == 3)

        try FileManager.default.removeItem(atPath: bench.path("local.git"))
        let fresh = try bench.ledger("local.git", remote: url)
        #expect(await fresh.sync() == Ledger.Sync(tip: known, halted: nil))
        #expect(await fresh.record(advance, taken: false).word == "acknowledged 3 advance")
        let tip = try #require(await fresh.sync().tip)
        #expect(try await fresh.verify(Story.name, at: tip).isEmpty)
    }

    @Test("A13: locks that a killed controller left in its clone hold nothing up")
    func leftLocksHoldNothingUp() async throws {
        try await ledger.tell(Story.bootstrap)
        for name in ["trusted", "pending", "fetched"] {
            try Data().write(
                to: URL(fileURLWithPath: bench.path("local.git/refs/gatewright/\(name).lock")))
        }
        let next = try bench.ledger("local.git", remote: daemon.url("origin.git"))
        #expect(await next.sync().halted == nil)
        let state = try await next.tell(Story.start)
        #expect(state.decisions == 2)
    }

    // A tip that was fetched before a record and looked at after it seemed to have lost it.
    @Test func looksBetweenRecordsAreNoRewrittenHistory() async throws {
        _ = await ledger.sync()
        async let halts = withTaskGroup(of: String?.self) { group in
            for _ in 0..<24 { group.addTask { await ledger.sync().halted } }
            return await group.reduce(into: [String]()) { if let halted = $1 { $0.append(halted) } }
        }
        try await ledger.tell(
            Story.bootstrap, Story.start, .advance(step: 1), .advance(step: 2), .complete)
        #expect(await halts == [])
        #expect(await ledger.sync().halted == nil)
    }
}
