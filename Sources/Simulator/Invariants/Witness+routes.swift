import Git
import Ledger
import RolloutCore
import Synchronization

// What must hold whenever a gateway begins to serve something else.
extension Witness {
    func changed(_ change: SimulatedRouters.Change) {
        trace.note(
            change.at,
            "route \(change.rollout) \(change.region) \(change.after.map(\.told) ?? "none") "
                + "by \(change.by)")
        if let after = change.after {
            state.withLock { state in
                state.earlier["\(change.rollout)/\(change.region)", default: []].append(after)
            }
        }
        noteExposure(change)
        noteWriter(change)
        guard case .controller(let controller, let life) = change.by else { return }
        guard let after = change.after else {
            return fail(.nonEmpty, "\(change.rollout) has no route left in \(change.region)")
        }
        checkServed(after, by: controller, life: life)
        if let before = change.before, after.generation < before.generation {
            fail(
                .fence,
                "\(change.region) went from generation \(before.generation) to \(after.generation)")
        }
        if after.mirror > .zero, after.share > .zero {
            fail(.shadow, "\(change.rollout) is served and mirrored in \(change.region)")
        }
        if after.isFence(of: change.before) { return }
        if after.exposes(more: change.before) {
            checkRaise(after, change, by: controller)
        } else if change.before?.candidate != nil {
            checkLowering(after, change, by: controller)
        }
    }

    /// A raise is what the newest accepted record of its rollout says, exactly.
    private func checkRaise(
        _ route: Route, _ change: SimulatedRouters.Change, by controller: Int
    ) {
        let records = accepted(change.rollout)
        guard
            let source = records.last(where: {
                $0.after.state.generation == route.generation
                    && $0.after.state.routes[route.region] == route
            })
        else {
            if isGranted(route, by: records) { return }
            return fail(
                .expose, "\(route.told) in \(route.region) was never accepted by git")
        }
        // What people gave up took nothing back.
        let givenUp = state.withLock { $0.givenUp }
        let later = records.filter {
            $0.at > source.at && $0.after.state.generation > route.generation
                && !givenUp.contains($0.commit)
        }
        for newer in later {
            // What became stable is granted everything.
            let grant = newer.after.state.routes[route.region]
            if let grant, grant.stable.reference == route.candidate?.reference { continue }
            // Another controller's record has to be fetched first, and its routers reached: a late
            // call may come first where none came through.
            let isOwn = newer.controller == controller
            let since = isOwn ? newer.at : max(newer.at, routers.backAt(route.region) ?? 0)
            if change.at - since > (isOwn ? 0 : Self.newsTravels.milliseconds),
                route.exposes(more: grant)
            {
                fail(
                    .abortWins,
                    "\(route.told) in \(route.region) was raised after \(newer.record.id)")
                return
            }
        }
        checkStopped(route, change)
    }

    /// After a part of history was given up, routes of other runs are put right with what the rest of
    /// it grants; the generation is new.
    private func isGranted(_ route: Route, by records: [Accepted]) -> Bool {
        guard state.withLock({ $0.wasHistoryLost }) else { return false }
        return records.contains { record in
            guard let granted = record.after.state.routes[route.region] else { return false }
            return granted.run == route.run && granted.candidate == route.candidate
                && granted.share >= route.share && granted.mirror >= route.mirror
        }
    }

    /// How long a record of one controller takes to bind another one.
    static let newsTravels = TimeSpan.seconds(60)

    private func checkStopped(_ route: Route, _ change: SimulatedRouters.Change) {
        guard let since = stopSince, change.at - since > Self.newsTravels.milliseconds,
            remoteWasHealthy
        else {
            return
        }
        // Whoever answers people is put right at once, also where that lets another one have copies.
        if let before = change.before, before.share > .zero, route.share == .zero { return }
        fail(.freeze, "\(route.told) in \(route.region) was raised while the line was stopped")
    }

    /// Since when `stop.yaml` lies on the branch, without a break.
    private var stopSince: Int64? {
        var since: Int64?
        for move in remote.moves {
            guard let id = move.to, let tree = try? remote.objects.commit(id).info.tree,
                (try? remote.objects.entry(at: "policies/stop.yaml", inTree: tree)) != nil
            else {
                since = nil
                continue
            }
            since = since ?? move.at
        }
        return since
    }

    private var remoteWasHealthy: Bool {
        !plan.events.contains { timed in
            switch timed.event {
            case .remoteDown, .remoteIsStale, .remoteIsSlow, .rewindRemote, .deleteBranch, .pause,
                .failEffect, .cutOffFromGit, .seesOldBranch:
                true
            default: false
            }
        }
    }

