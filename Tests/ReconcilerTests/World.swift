import Foundation
import Git
import History
import Identity
import Ledger
import Logging
import Reconciler
import RolloutCore
import Signals
import Synchronization

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Two clocks that go only when a test says so.
final class TestClock: Sendable {
    private let times = Mutex((wall: Int64(1_790_000_000_000), monotonic: Int64(5_000)))

    var controller: ControllerClock {
        ControllerClock(
            now: { Timestamp(milliseconds: self.times.withLock { $0.wall }) },
            monotonic: { self.times.withLock { $0.monotonic } })
    }

    var now: Timestamp { controller.now() }

    func pass(seconds: Int64) {
        times.withLock {
            $0.wall += seconds * 1_000
            $0.monotonic += seconds * 1_000
        }
    }

    /// Somebody sets the clock on the wall.
    func jump(seconds: Int64) { times.withLock { $0.wall += seconds * 1_000 } }
}

/// What outlives a controller: git, its disk, the routers and the time.
final class World: Sendable {
    let folder: String
    let clock = TestClock()
    let router: FakeRouter
    /// What was seen at the moments at which a router was told something.
    let seen: Sightings

    static let name: RolloutName = id("selector")
    static let eu: RegionName = id("eu")
    static let us: RegionName = id("us")

    static func id<Subject>(_ text: String) -> Identifier<Subject> {
        guard let name = try? Identifier<Subject>(text) else { preconditionFailure(text) }
        return name
    }

    /// Signs the records of its controllers; `nil` leaves them unsigned.
    let key: PrivateKey?

