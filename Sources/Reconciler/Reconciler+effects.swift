import Git
package import History
package import Ledger
import Logging
import RolloutCore
import Traffic

// The order of effects. Forward: record, acknowledge, then routers. Backward: journal, routers,
// then record. Every line here has a crash test beside it.
extension Reconciler {
    // MARK: Forward

    /// Sends a decision to git. Nothing is raised before it is acknowledged there; then the next
    /// pass finds the routers owed, and decides once more with what is known by then.
    func startRecording(_ name: RolloutName, _ draft: DecisionDraft) {
        rollouts[name]?.isRecording = true
        let clean = snapshot?.clean(name)
        Task {
            let outcome = await ledger.record(draft, taken: false, since: clean)
            await recorded(name, draft, outcome)
        }
    }

    private func recorded(
        _ name: RolloutName, _ draft: DecisionDraft, _ outcome: Ledger.Outcome
    ) async {
        rollouts[name]?.isRecording = false
        switch outcome {
        case .acknowledged(let record, let state, let commit):
            configuration.afterEffect("acknowledged")
            rollouts[name]?.confirmation = Confirmation(
                decision: record.number, acknowledgedAt: clock.now())
            await settle(name, record, state, commit: commit.hex)
        case .alreadyRecorded, .overtaken:
            // Fetch and decide again: what was decided was not done.
            rollouts[name]?.trouble = nil
            guard await hasNews() else { return postpone(name, Self.unseen) }
        case .refused(let text):
            postpone(name, "the record was refused: \(text); nothing was raised")
            return
        case .unknown(let text):
            postpone(name, "the record may not have arrived: \(text); nothing was raised")
            await sync()
            return
        }
        due.insert(name)
        wake()
    }

    private func settle(
        _ name: RolloutName, _ record: DecisionRecord, _ state: RolloutState, commit: String
    ) async {
        rollouts[name]?.recorded = state
        rollouts[name]?.failures = 0
        rollouts[name]?.retryAt = nil
        rollouts[name]?.trouble = nil
        await follow(name)
        send(
            name,
            .recorded(
                number: record.number, kind: record.kind, subject: record.subject, commit: commit))
        log.info("\(record.subject)", metadata: ["decision": "\(record.number)"])
        do {
            try disk.record(DecisionEntry(record, commit: commit))
        } catch {
            log.warning("the index misses a decision; run reindex", metadata: ["error": "\(error)"])
        }
    }

    /// Whether a record may be tried now, after as many failures as there were.
    func mayTry(_ live: LiveRollout) -> Bool {
        guard let retryAt = live.retryAt, steadyNow < retryAt else { return true }
        timers[live.recorded.name] = retryAt
        return false
    }

    private func postpone(_ name: RolloutName, _ trouble: String) {
        let failures = (rollouts[name]?.failures ?? 0) + 1
        rollouts[name]?.failures = failures
        rollouts[name]?.trouble = trouble
        // 1 s, 2 s, … 64 s.
        let wait = TimeSpan.seconds(Int64(1) << min(failures - 1, 6))
        let retryAt = steadyNow + wait.milliseconds
        rollouts[name]?.retryAt = retryAt
        timers[name] = retryAt
        log.warning("\(trouble)", metadata: ["rollout": "\(name)"])
        send(name, .trouble(trouble))
    }

    // MARK: Backward

