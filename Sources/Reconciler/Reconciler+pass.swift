import Git
import History
import Ledger
import RolloutCore
import RolloutFiles
import Signals
import Traffic

extension Reconciler {
    /// Decides for one rollout until there is nothing more to do now.
    func pass(_ name: RolloutName) async {
        guard rollouts[name]?.isPassing == false else { return }
        rollouts[name]?.isPassing = true
        // An apply may be followed by one more decision; more in a row means that something is
        // wrong, such as a router that takes routes and goes on as before. It is tried again later:
        // nothing else may ever wake this rollout.
        var steps = 1
        while await step(name) {
            steps += 1
            guard steps <= Self.stepsMax else {
                let look = steadyNow + configuration.lookInterval.milliseconds
                timers[name] = min(timers[name] ?? look, look)
                break
            }
        }
        rollouts[name]?.isPassing = false
        if due.contains(name) { wake() }
    }

    private static let stepsMax = 4

    /// - Returns: whether to look again at once.
    private func step(_ name: RolloutName) async -> Bool {
        // Without a snapshot nobody knows what is asked, and nothing asked is not a withdrawal.
        guard rollouts[name] != nil, snapshot != nil else { return false }
        await chooseRouter(of: name)
        guard let live = rollouts[name] else { return false }
        if !live.taken.isEmpty, !live.isRecording { startRecordingTaken(name) }
        if router(of: name) == nil {
            rollouts[name]?.trouble = Self.noRouter
        } else if live.trouble == Self.noRouter {
            rollouts[name]?.trouble = nil
        }
        if live.unread != nil { await follow(name) }
        await readUnknownRouters(of: name)
        guard let live = rollouts[name] else { return false }
        let consent = await consent(live)
        guard let live = rollouts[name] else { return false }
        let input = await input(live, consent)
        guard let live = rollouts[name] else { return false }
        let decision = decide(input)
        let changed = live.last?.decision.next != decision.next
        rollouts[name]?.last = (decision, Explanation(decision, input))
        if changed || input.state.run != nil { send(name, .looked(decision)) }
        switch decision.next {
        case .act(let action, let reason):
            if case .correct(let correction) = action, mayBeNews(correction, live) { return false }
            let draft = DecisionDraft(
                id: "\(name)-\(input.state.decisions + 1)-\(action.kind)-\(input.now.milliseconds)",
                action: action, reason: reason, input: input, verdicts: decision.verdicts,
                inputsCommit: snapshot?.commit.hex ?? "", quorum: decision.quorum,
                confirms: confirmation(live))
            guard action.isForward || displaces(action, live) else {
                await lower(name, draft)
                return true
            }
            // One record at a time, and only on what git has.
            if !live.isRecording, live.taken.isEmpty, mayTry(live) { startRecording(name, draft) }
            return false
        case .apply:
            guard !live.taken.isEmpty else { return await apply(name, owed(input)) }
            // What git does not know of yet must raise nobody. Where it has to wait, the record of
            // what was taken wakes this rollout.
            return await apply(
                name, owed(input).filter { !isElsewhere($0.key, live) }, onlyLowering: true)
        case .serveStable:
            let empty = input.routers.filter { $0.value == .empty }
            return await apply(name, input.state.stableRoutes.filter { empty[$0.key] != nil })
        case .wait(let wait):
            await fence(name)
            // A running candidate is looked at now and then, because data can also stay away.
            // Nobody tells a rollout that another one of its conflict group has ended.
            var isWatched = input.state.run != nil
            if case .conflict = wait.reason { isWatched = true }
            let look = isWatched ? steadyNow + configuration.lookInterval.milliseconds : nil
            let until = wait.until.map { steadyNow + max(($0 - input.now).milliseconds, 0) }
            timers[name] = [until, look, live.retryAt].compactMap { $0 }.min()
            return false
        }
    }

    /// What routers are owed. Regions that are owed less go first and alone: one that somebody holds
    /// lower is not raised along with them, because `decide` looks at the evidence before that.
    private func owed(_ input: DecisionInput) -> [RegionName: Route] {
        let less = input.routers.filter { $0.value == .owed(raises: false) }
        guard !less.isEmpty else { return input.state.routes }
        return input.state.routes.filter { less[$0.key] != nil }
    }

