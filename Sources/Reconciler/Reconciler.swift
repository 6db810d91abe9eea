import Git
package import History
package import Ledger
package import Logging
package import RolloutCore
package import Signals
package import Traffic

/// Drives every rollout towards what its decisions say: read, observe, decide, record, apply.
///
/// Level, not edge: a pass looks at everything and needs no event to have arrived, so lost, doubled
/// or reordered wake-ups and a cold start are one case.
package actor Reconciler {
    package struct Configuration: Sendable {
        /// How many times faster soaking goes than time does.
        package var timeScale: Int64 = 1
        /// Between two looks at what every router serves.
        package var routerInterval = TimeSpan.seconds(10)
        /// The longest time between two passes of a rollout that waits for evidence.
        package var lookInterval = TimeSpan.seconds(5)
        /// How long ago git may have been asked for anything to be raised on what it said. Above what a
        /// few polls take, also where each fetch ends just before its deadline.
        package var syncMaxAge = TimeSpan.seconds(120)
        package var heartbeat = TimeSpan.seconds(1)
        package var checkpointInterval = TimeSpan.seconds(5)
        /// How long observations and their facts are kept.
        package var retention = TimeSpan.seconds(30 * 86_400)
        /// Signs that somebody approved by the page; `nil` takes no such approvals.
        package var signPageAnswer:
            (@Sendable (Approval, _ principal: String, Timestamp) throws -> SeenApproval)?
        /// Called after every effect, for tests that kill the process there.
        package var afterEffect: @Sendable (String) -> Void = { _ in }

        package init() {}
    }

    let ledger: Ledger
    let disk: any ControllerDisk
    let observatory: Observatory
    let routers: [RouterName: any TrafficRouter]
    let clock: ControllerClock
    let configuration: Configuration
    let log: Logger
    let report: @Sendable (ControllerEvent) -> Void

    var rollouts: [RolloutName: LiveRollout] = [:]
    var snapshot: Snapshot?
    var halted: String? = "the repository has not been read yet"
    var syncedAt: Timestamp?
    /// When git was asked for what is known here, by the monotonic clock. Where the answer was no use,
    /// `halted` says so.
    private var askedAt: Int64?
    /// Rollouts to look at now, and those to look at later, with their steady times: no pass touches
    /// any other.
    var due: Set<RolloutName> = []
    var timers: [RolloutName: Int64] = [:]
    var localOrders: LocalOrders
    var pageApprovals: PageApprovals
    private var clockWatch = ClockWatch()
    private var steadyBase: Int64 = 0
    private var monotonicBase: Int64 = 0
    private let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation

    /// - Parameter ordersPath: where orders that people give here are kept.
    /// - Throws: when that file exists and cannot be read.
    package init(
        ledger: Ledger, disk: any ControllerDisk, observatory: Observatory,
        routers: [RouterName: any TrafficRouter], clock: ControllerClock,
        configuration: Configuration, ordersPath: String, log: Logger,
        report: @escaping @Sendable (ControllerEvent) -> Void
    ) throws {
        self.ledger = ledger
        self.disk = disk
        self.observatory = observatory
        self.routers = routers
        self.clock = clock
        self.configuration = configuration
        self.log = log
        self.report = report
        localOrders = try LocalOrders(path: ordersPath)
        pageApprovals = try PageApprovals(path: ordersPath + ".approvals")
        // The newest wake-up is enough: it carries no data.
        (bell, ring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: Waking

    /// Makes the loop look now. May be called from anywhere, any number of times.
    package nonisolated func wake() { ring.yield() }

    /// Marks rollouts whose evidence has changed, and wakes the loop.
    package func evidenceChanged(_ names: Set<RolloutName>) {
        due.formUnion(names)
        wake()
    }

    var steadyNow: Int64 { steadyBase + (clock.monotonic() - monotonicBase) }
    var clockIsSteady: Bool { clockWatch.isSteady }

    // MARK: Starting

    /// Takes up what an earlier life left behind: steady time, and steps that git never heard of.
    package func restore() async throws {
        monotonicBase = clock.monotonic()
        steadyBase = try disk.steadyElapsed()
        let pending = try disk.steps.pending()
        for id in pending.damaged {
            log.error("journal entry is damaged; look at the routers", metadata: ["id": "\(id)"])
        }
        for entry in pending.entries {
            guard var draft = try? DraftFile.read(entry.bytes) else {
                log.error("journal entry cannot be read", metadata: ["id": "\(entry.id)"])
                continue
            }
            draft.late = draft.late ?? "the controller was restarted before it was recorded"
            if let bytes = entry.readBack { draft.readBack = try? DraftFile.readBack(bytes) }
            let live = rollouts[draft.rollout] ?? LiveRollout(draft.input.state)
            rollouts[draft.rollout] = live
            rollouts[draft.rollout]?.taken.append(draft)
        }
        await observatory.notify { [weak self] names in
            Task { await self?.evidenceChanged(names) }
        }
        // What is known here is enough to lower on; a remote that hangs must not hold that up.
        // A repository that cannot be read must not keep the controller from starting.
        do {
            guard let tip = try await ledger.trustedTip() else { return }
            await read(Ledger.Sync(tip: tip, halted: "the git remote has not been asked yet"), tip)
        } catch {
            let reason = "the local repository cannot be read: \(error)"
            await take(Ledger.Sync(tip: nil, halted: reason), nil)
        }
    }

    /// Asks the remote what is new, and reads it.
    ///
    /// Never called from a pass: a remote that hangs must not hold up a step back.
    package func sync() async {
        let (sync, asked) = await ledger.sync(at: clock.monotonic)
        guard let tip = sync.tip else { return await take(sync, nil, asked: asked) }
        await read(sync, tip, asked: asked)
    }

    /// Why nothing may be raised on what git said last; `nil` while it was asked a moment ago. A process
    /// that was stopped for minutes does not know what others have recorded meanwhile (hazard B2).
    var staleness: String? {
        let age = askedAt.map { clock.monotonic() - $0 } ?? .max
        return age <= configuration.syncMaxAge.milliseconds
            ? nil : "git was not asked for longer than \(configuration.syncMaxAge.spoken)"
    }

    /// Reads a commit. One that cannot be read changes nothing but that increases wait.
    private func read(_ sync: Ledger.Sync, _ tip: ObjectID, asked: Int64? = nil) async {
        do {
            let now = try await Snapshot.read(ledger, at: tip, after: snapshot)
            await take(sync, now, asked: asked)
            // If not this time, then the next.
            if now.isClean { try? await ledger.keepClean(tip) }
        } catch {
            let reason = "the repository cannot be read: \(error)"
            await take(Ledger.Sync(tip: tip, halted: reason), nil, asked: asked)
        }
    }

    /// Takes over what the repository holds now.
    private func take(_ sync: Ledger.Sync, _ snapshot: Snapshot?, asked: Int64? = nil) async {
        if sync.halted != nil { halt(sync.halted) }
        if let snapshot { await take(snapshot) }
        // Raises wait until all news has been taken over, of every rollout.
        if staleness != nil { due.formUnion(rollouts.keys) }
        askedAt = asked ?? askedAt
        halt(sync.halted)
        syncedAt = clock.now()
        for (name, live) in rollouts where !live.taken.isEmpty { due.insert(name) }
        wake()
    }

    private func halt(_ reason: String?) {
        guard halted != reason else { return }
        halted = reason
        // It bears upon every rollout, and none of them has changed by itself.
        due.formUnion(rollouts.keys)
        if let reason {
            log.warning("increases are halted", metadata: ["reason": "\(reason)"])
        }
    }

    private func take(_ snapshot: Snapshot) async {
        let isFirst = self.snapshot == nil
        self.snapshot = snapshot
        let changed = isFirst ? snapshot.names.union(rollouts.keys) : snapshot.changed
        for name in changed.sorted() {
            var live = rollouts[name] ?? LiveRollout(RolloutState(name: name))
            live.requested = snapshot.rollouts[name]
            switch snapshot.recorded[name] {
            case nil: break
            case .damaged(let problem): live.damaged = problem
            case .state(let state):
                live.damaged = nil
                // What git did not take may fit onto what it has now. Until it is there, it explains no
                // router to another controller, which would correct that.
                if state.decisions > live.recorded.decisions { live.retryAt = nil }
                // A snapshot may have been read before the newest record was acknowledged.
                if state.decisions >= live.recorded.decisions { live.recorded = state }
            }
            rollouts[name] = live
            due.insert(name)
            await chooseRouter(of: name)
            await follow(name)
        }
    }

    /// Moves the evidence of a rollout on to its effective state.
    func follow(_ name: RolloutName) async {
        guard let state = rollouts[name]?.effective else { return }
        do {
            try await observatory.follow(state)
            if let unread = rollouts[name]?.unread, rollouts[name]?.trouble == unread {
                rollouts[name]?.trouble = nil
            }
            rollouts[name]?.unread = nil
        } catch {
            rollouts[name]?.unread = "\(error)"
            rollouts[name]?.trouble = "\(error)"
        }
    }

    // MARK: The loop

    /// Runs until the task is cancelled; the pass that is under way ends first.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                await self.tick(every: self.configuration.heartbeat) { $0.beat() }
            }
            group.addTask {
                await self.tick(every: self.configuration.routerInterval) {
                    await $0.readRouters()
                }
            }
            group.addTask {
                await self.tick(every: self.configuration.checkpointInterval) {
                    await $0.checkpoint()
                }
            }
            group.addTask { await self.maintain() }
            await readRouters()
            for await _ in bell {
                if Task.isCancelled { break }
                for name in takeDue() { group.addTask { await self.pass(name) } }
            }
            group.cancelAll()
        }
        // What was watched since the last beat counts after a restart too.
        beat()
    }

    private nonisolated func tick(
        every interval: TimeSpan, _ work: @Sendable (isolated Reconciler) async -> Void
    ) async {
        while !Task.isCancelled {
            do {
                try await clock.sleep(interval)
            } catch {
                ring.finish()
                return
            }
            await work(self)
        }
    }

    private func beat() {
        let wasSteady = clockIsSteady
        if !clockWatch.look(clock) { log.warning("the wall clock jumped; increases wait") }
        if wasSteady != clockIsSteady { due.formUnion(rollouts.keys) }
        do {
            try disk.heartbeat(elapsed: steadyNow)
        } catch {
            log.error("the heartbeat cannot be written", metadata: ["error": "\(error)"])
        }
        wake()
    }

    private func checkpoint() async {
        do {
            try await observatory.checkpoint()
        } catch {
            log.error("evidence cannot be saved", metadata: ["error": "\(error)"])
        }
    }

    /// The rollouts that have something to look at now, in the order of their names.
    private func takeDue() -> [RolloutName] {
        let now = steadyNow
        for (name, at) in timers where at <= now {
            timers[name] = nil
            due.insert(name)
        }
        let ready = due.filter { rollouts[$0]?.isPassing == false }
        due.subtract(ready)
        return ready.sorted()
    }
}
