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

/// One machine that a controller runs on, with what outlives the process: disk, clone and clock.
final class ControllerHost: Sendable {
    let place: Int
    let scheduler: Scheduler
    let remote: SimulatedRemote
    let routers: SimulatedRouters
    private let key: PrivateKey
    private let folder: String
    private let mayLosePower: Bool
    private let state: Mutex<State>
    private let fate: Life.Fate
    /// Told of what its disk takes in.
    private let stored: @Sendable ([Fact]) -> Void

    private struct State {
        var disk: SimulatedDisk
        var clone = Clone()
        var clockOffset: Int64 = 0
        var process: Process?
        var lives = 0
        var pausedUntil: Int64 = 0
        var partition = Partition()
        /// What disks held that were lost.
        var lost: [(id: String, rollout: RolloutName, at: Int64)] = []
    }

    /// What this machine cannot reach while others may.
    struct Partition: Sendable {
        var isWithoutGit = false
        /// Fetches show it the branch as it was.
        var oldTip: ObjectID?
        var regions: Set<RegionName> = []
        var isWithoutTraffic = false
    }

    /// A controller that runs.
    struct Process: Sendable {
        let life: Life
        let reconciler: Reconciler
        let observatory: Observatory
        let journal: MountedJournal
        let tasks: [Task<Void, Never>]
    }

    init(
        place: Int, scheduler: Scheduler, remote: SimulatedRemote, routers: SimulatedRouters,
        key: PrivateKey, folder: String, mayLosePower: Bool,
        stored: @escaping @Sendable ([Fact]) -> Void, fate: @escaping Life.Fate
    ) {
        self.place = place
        self.scheduler = scheduler
        self.remote = remote
        self.routers = routers
        self.key = key
        self.folder = folder
        self.fate = fate
        self.stored = stored
        self.mayLosePower = mayLosePower
        state = Mutex(State(disk: SimulatedDisk(mayLosePower: mayLosePower)))
        // Worlds of one process share a folder: what an earlier one left there is none of ours.
        removeFiles()
    }

    var process: Process? { state.withLock { $0.process } }
    var disk: SimulatedDisk { state.withLock { $0.disk } }

    /// Every backward step that was ever synced here, on disks that were lost too.
    var everAppended: [(id: String, rollout: RolloutName, at: Int64)] {
        let (lost, disk) = state.withLock { ($0.lost, $0.disk) }
        return lost + disk.appended
    }

    /// Steady time of a machine goes on while no process runs.
    private var clock: ControllerClock {
        ControllerClock(
            now: { [self] in
                Timestamp(
                    milliseconds: Self.epoch + scheduler.now + state.withLock { $0.clockOffset })
            },
            monotonic: { [scheduler] in scheduler.now },
            sleep: { [self] span in
                try await scheduler.sleep(span)
                await waitOutPause()
            })
    }

    static let epoch: Int64 = 1_790_000_000_000

    // MARK: What befalls the machine

    var partition: Partition { state.withLock { $0.partition } }

    func change(_ body: (inout Partition) -> Void) { state.withLock { body(&$0.partition) } }

    func jumpClock(by milliseconds: Int64) { state.withLock { $0.clockOffset += milliseconds } }

    /// Somebody sets the clock right.
    func setClock() { state.withLock { $0.clockOffset = 0 } }

    /// Stops the process where it waits, as SIGSTOP or a moved machine does.
    func pause(for span: TimeSpan) {
        state.withLock {
            $0.pausedUntil = max($0.pausedUntil, scheduler.now + span.milliseconds)
        }
    }

    var isPaused: Bool { state.withLock { $0.pausedUntil } > scheduler.now }

    func waitOutPause() async {
        let rest = state.withLock { $0.pausedUntil } - scheduler.now
        if rest > 0 { await scheduler.wait(TimeSpan(milliseconds: rest)) }
    }