    /// Takes a step back at once: on disk, at the routers, and only then to git.
    func lower(_ name: RolloutName, _ draft: DecisionDraft) async {
        var draft = draft
        do {
            try disk.steps.append(
                JournalEntry(
                    id: draft.id, rollout: name, bytes: try DraftFile.bytes(draft),
                    at: draft.input.now))
        } catch {
            // Lowering comes first: without a journal a crash before the record would forget why.
            log.critical("the journal cannot be written", metadata: ["error": "\(error)"])
            rollouts[name]?.trouble = "the journal cannot be written: \(error)"
        }
        configuration.afterEffect("journalled")
        rollouts[name]?.taken.append(draft)
        send(name, .lowered(kind: draft.action.kind, reason: draft.reason))
        guard let live = rollouts[name] else { return }
        let state = live.effective
        if draft.action.changesRoutes {
            // A step back gives nobody more: a region that somebody holds lower stays there until
            // the evidence says otherwise.
            _ = await apply(
                name, state.routes.filter { !isElsewhere($0.key, live) }, onlyLowering: true)
        }
        await follow(name)
        draft.readBack = rollouts[name]?.found.filter { state.routes[$0.key] != nil }
        if let index = rollouts[name]?.taken.firstIndex(where: { $0.id == draft.id }) {
            rollouts[name]?.taken[index] = draft
        }
        if let readBack = draft.readBack, let bytes = try? DraftFile.bytes(readBack) {
            try? disk.steps.markRouted(draft.id, readBack: bytes)
        }
        startRecordingTaken(name)
    }

    /// Records the oldest step that was taken. Tried again for ever: it is a fact.
    func startRecordingTaken(_ name: RolloutName) {
        guard let live = rollouts[name], !live.isRecording, mayTry(live),
            let draft = live.taken.first
        else { return }
        // Nothing is put onto a state that somebody else wrote.
        if let damage = live.damaged { return owe(name, draft, damage) }
        rollouts[name]?.isRecording = true
        let clean = snapshot?.clean(name)
        Task {
            let outcome = await ledger.record(draft, taken: true, since: clean)
            await recordedTaken(name, draft, outcome)
        }
    }

    private func recordedTaken(
        _ name: RolloutName, _ draft: DecisionDraft, _ outcome: Ledger.Outcome
    ) async {
        rollouts[name]?.isRecording = false
        switch outcome {
        case .acknowledged(let record, let state, let commit):
            configuration.afterEffect("recorded")
            forget(name, draft, number: record.number, commit: commit.hex)
            await settle(name, record, state, commit: commit.hex)
        case .alreadyRecorded(let state):
            forget(name, draft, number: state.decisions, commit: "")
            rollouts[name]?.recorded = state
            await follow(name)
        case .overtaken:
            // While increases are halted nobody was faster: the branch is not where it was left, and
            // nothing fits onto it.
            let isNew = halted == nil ? await hasNews() : false
            if let halted { return owe(name, draft, halted) }
            if !isNew { return owe(name, draft, Self.unseen) }
        case .refused(let text), .unknown(let text):
            return owe(name, draft, text)
        }
        due.insert(name)
        wake()
    }

    private static let unseen =
        "another commit was pushed first, and the remote does not show it yet"

    /// Whether a fetch brings what was pushed first. A server that goes on showing an old branch
    /// would otherwise be asked again without a pause.
    private func hasNews() async -> Bool {
        let before = snapshot?.commit
        await sync()
        return snapshot?.commit != before
    }

    private func owe(_ name: RolloutName, _ draft: DecisionDraft, _ reason: String) {
        postpone(name, "the step back is not recorded yet: \(reason)")
        if let index = rollouts[name]?.taken.firstIndex(where: { $0.id == draft.id }) {
            rollouts[name]?.taken[index].late = reason
        }
    }

