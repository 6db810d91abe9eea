import Foundation
import Git
import History
import Ledger
import Logging
import Reconciler
import RolloutCore
import Signals
import Synchronization
import Traffic

/// Reads and reconciles a repository of many rollouts in this process, without a network.
struct PassBenchmark {
    /// Milliseconds and KiB, in the order in which they were taken.
    struct Numbers: Encodable {
        var rollouts = 0
        var firstRead = 0.0
        /// Everything once more, with nothing known from before.
        var fullRead = 0.0
        /// After a commit that changed one file.
        var changedRead: [Double] = []
        /// The same commit again.
        var unchangedRead: [Double] = []
        /// From an empty controller to the last of all routes.
        var coldStart = 0.0
        /// From a commit that asks for another version to its decision, and to its route.
        var decided: [Double] = []
        var routed: [Double] = []
        /// A whole sync of the loop, with nothing new.
        var idleSync: [Double] = []
        /// Part of one core that a loop with nothing to do takes.
        var idleProcessor = 0.0
        var memoryBefore = 0
        var memoryOfSnapshot = 0
        var memoryOfController = 0
        var memoryPeak = 0
    }

    private let repository: GitRepository
    private let ledger: Ledger
    private let history: HistoryStore
    private let ordersPath: String

    init(repository path: String, dataDirectory: String) throws {
        repository = try GitRepository(opening: path)
        ledger = try Ledger(
            repository: repository, remote: nil, branch: "main",
            worker: RemoteWorker(executable: Executable.path), author: Self.author,
            writer: RecordWriter(name: "reader", software: Build.software))
        try FileManager.default.createDirectory(
            atPath: dataDirectory, withIntermediateDirectories: true)
        history = try HistoryStore.open(directory: dataDirectory).store
        ordersPath = dataDirectory + "/orders.json"
    }

    func run(_ repetitions: Int, idle: Duration) async throws -> Numbers {
        var numbers = Numbers()
        try await read(repetitions, &numbers)
        try await reconcile(repetitions, idle: idle, &numbers)
        numbers.memoryPeak = ProcessUsage.memory().peak
        return numbers
    }

    // MARK: Reading

    private func read(_ repetitions: Int, _ numbers: inout Numbers) async throws {
        numbers.memoryBefore = ProcessUsage.memory().now
        let tip = try await tip()
        let (first, time) = try await timed { try await Snapshot.read(ledger, at: tip, after: nil) }
        numbers.firstRead = time
        numbers.memoryOfSnapshot = ProcessUsage.memory().now
        numbers.rollouts = first.names.count
        if let problem = first.diagnostics.first {
            throw BenchmarkFailure(description: "\(problem)")
        }
        numbers.fullRead = try await timed {
            try await Snapshot.read(ledger, at: tip, after: nil)
        }.milliseconds
        var snapshot = first
        for name in first.names.sorted().prefix(repetitions) {
            let commit = try await edit(name) { $0 + "# \(UUID())\n" }
            let (next, changed) = try await timed {
                try await Snapshot.read(ledger, at: commit, after: snapshot)
            }
            guard next.changed == [name] else {
                throw BenchmarkFailure(description: "\(name) changed, seen: \(next.changed)")
            }
            let (same, unchanged) = try await timed {
                try await Snapshot.read(ledger, at: commit, after: next)
            }
            numbers.changedRead.append(changed)
            numbers.unchangedRead.append(unchanged)
            snapshot = same
        }
    }

    // MARK: The loop

    private func reconcile(
        _ repetitions: Int, idle: Duration, _ numbers: inout Numbers
    ) async throws {
        let region = try RegionName("eu-west")
        let (stream, continuation) = AsyncStream.makeStream(
            of: (at: ContinuousClock.Instant, event: ControllerEvent).self)
        let reconciler = try Reconciler(
            ledger: ledger, disk: history, observatory: Observatory(disk: history),
            routers: [RouterName("gateway"): EmbeddedGatewayRouter(tables: [region: .instant])],
            clock: WallClock.controller, configuration: .init(), ordersPath: ordersPath,
            log: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() },
            report: { continuation.yield((.now, $0)) })
        var events = stream.makeAsyncIterator()