    init(
        soak: String = "10s", router named: String = "gateway", extra: [String: String] = [:],
        key: PrivateKey? = nil, author: PrivateKey? = nil
    ) async throws {
        self.key = key
        let folder =
            FileManager.default.temporaryDirectory.path + "/gatewright-loop-" + UUID().uuidString
        let seen = Sightings()
        self.folder = folder
        self.seen = seen
        router = FakeRouter { asked, served in await seen.look(asked, served) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        _ = try GitRepository(openingOrCreatingBareAt: folder + "/main.git")
        try await commit(
            Self.files(soak: soak, router: named).merging(extra) { $1 }, signedBy: author)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// What a person does.
    func commit(
        _ files: [String: String?], signedBy key: PrivateKey? = nil,
        author: String = "ana@example.org"
    ) async throws {
        let repository = try GitRepository(opening: folder + "/main.git")
        let main = try ReferenceName("refs/heads/main")
        let tip = try await repository.resolve(main)
        var sign: (@Sendable ([UInt8]) throws -> String)?
        if let key { sign = { try SignedCommit.sign($0, by: key) } }
        _ = try await repository.commit(
            onto: tip, changes: files.mapValues { $0.map { Array($0.utf8) } }, message: "work\n",
            author: CommitAuthor(name: "Somebody", email: author), at: 1_700_000_000_000,
            updating: main, expecting: tip, signature: sign)
    }

    /// A file on the branch.
    func text(of path: String) async throws -> String {
        let repository = try GitRepository(opening: folder + "/main.git")
        guard let tip = try await repository.resolve(try ReferenceName("refs/heads/main")),
            let entry = try await repository.entry(at: path, in: tip)
        else { throw Trouble("there is no \(path)") }
        return String(
            decoding: try await repository.blob(entry.id, limitBytes: 1 << 20), as: UTF8.self)
    }

    /// Keeps every record out of git until it is unlocked again.
    func lockGit(_ isLocked: Bool) throws {
        let path = folder + "/main.git/refs/heads/main.lock"
        if isLocked {
            try Data().write(to: URL(fileURLWithPath: path))
        } else {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    func ledger() throws -> Ledger {
        try Ledger(
            repository: GitRepository(opening: folder + "/main.git"), remote: nil, branch: "main",
            worker: RemoteWorker(executable: "/bin/false"),
            author: CommitAuthor(name: "gatewright", email: "gatewright@example.org"),
            writer: RecordWriter(name: "test", software: "gatewright test"), key: key)
    }

    /// The kinds of all recorded decisions; their chain is checked too.
    func recorded() async throws -> [String] {
        let ledger = try ledger()
        guard let tip = await ledger.sync().tip else { return [] }
        let problems = try await ledger.verify(Self.name, at: tip)
        guard problems.isEmpty else { throw Trouble(problems.joined(separator: "; ")) }
        return try await ledger.decisions(of: Self.name, at: tip).map(\.record.kind)
    }

    func newestRecord() async throws -> DecisionRecord? {
        let ledger = try ledger()
        guard let tip = await ledger.sync().tip else { return nil }
        return try await ledger.decisions(of: Self.name, at: tip).last?.record
    }

    static func files(soak: String, router: String) -> [String: String?] {
        var files: [String: String?] = [
            "policies/guardrails/health.yaml": """
            apiVersion: gatewright.dev/v1
            kind: Guardrails
            metadata: {name: health}
            spec:
              falseRollbackRate: 1%
              guardrails:
                - {name: errors, metric: errors, atMost: 5%, onBreach: rollback, maxSilent: 1d}

            """,
            "rollouts/selector/rollout.yaml": """
            apiVersion: gatewright.dev/v1
            kind: Rollout
            metadata: {name: selector, description: A test, owners: [team]}
            spec:
              version: 2.0.0
              bootstrap: 1.0.0
              regions: [eu, us]
              router: \(router)
              signals: [gateway]
              stickyBy: header:x-user-id
              guardrails: [health]
              stages:
                - {stage: shadow, share: 100%, soak: \(soak)}
                - {stage: canary, share: 5%, soak: \(soak)}
                - {stage: gradual, shares: [50%, 100%], soak: \(soak)}
                - {stage: full, bake: \(soak)}

            """,
        ]
        for (version, digit) in [("1.0.0", "1"), ("2.0.0", "2")] {
            files["rollouts/selector/versions/\(version).yaml"] = """
                apiVersion: gatewright.dev/v1
                kind: ModelVersion
                metadata: {model: selector, version: \(version)}
                spec:
                  artifact:
                    uri: "https://models.example/selector/\(version).json"
                    sha256: "\(String(repeating: digit, count: 64))"
                    size: 1MB
                  format: xgboost-json
                  serving:
                    protocol: oip-v2
                    endpoints: {eu: "http://127.0.0.1:9000", us: "http://127.0.0.1:9001"}

                """
        }
        return files
    }
}

/// What the journal and git held whenever a router was told something.
final class Sightings: Sendable {
    struct Sighting: Sendable {
        let asked: Route
        let raises: Bool
        let lowers: Bool
        /// The newest generation that git had.
        let recorded: Int
        /// Steps in the journal that git has not heard of.
        let journalled: Int
    }

    private let list = Mutex<[Sighting]>([])
    private let witness = Mutex<(ledger: Ledger, history: HistoryStore)?>(nil)

    var all: [Sighting] { list.withLock { $0 } }

    func watch(_ ledger: Ledger, _ history: HistoryStore) {
        witness.withLock { $0 = (ledger, history) }
    }

    func look(_ asked: Route, _ served: Route?) async {
        guard let (ledger, history) = witness.withLock({ $0 }) else { return }
        var generation = 0
        if let tip = try? await ledger.trustedTip() {
            generation =
                (try? await ledger.currentState(of: asked.rollout, at: tip).state.generation) ?? 0
        }
        let sighting = Sighting(
            asked: asked, raises: served.map { asked.exposes(moreThan: $0) } ?? false,
            lowers: served.map { $0.exposes(moreThan: asked) } ?? false, recorded: generation,
            journalled: (try? history.journal.pending().entries.count) ?? 0)
        list.withLock { $0.append(sighting) }
    }
}