    /// Whether another controller's record, which was not fetched yet, may explain what a router
    /// serves (hazard B1). Then git is asked first; if it cannot answer, what is known counts.
    private func mayBeNews(_ correction: Action.Correction, _ live: LiveRollout) -> Bool {
        let (name, seen) = (live.recorded.name, correction.seenGeneration)
        guard seen > live.effective.generation else { return false }
        // What git says of this rollout cannot be read. It may be what explains the router, and what
        // is known here be old: then the router is left as it is, like every share.
        guard live.damaged == nil else { return true }
        guard seen > live.askedAbout else { return false }
        guard live.askingAbout == nil else { return true }
        rollouts[name]?.askingAbout = seen
        Task {
            await sync()
            rollouts[name]?.askingAbout = nil
            rollouts[name]?.askedAbout = seen
            due.insert(name)
            wake()
        }
        return true
    }

    /// Whether a correction gives somebody another version than a router serves by now. Git has to
    /// take that first: a controller with old knowledge would otherwise bring back a candidate that
    /// was given up since, or a stable that is none any more, while git is away (B1).
    private func displaces(_ action: Action, _ live: LiveRollout) -> Bool {
        guard case .correct = action else { return false }
        return live.effective.routes.contains { region, expected in
            guard case .serving(let actual) = live.found[region] else { return false }
            return expected.displaces(actual)
        }
    }

    /// Whether a router serves versions that git, as it is known here, does not: another controller may
    /// have recorded them. They stay until git has what is to come in their place; only the candidate
    /// that is known here is lowered at once, whatever is served beside it.
    func isElsewhere(_ region: RegionName, _ live: LiveRollout) -> Bool {
        guard case .serving(let actual) = live.found[region],
            let recorded = live.recorded.routes[region], recorded.displaces(actual)
        else { return false }
        return actual.candidate == nil || actual.candidate != recorded.candidate
    }

    private func input(_ live: LiveRollout, _ consent: Consent) async -> DecisionInput {
        let now = clock.now()
        let state = live.effective
        let looked = await observatory.look(at: state.name)
        var conditions = Conditions(
            halted: halted ?? staleness ?? live.damaged ?? journalTrouble ?? routerTrouble(live),
            stop: snapshot?.stop, clockSteady: clockIsSteady)
        if !live.taken.isEmpty {
            conditions.halted = conditions.halted ?? "the last step back is not recorded yet"
        }
        var routers: [RegionName: RouterCondition] = [:]
        let unasked = router(of: state.name) == nil ? Self.noRouter : "not asked yet"
        for (region, route) in state.routes {
            var found = live.found[region] ?? .unknown(reason: unasked)
            // Another controller may have recorded this, and would answer a correction of nothing but the
            // generation with one of its own, and so on. It can wait for git.
            if conditions.halted != nil, case .serving(let served) = found,
                served.generation > route.generation, served.under(route.generation) == route
            {
                found = .serving(route)
            }
            routers[region] = RouterCondition(expected: route, found: found)
        }
        let watched = await watched(state)
        return DecisionInput(
            now: now, state: state, request: live.requested?.request ?? .withdrawn,
            orders: (live.requested?.orders ?? []) + (localOrders.byRollout[state.name] ?? []),
            conditions: conditions,
            atStep: watched.atStep, timeScale: configuration.timeScale,
            evidence: looked.evidence, traffic: looked.traffic, routers: routers, consent: consent,
            windows: (live.requested?.windows ?? []).map { WindowClock($0, around: now) },
            capacity: state.run?.capacity(in: live.requested?.capacities ?? [:]),
            stableCapacity: state.stableCapacity(in: live.requested?.capacities ?? [:]),
            rivals: rivals(of: live), soaked: state.run == nil ? nil : watched.soaked)
    }

    /// A step back that could not be journalled would be forgotten by a crash.
    private var journalTrouble: String? {
        disk.steps.failure.map { "the journal failed (\($0)); mend the disk and restart" }
    }

    func send(_ name: RolloutName, _ what: ControllerEvent.What) {
        report(ControllerEvent(rollout: name, at: clock.now(), what: what))
    }
}