        let start = ContinuousClock.now
        try await reconciler.restore()
        await reconciler.sync()
        let loop = Task { await reconciler.run() }
        // A router that is asked while it is told may be told twice.
        var routed: Set<RolloutName> = []
        while routed.count < numbers.rollouts, let (_, event) = await events.next() {
            if case .applied = event.what { routed.insert(event.rollout) }
        }
        numbers.coldStart = (.now - start).milliseconds
        numbers.memoryOfController = ProcessUsage.memory().now

        let before = ProcessUsage.processorMilliseconds()
        try await Task.sleep(for: idle)
        numbers.idleProcessor =
            (ProcessUsage.processorMilliseconds() - before) / idle.milliseconds
        for _ in 0..<100 {
            numbers.idleSync.append(try await timed { await reconciler.sync() }.milliseconds)
        }

        for name in await reconciler.status().rollouts.map(\.rollout).prefix(repetitions) {
            _ = try await edit(name) {
                $0.replacingOccurrences(of: "version: 1.0.0", with: "version: 2.0.0")
            }
            let committed = ContinuousClock.now
            await reconciler.sync()
            var isDecided = false
            while let (at, event) = await events.next() {
                guard event.rollout == name, at > committed else { continue }
                if case .looked = event.what, !isDecided {
                    numbers.decided.append((at - committed).milliseconds)
                    isDecided = true
                }
                if case .trouble(let text) = event.what {
                    throw BenchmarkFailure(description: text)
                }
                guard case .applied(let route) = event.what, route.share > .zero else { continue }
                numbers.routed.append((at - committed).milliseconds)
                break
            }
        }
        loop.cancel()
        await loop.value
        history.close()
    }

    // MARK: Commits

    private static var author: CommitAuthor {
        get throws { try CommitAuthor(name: "bench", email: "bench@localhost") }
    }

    private func tip() async throws -> ObjectID {
        guard let tip = try await ledger.trustedTip() else {
            throw BenchmarkFailure(description: "the repository has no branch main")
        }
        return tip
    }

    /// Commits a change of one spec.
    private func edit(
        _ name: RolloutName, _ change: (String) -> String
    ) async throws -> ObjectID {
        let path = "rollouts/\(name)/rollout.yaml"
        // The loop may be committing a record at this moment.
        for _ in 0..<10 {
            let base = try await tip()
            guard let entry = try await repository.entry(at: path, in: base) else { break }
            let bytes = try await repository.blob(entry.id, limitBytes: 1 << 20)
            let text = change(String(decoding: bytes, as: UTF8.self))
            let result = try? await repository.commit(
                onto: base, changes: [path: Array(text.utf8)], message: "change \(name)",
                author: Self.author, at: WallClock.now().milliseconds,
                updating: .branch("main"), expecting: base)
            if case .committed(let commit)? = result { return commit }
        }
        throw BenchmarkFailure(description: "\(path) cannot be changed")
    }

    private func timed<Value>(
        _ work: () async throws -> Value
    ) async throws -> (value: Value, milliseconds: Double) {
        let start = ContinuousClock.now
        let value = try await work()
        return (value, (.now - start).milliseconds)
    }
}

private struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String
}

extension EmbeddedGatewayRouter.Table {
    /// A router that takes everything at once, so that only the controller's own time is measured.
    fileprivate static var instant: EmbeddedGatewayRouter.Table {
        let served = InstantTable()
        return EmbeddedGatewayRouter.Table(
            read: { served.routes.withLock { $0 } },
            apply: { route, _ in
                served.routes.withLock { $0[route.rollout] = route }
                return .success(route)
            },
            withdraw: { rollout, _ in
                served.routes.withLock { $0[rollout] = nil }
                return .success(())
            })
    }

    private final class InstantTable: Sendable {
        let routes = Mutex<[RolloutName: Route]>([:])
    }
}

extension Duration {
    fileprivate var milliseconds: Double { self / .milliseconds(1) }
}
