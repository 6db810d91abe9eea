import Foundation
import History
import RolloutCore
import Synchronization
import Testing

@testable import Signals

/// Over a real store: what a restarted controller knows is what the first one knew.
@Suite struct ObservatoryTests {
    private static let guardrails = [Scene.errors, Scene.accuracy, Scene.rise, Scene.ratio]
    private static let state = Scene.state(advances: 1, guardrails: guardrails)

    /// Answers, labels before and after them, and the same ones twice.
    private static func batches(_ count: Int, from first: Int = 0) -> [[Observation]] {
        (first..<(first + count)).map { batch in
            (0..<100).flatMap { index -> [Observation] in
                let number = batch * 100 + index
                let answer = Scene.answer(
                    "p-\(number)", number.isMultiple(of: 2) ? .candidate : .stable,
                    ok: number % 23 != 0, region: number % 3 == 0 ? Scene.us : Scene.eu,
                    second: Int64(number), unit: UInt64(number % 71))
                let label = Observation.label(
                    Label(
                        prediction: "p-\(max(0, number - index % 5 * 3))", truth: ["yes"],
                        at: Scene.start + .seconds(Int64(number))))
                return index % 4 == 0
                    ? [label, .prediction(answer), .prediction(answer)]
                    : [.prediction(answer), label]
            }
        }
    }

    /// What `decide` would see, in a form that can be compared.
    private static func look(
        _ observatory: Observatory
    ) async -> (evidence: [GuardrailEvidence], traffic: [RegionName: RegionTraffic]) {
        await observatory.look(at: Scene.name)
    }

    @Test func aRestartKnowsWhatWasKnown() async throws {
        let store = try HistoryStore.temporary()
        defer { store.close() }
        let first = Observatory(disk: store)
        try await first.follow(Self.state)
        for batch in Self.batches(6) { _ = try await first.ingest(batch) }
        try await first.checkpoint()
        // Facts after the snapshot are folded again from disk.
        for batch in Self.batches(3, from: 6) { _ = try await first.ingest(batch) }
        let known = await Self.look(first)
        #expect(known.evidence.first?.process.counted?.trials == 450)

        let second = Observatory(disk: store)
        try await second.follow(Self.state)
        let again = await Self.look(second)
        #expect(again.evidence == known.evidence)
        #expect(again.traffic == known.traffic)
    }

    /// Found by seed 10572: facts that a disk had taken, and said that it had not, came into no book
    /// before a restart, and whoever sent them again was told that they were known.
    @Test func factsWhoseReceiptWasLostAreFolded() async throws {
        let store = try HistoryStore.temporary()
        defer { store.close() }
        let disk = MumblingDisk(store)
        let observatory = Observatory(disk: disk)
        try await observatory.follow(Self.state)
        let batches = Self.batches(4)
        _ = try await observatory.ingest(batches[0])
        disk.mumbles = true
        await #expect(throws: HistoryError.self) { try await observatory.ingest(batches[1]) }
        // While the disk cannot be read either, nothing is said that may be half of it.
        disk.isBlind = true
        #expect(await observatory.look(at: Scene.name).evidence.isEmpty)
        disk.isBlind = false
        disk.mumbles = false
        _ = try await observatory.ingest(batches[1])
        for batch in batches[2...] { _ = try await observatory.ingest(batch) }
        let known = await Self.look(observatory)

        let honest = try HistoryStore.temporary()
        defer { honest.close() }
        let other = Observatory(disk: honest)
        try await other.follow(Self.state)
        for batch in batches { _ = try await other.ingest(batch) }
        let expected = await Self.look(other)
        #expect(known.evidence == expected.evidence && known.traffic == expected.traffic)
    }