    func loseDisk() {
        removeFiles()
        state.withLock {
            $0.lost += $0.disk.appended
            $0.disk = SimulatedDisk(mayLosePower: mayLosePower)
            $0.clone = Clone()
        }
    }

    /// People gave up a part of history. What was once found to be controllers' work stays known.
    func acceptHistory() {
        state.withLock { state in
            let clean = try? ReferenceName(Ledger.clean)
            let kept = clean.flatMap { state.clone[$0] }
            state.clone = Clone()
            if let clean { state.clone[clean] = kept }
        }
    }

    // MARK: The process

    private var ordersPath: String { "\(folder)/orders-\(place).json" }

    private func removeFiles() {
        try? FileManager.default.removeItem(atPath: ordersPath)
        try? FileManager.default.removeItem(atPath: ordersPath + ".approvals")
    }

    func start() throws {
        guard process == nil else { return }
        let (number, disk, clone) = state.withLock { state in
            state.lives += 1
            return (state.lives, state.disk, state.clone)
        }
        let life = Life(controller: place, number: number, fate: fate) { [weak self] in
            self?.crash(downFor: .seconds(20))
        }
        let mounted = MountedDisk(disk, life: life, scheduler: scheduler, stored: stored)
        let observatory = Observatory(disk: mounted)
        let reconciler = try Reconciler(
            ledger: Ledger(
                repository: MemoryRepository(objects: remote.objects, clone: clone, life: life),
                remote: SimulatedBranch(remote: remote, clone: clone, life: life, host: self),
                branch: "main",
                author: CommitAuthor(name: "gatewright", email: ProjectText.controllerName),
                writer: RecordWriter(name: ProjectText.controllerName, software: "simulation"),
                key: key, parse: ParsedFiles.shared.parse, records: ReadRecords.shared.decoder),
            disk: mounted, observatory: observatory,
            routers: [
                Names.router: ReachedRouters(routers: routers, life: life, host: self)
            ], clock: clock, configuration: Self.configuration, ordersPath: ordersPath,
            log: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }, report: { _ in })
        let loop = Task { [self] in
            do {
                try await reconciler.restore()
            } catch {
                // A supervisor starts it again.
                if !life.isDead { crash(downFor: .seconds(10)) }
                return
            }
            await reconciler.sync()
            await reconciler.run()
        }
        let poll = Task { [scheduler] in
            while !Task.isCancelled, !life.isDead {
                do { try await scheduler.sleep(Self.pollInterval) } catch { return }
                await waitOutPause()
                await reconciler.sync()
            }
        }
        let process = Process(
            life: life, reconciler: reconciler, observatory: observatory, journal: mounted.journal,
            tasks: [loop, poll])
        state.withLock { $0.process = process }
    }

    private static let pollInterval = TimeSpan.seconds(15)

    private static var configuration: Reconciler.Configuration {
        var configuration = Reconciler.Configuration()
        configuration.syncMaxAge = Witness.newsTravels
        configuration.heartbeat = .seconds(15)
        configuration.routerInterval = .seconds(20)
        configuration.lookInterval = .seconds(20)
        configuration.checkpointInterval = .seconds(120)
        return configuration
    }

    /// Ends the process at once; a supervisor starts it again after a while.
    func crash(downFor span: TimeSpan) {
        let process = state.withLock { state in
            defer { state.process = nil }
            return state.process
        }
        process?.life.end()
        for task in process?.tasks ?? [] { task.cancel() }
        scheduler.after(span) { [weak self] in try? self?.start() }
    }

    /// Ends the process for good.
    func retire() {
        let process = state.withLock { state in
            defer { state.process = nil }
            return state.process
        }
        process?.life.end()
        for task in process?.tasks ?? [] { task.cancel() }
    }

    /// Gives the controller what the gateways tell.
    func deliver(_ batch: [Observation]) async {
        guard let process, !partition.isWithoutTraffic else { return }
        await waitOutPause()
        _ = try? await process.observatory.ingest(batch)
    }
}