    /// A lowering that git has not accepted is on disk first.
    private func checkLowering(
        _ route: Route, _ change: SimulatedRouters.Change, by controller: Int
    ) {
        let isAccepted = accepted(change.rollout).contains {
            $0.after.state.routes[route.region] == route
                || $0.after.state.stableRoutes[route.region] == route
        }
        guard !isAccepted, !hasDiskTrouble else { return }
        if !isJournalled(change, by: controller) {
            fail(
                .wal,
                "\(route.told) in \(route.region) was lowered without a word on disk or in git")
        }
    }

    private func isJournalled(_ change: SimulatedRouters.Change, by controller: Int) -> Bool {
        let host = hosts.first { $0.place == controller }
        return host?.everAppended.contains { $0.rollout == change.rollout && $0.at <= change.at }
            ?? false
    }

    // MARK: Breaches that go on

    private func noteWriter(_ change: SimulatedRouters.Change) {
        state.withLock {
            $0.strange["\(change.rollout)/\(change.region)"] = change.by == .stranger
        }
    }

    private func noteExposure(_ change: SimulatedRouters.Change) {
        let key = "\(change.rollout)/\(change.region)"
        let isBad =
            change.after.map { route in
                route.share > .zero
                    && route.candidate.map { qualities[$0.reference.digest] == .failing } ?? false
            } ?? false
        state.withLock { state in
            state.exposedSince[key] = isBad ? state.exposedSince[key] ?? change.at : nil
        }
    }

    /// Now and then: a bad candidate may not be served for long where nothing stands in the way.
    func scheduleLooks() {
        scheduler.after(.seconds(60)) { [weak self] in
            self?.checkBreaches()
            self?.scheduleLooks()
        }
    }

    private static let breachTakes: Int64 = 600_000

    private func checkBreaches() {
        guard plan.events.isEmpty || isQuiet else { return }
        checkDrift()
        for (key, since) in state.withLock({ $0.exposedSince }).sorted(by: { $0.key < $1.key })
        where scheduler.now - since > Self.breachTakes {
            let name = key.split(separator: "/").first.map(String.init) ?? ""
            guard plan.rollouts.first(where: { $0.name.rawValue == name })?.onBreach == "rollback",
                scheduler.now - max(since, plan.active.milliseconds) > Self.breachTakes,
                // People may have allowed nearly everything before it began.
                let run = (try? RolloutName(name)).flatMap({ accepted($0).last })?.after.state.run,
                isBad(run)
            else { continue }
            fail(
                .breach,
                "a bad candidate is served at \(key) for \((scheduler.now - since) / 1_000) s")
        }
    }

    /// A share above the newest record is put right within ten minutes, whoever raised it.
    private func checkDrift() {
        guard !state.withLock({ $0.wasHistoryLost }) else { return }
        for rollout in plan.rollouts {
            guard let newest = accepted(rollout.name).last else { continue }
            for region in rollout.regions {
                let key = "\(rollout.name)/\(region)"
                let served = routers.served(rollout.name, in: region)
                let isAbove = served?.exposes(more: newest.after.state.routes[region]) ?? false
                let since = state.withLock { state in
                    state.aboveSince[key] = isAbove ? state.aboveSince[key] ?? scheduler.now : nil
                    return state.aboveSince[key]
                }
                if let since, scheduler.now - since > Self.breachTakes {
                    fail(.drift, "\(key) serves more than \(newest.record.id) says, for long")
                }
            }
        }
    }

    private var isQuiet: Bool { scheduler.now > plan.active.milliseconds }
}

extension Route {
    /// Whether a candidate gets more than it had.
    func exposes(more before: Route?) -> Bool {
        guard let candidate else { return false }
        guard let before, before.candidate?.reference == candidate.reference else {
            return share > .zero || mirror > .zero
        }
        return share == before.share ? mirror > before.mirror : share > before.share
    }

    /// Whether nothing but the generation changes, and copies for whoever answers callers end.
    func isFence(of before: Route?) -> Bool {
        let endsCopies = share > .zero && mirror == .zero
        let kept = endsCopies ? under(generation, mirror: before?.mirror) : self
        return kept.servesTheSame(as: before)
    }

    /// Whether only the generation differs.
    func servesTheSame(as other: Route?) -> Bool {
        stable == other?.stable && candidate == other?.candidate && share == other?.share
            && mirror == other?.mirror
    }

    fileprivate var told: String {
        "\(rollout) g\(generation) \(stable.reference.version)"
            + (candidate.map { " \($0.reference.version) \(share) \(mirror)" } ?? "")
    }
}