    private func forget(_ name: RolloutName, _ draft: DecisionDraft, number: Int, commit: String) {
        rollouts[name]?.taken.removeAll { $0.id == draft.id }
        do {
            try disk.steps.markRecorded(draft.id, decision: number, commit: commit)
        } catch {
            // It is tried again after a restart, and found to be recorded.
            log.warning("a journal entry stays open", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Routers

    /// Brings the routers of a rollout to these routes, all regions at once.
    ///
    /// - Parameter onlyLowering: a region that serves less goes on with that, behind a fence. Its
    ///   router sees to that: what was found here may be from before a pause of this process (B2, D8).
    /// - Returns: whether any router was changed or learnt about.
    func apply(
        _ name: RolloutName, _ wanted: [RegionName: Route], onlyLowering: Bool = false
    ) async -> Bool {
        guard let router = router(of: name) else {
            rollouts[name]?.trouble = Self.noRouter
            return false
        }
        let routes = wanted.filter { region, route in
            rollouts[name]?.found[region] != .serving(route)
        }
        let results = await withTaskGroup(of: (RegionName, RouteReadBack).self) { group in
            for (region, route) in routes.sorted(by: { $0.key < $1.key }) {
                group.addTask {
                    do throws(RouterFailure) {
                        _ = try await router.apply(route, onlyLowering: onlyLowering)
                    } catch {
                        if case .unreachable(let text) = error {
                            return (region, .unknown(reason: text))
                        }
                    }
                    // What it said is not what it serves: only a read-back counts.
                    return (region, await router.readBack(name, in: region))
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        configuration.afterEffect("routed")
        rollouts[name]?.appliedAt = clock.now()
        for (region, readBack) in results.sorted(by: { $0.key < $1.key }) {
            rollouts[name]?.found[region] = readBack
            if case .serving(let route) = readBack { send(name, .applied(route)) }
        }
        return !results.isEmpty
    }

    /// Fences the regions that serve less than is recorded, and must wait for more. A call of an
    /// earlier decision may still be on its way to them, and be a raise by now (B2). What git does not
    /// know of ends nobody else's copies.
    func fence(_ name: RolloutName) async {
        guard let live = rollouts[name] else { return }
        let open = live.effective.routes.filter { region, route in
            guard live.taken.isEmpty || !isElsewhere(region, live),
                case .serving(let served)? = live.found[region]
            else { return false }
            return route.fence(over: served) != nil
        }
        if !open.isEmpty { _ = await apply(name, open, onlyLowering: true) }
    }

    /// Asks the routers of a rollout that were never asked, such as those of a new region.
    func readUnknownRouters(of name: RolloutName) async {
        guard let live = rollouts[name], let router = router(of: name) else { return }
        let missing = live.effective.regions.filter { live.found[$0] == nil }
        guard !missing.isEmpty else { return }
        let answers = await withTaskGroup(of: (RegionName, RouteReadBack).self) { group in
            for region in missing {
                group.addTask { (region, await router.readBack(name, in: region)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        rollouts[name]?.found.merge(answers) { known, _ in known }
    }

    /// Asks every router what it serves. A rollout that finds a difference is looked at next.
    func readRouters() async {
        var regions: [RouterName: Set<RegionName>] = [:]
        for (name, live) in rollouts {
            guard let router = routerName(of: name) else { continue }
            regions[router, default: []].formUnion(live.effective.regions)
        }
        for (name, regions) in regions.sorted(by: { $0.key < $1.key }) {
            guard let router = routers[name] else { continue }
            let answers = await withTaskGroup(of: (RegionName, RegionReadBack).self) { group in
                for region in regions.sorted() {
                    group.addTask { (region, await router.readBackAll(in: region)) }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            take(answers, from: name)
        }
        wake()
    }

    private func take(_ answers: [RegionName: RegionReadBack], from router: RouterName) {
        for name in rollouts.keys where routerName(of: name) == router {
            guard let live = rollouts[name], !live.isPassing else { continue }
            let regions = live.recorded.regions
            for region in regions {
                guard let answer = answers[region]?.readBack(name), live.found[region] != answer
                else { continue }
                rollouts[name]?.found[region] = answer
                due.insert(name)
            }
        }
    }
}

extension DecisionEntry {
    /// The line of the index for a recorded decision.
    package init(_ record: DecisionRecord, commit: String) {
        let run = record.input.state.run
        self.init(
            rollout: record.rollout, number: record.number, kind: record.kind, at: record.at,
            commit: commit, subject: record.subject,
            from: record.input.state.stable?.reference.version.rawValue,
            to: run?.candidate.reference.version.rawValue,
            digest: run?.candidate.reference.digest.hex)
    }
}