    @Test("E3: a damaged snapshot is folded again from the facts")
    func aDamagedSnapshotIsFoldedAgainFromTheFacts() async throws {
        let store = try HistoryStore.temporary()
        defer { store.close() }
        let first = Observatory(disk: store)
        try await first.follow(Self.state)
        for batch in Self.batches(5) { _ = try await first.ingest(batch) }
        let known = await Self.look(first)
        let key = EvidenceKey(try #require(Self.state.run), of: Self.state).description
        // Garbage, and a snapshot that claims another place in the row of facts.
        for (sequence, bytes) in [(50, Array("{".utf8)), (1, []), (Int64.max, [])] {
            try store.saveEvidence(key: key, lastFact: sequence, bytes: bytes)
            let second = Observatory(disk: store)
            try await second.follow(Self.state)
            let again = await Self.look(second)
            #expect(again.evidence == known.evidence && again.traffic == known.traffic)
        }
        try await first.checkpoint()
        guard case .found(_, let bytes) = try store.loadEvidence(key: key) else {
            Issue.record("nothing was saved")
            return
        }
        try store.saveEvidence(key: key, lastFact: 7, bytes: bytes)
        let third = Observatory(disk: store)
        try await third.follow(Self.state)
        let again = await Self.look(third)
        #expect(again.evidence == known.evidence)
    }

    // The controller was down while the stage changed: the same evidence, another step's traffic.
    @Test func aSnapshotOfAnEarlierStageGoesOn() async throws {
        let store = try HistoryStore.temporary()
        defer { store.close() }
        let first = Observatory(disk: store)
        try await first.follow(Self.state)
        for batch in Self.batches(3) { _ = try await first.ingest(batch) }
        let known = await Self.look(first).evidence
        try await first.checkpoint()
        let gradual = Scene.state(advances: 2, guardrails: Self.guardrails)
        let second = Observatory(disk: store)
        try await second.follow(gradual)
        try await first.follow(gradual)
        let (one, other) = await (Self.look(first), Self.look(second))
        #expect(one.evidence == other.evidence && one.traffic == other.traffic)
        #expect(one.traffic.values.allSatisfy { $0.candidate == 0 && $0.stable == 0 })
        #expect(one.evidence.map(\.process) == known.map(\.process))
    }

    // Statistics, what breaks validity, 12: the same versions again continue the same wealth.
    @Test func aSecondRunOfTheSameVersionsContinues() async throws {
        let store = try HistoryStore.temporary()
        defer { store.close() }
        let observatory = Observatory(disk: store)
        try await observatory.follow(Self.state)
        for batch in Self.batches(2) { _ = try await observatory.ingest(batch) }
        let known = await Self.look(observatory).evidence
        let cause = Cause.superseded(summary: "the plan was edited")
        let ended = Self.state.after(.rollBack(cause), number: 4, at: Scene.start)
        try await observatory.follow(ended)
        #expect(await Self.look(observatory).evidence.isEmpty)

        guard let run = Self.state.run else { return }
        let ask = Ask(
            candidate: run.candidate, bootstrap: nil, fallback: nil, stickyBy: .requestID,
            onNewVersion: .queue, plan: run.plan, guardrails: run.guardrails,
            specDigest: Scene.digest("e"), policyDigest: run.policyDigest)
        let again = ended.after(.start(Action.Start(ask)), number: 5, at: Scene.start)
        let restarted = Observatory(disk: store)
        for one in [observatory, restarted] {
            try await one.follow(again)
            #expect(await Self.look(one).evidence.map(\.process) == known.map(\.process))
        }

        // Refused and released by a person: a new promise.
        let breach = Cause.breach(guardrail: Scene.errors.name, summary: "errors")
        let refused = again.after(.rollBack(breach), number: 6, at: Scene.start)
        let released = refused.after(
            .start(Action.Start(ask)), number: 7, at: Scene.start + .seconds(9_999))
        try await observatory.follow(refused)
        try await observatory.follow(released)
        #expect(
            await Self.look(observatory).evidence.allSatisfy {
                ($0.process.counted?.trials ?? 0) == 0
            })
    }

    @Test func onlyNewsOfFollowedRolloutsWakes() async throws {
        let store = try HistoryStore.temporary()
        defer { store.close() }
        let woken = Mutex<[Set<RolloutName>]>([])
        let observatory = Observatory(disk: store)
        await observatory.notify { names in woken.withLock { $0.append(names) } }
        let batch = try #require(Self.batches(1).first)
        _ = try await observatory.ingest(batch)
        #expect(woken.withLock { $0 }.isEmpty)
        try await observatory.follow(Self.state)
        _ = try await observatory.ingest(batch)
        #expect(woken.withLock { $0 }.isEmpty, "the same batch again is no news")
        let next = try #require(Self.batches(1, from: 1).first)
        _ = try await observatory.ingest(next)
        #expect(woken.withLock { $0 } == [[Scene.name]])
    }
}
