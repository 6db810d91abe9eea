import Git
import History
import Ledger
import Reconciler
import RolloutCore
import RolloutFiles
import Synchronization

// What must hold once people and accidents have been quiet for long enough.
extension Witness {
    func finish() async {
        guard let tip = remote.tip else { return fail(.durable, "the branch is gone") }
        for rollout in plan.rollouts {
            await checkRecords(rollout.name, tip)
            guard let current = try? await people.ledger.currentState(of: rollout.name, at: tip)
            else {
                fail(.converge, "the state of \(rollout.name) cannot be read")
                continue
            }
            checkRoutes(current.state)
            await checkEnd(current.state, rollout, tip)
        }
        checkDurable(tip)
        checkRecorded()
        for host in hosts where !host.disk.pendingSteps.isEmpty {
            let ids = host.disk.pendingSteps.map(\.entry.id).joined(separator: ", ")
            fail(.late, "controller \(host.place) never recorded \(ids)")
        }
    }

    /// Chain, fold, and every decision made again from its record.
    private func checkRecords(_ rollout: RolloutName, _ tip: ObjectID) async {
        do {
            for problem in try await people.ledger.verify(rollout, at: tip) {
                fail(.chain, "\(rollout): \(problem)")
            }
        } catch {
            fail(.chain, "\(rollout): \(error)")
        }
        for record in accepted(rollout).map(\.record) {
            let again = decide(record.input)
            // A step back may have been put onto another state; its input stays what it was.
            guard case .act(let action, let reason) = again.next,
                action == record.action || !record.action.isForward, reason == record.reason,
                again.verdicts == record.verdicts
            else {
                fail(.replay, "\(record.id) comes out as \(again.next)")
                continue
            }
        }
    }

    /// Somebody took traffic from a candidate that is on its way: it is given back only when the
    /// evidence says so, which may never come. A person has to look.
    private func servesLess(_ state: RolloutState) -> Bool {
        state.run != nil
            && state.routes.contains { region, route in
                guard let served = routers.served(state.name, in: region) else { return false }
                return served.candidate == nil || served.share < route.share
                    || served.mirror < route.mirror
            }
    }

    /// Whether every rollout has come to its end and every gateway serves what is recorded.
    func isAtRest() async -> Bool {
        guard let tip = remote.tip,
            hosts.allSatisfy({ $0.disk.pendingSteps.isEmpty && !$0.isPaused })
        else { return false }
        for rollout in plan.rollouts {
            guard
                let state = try? await people.ledger.currentState(of: rollout.name, at: tip).state,
                servesLess(state)
                    || state.routes.allSatisfy({
                        routers.served(state.name, in: $0.key) == $0.value
                    }),
                let asked = asked(rollout.name, tip)
            else { return false }
            let hasEnded =
                hasEnded(state, asked)
                ? true : await mayWaitForRival(state, rollout.name, tip)
            guard hasEnded else { return false }
        }
        return true
    }

    /// A run may wait for people only; without one the version that is asked for is served, or refused.
    private func hasEnded(_ state: RolloutState, _ asked: Int) -> Bool {
        guard let stable = state.stable else { return false }
        if let run = state.run {
            let next = run.plan.step(run.step + 1)
            return run.held != nil || next.map(run.needsApproval) ?? false || servesLess(state)
        }
        let digest = ProjectText.digest(state.name, asked)
        return stable.reference.digest == digest || state.refusal(of: digest) != nil
    }

    /// One that has not started may wait for another one of its group.
    private func mayWaitForRival(
        _ state: RolloutState, _ name: RolloutName, _ tip: ObjectID
    ) async -> Bool {
        guard state.run == nil, state.stable != nil else { return false }
        return await waitsForRival(name, tip)
    }

    private func checkRoutes(_ state: RolloutState) {
        for (region, route) in state.routes.sorted(by: { $0.key < $1.key }) {
            let served = routers.served(state.name, in: region)
            if served != route, !servesLess(state) {
                fail(
                    .converge,
                    "\(region) serves \(String(describing: served?.generation)) "
                        + "\(String(describing: served?.share)) of \(state.name), recorded is "
                        + "\(route.generation) \(route.share)")
            }
        }
    }

    /// Whether a rollout has come to an end, or waits for something that has a name.
    private func checkEnd(
        _ state: RolloutState, _ rollout: WorldPlan.RolloutPlan, _ tip: ObjectID
    ) async {
        guard let stable = state.stable else {
            return fail(
                .liveness,
                "\(rollout.name) was never bootstrapped: " + (await why(rollout.name)))
        }
        guard let asked = asked(rollout.name, tip) else { return }
        if !hasEnded(state, asked), await !mayWaitForRival(state, rollout.name, tip) {
            let place =
                state.run.map { "\($0.id) is at step \($0.step) of \($0.plan.steps.count)" }
                ?? "\(stable.reference.version) is served"
            fail(
                .liveness,
                "\(rollout.name) 1.\(asked).0 is asked for, \(place): "
                    + (await why(rollout.name)))
        }
        for host in hosts {
            guard let process = host.process else {
                fail(.liveness, "controller \(host.place) does not run")
                continue
            }
            if await process.reconciler.status(of: rollout.name)?.why == nil {
                fail(
                    .noSilentStuck,
                    "controller \(host.place) cannot say what \(rollout.name) waits for")
            }
        }
    }

    private func asked(_ rollout: RolloutName, _ tip: ObjectID) -> Int? {
        guard let tree = try? remote.objects.commit(tip).info.tree,
            let entry = try? remote.objects.entry(at: ProjectText.specPath(rollout), inTree: tree),
            let bytes = try? remote.objects.blob(entry.id)
        else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return ProjectText.versions.first { text.contains("  version: 1.\($0).0\n") }
    }

    private func why(_ rollout: RolloutName) async -> String {
        for host in hosts {
            if let why = await host.process?.reconciler.why(rollout) { return why }
        }
        return "nothing that anybody knows"
    }

    /// What the server accepted is still there, unless people gave it up.
    private func checkDurable(_ tip: ObjectID) {
        guard !state.withLock({ $0.wasHistoryLost }) else { return }
        for record in plan.rollouts.flatMap({ accepted($0.name) })
        where !((try? remote.objects.isDescendant(tip, of: record.commit)) ?? false) {
            fail(.durable, "\(record.record.id) is not on the branch any more")
        }
    }
}
