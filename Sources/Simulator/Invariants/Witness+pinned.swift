import Git
import Ledger
import RolloutCore
import Synchronization

// What a run was promised when it began, and which bytes and regions may move.
extension Witness {
    func checkPinned(_ accepted: Accepted) {
        let (record, before, after) = (
            accepted.record, accepted.before.state, accepted.after.state
        )
        if case .start = record.action {
            if let run = before.run {
                fail(.mutex, "\(record.id) starts while \(run.id) is on its way")
            }
            checkPolicies(accepted)
        }
        guard let run = after.run else { return }
        if let earlier = before.run, earlier.id == run.id,
            earlier.guardrails != run.guardrails || earlier.plan != run.plan
                || earlier.approvals != run.approvals
        {
            fail(.policy, "\(record.id) changes what \(run.id) was promised")
        }
        checkWaves(accepted, run)
    }

    /// A run begins under the limits that stood in the files that were read.
    private func checkPolicies(_ accepted: Accepted) {
        let record = accepted.record
        guard let run = accepted.after.state.run, let read = ObjectID(hex: record.inputsCommit),
            let tree = try? remote.objects.commit(read).info.tree
        else { return }
        // Worlds that bring guardrails of their own write them in other words.
        for set in run.guardrails where plan.guardrails[set.name] == nil {
            let path = "policies/guardrails/\(set.name).yaml"
            guard let entry = try? remote.objects.entry(at: path, inTree: tree),
                let bytes = try? remote.objects.blob(entry.id)
            else {
                fail(.policy, "\(record.id) rests on \(path), which \(read.short) does not have")
                continue
            }
            let text = String(decoding: bytes, as: UTF8.self)
            for guardrail in set.guardrails {
                guard case .atMost(let limit) = guardrail.criterion else { continue }
                let percent = Int(exactly: (limit.value * 100).rounded()) ?? -1
                if !text.contains("atMost: \(percent)%") {
                    fail(.policy, "\(record.id) allows \(percent) %, \(path) does not")
                }
            }
        }
    }

    /// In a gradual stage with waves, the regions of one wave move at a time.
    private func checkWaves(_ accepted: Accepted, _ run: Run) {
        guard case .advance = accepted.record.action, run.currentStep?.stage == .gradual,
            let asked = plan.rollouts.first(where: { $0.name == run.id.rollout }), asked.hasWaves,
            asked.regions.count > 1
        else { return }
        let (old, new) = (accepted.before.state.routes, accepted.after.state.routes)
        let raised = asked.regions.filter {
            (new[$0]?.share ?? .zero) > (old[$0]?.share ?? .zero)
        }
        if raised.contains(asked.regions[0]), raised.count > 1 {
            fail(
                .region,
                "\(accepted.record.id) moves \(raised.map(\.rawValue).joined(separator: ", ")) "
                    + "at once")
        }
    }

    /// What one gateway is given by a controller, whatever git says.
    func checkServed(_ route: Route, by controller: Int, life: Int) {
        if hosts.first(where: { $0.place == controller })?.process?.life.number != life {
            fail(.isStatic, "\(route.rollout) changed in \(route.region) without a controller")
        }
        for share in [route.share, route.mirror]
        where !(0...10_000).contains(share.basisPoints) {
            fail(.sum, "\(share.basisPoints) basis points of \(route.rollout) in \(route.region)")
        }
        for backend in [route.stable] + (route.candidate.map { [$0] } ?? []) {
            let known = ProjectText.versions.contains {
                backend.reference.version.rawValue == "1.\($0).0"
                    && backend.reference.digest == ProjectText.digest(route.rollout, $0)
            }
            if !known {
                fail(.artifact, "\(route.region) serves \(backend.reference), which nobody made")
            }
        }
        guard let candidate = route.candidate, route.share > .zero else { return }
        for region in Names.regions where region != route.region {
            guard let other = routers.served(route.rollout, in: region), other.share > .zero,
                let their = other.candidate, their.reference.digest != candidate.reference.digest,
                wasGiven(other)
            else { continue }
            fail(
                .mutex,
                "\(route.region) serves \(candidate.reference.version) while \(region) serves "
                    + "\(their.reference.version)")
        }
    }

    /// Whether the last to change this gateway was a controller, not a stranger. What it gave is a
    /// stranger's, too, for whoever was away until the branch had lost the record of it.
    private func wasGiven(_ route: Route) -> Bool {
        guard state.withLock({ $0.strange["\(route.rollout)/\(route.region)"] != true }) else {
            return false
        }
        let grant = accepted(route.rollout).last { record in
            let granted = record.after.state.routes[route.region]
            return granted?.generation == route.generation && granted?.candidate == route.candidate
        }
        guard let grant, let tip = remote.tip else { return true }
        return (try? remote.objects.isDescendant(tip, of: grant.commit)) ?? true
    }

    /// Keys that were taken back in what a decision read: its approvals must not rest on them.
    func revoked(in record: DecisionRecord) -> Set<String> {
        ObjectID(hex: record.inputsCommit).map(revoked(at:)) ?? []
    }

    private func revoked(at commit: ObjectID) -> Set<String> {
        guard let tree = try? remote.objects.commit(commit).info.tree,
            let entry = try? remote.objects.entry(at: "policies/revoked-signers", inTree: tree),
            let bytes = try? remote.objects.blob(entry.id)
        else { return [] }
        let text = String(decoding: bytes, as: UTF8.self)
        return Set(People.all.filter { text.contains(people.fingerprint(of: $0)) })
    }

    /// Whether a key was ever taken back in the history up to a commit. What a branch lost before
    /// anybody had fetched it was not: nobody can know of that.
    func isTakenBack(_ person: String, by commit: ObjectID) -> Bool {
        var next: ObjectID? = commit
        while let commit = next {
            if revoked(at: commit).contains(person) { return true }
            next = try? remote.objects.commit(commit).info.parents.first
        }
        return false
    }

    /// Every change that a controller made of what a gateway serves has its record, once all is
    /// recorded. A fence only keeps older calls from what is served.
    func checkRecorded() {
        guard !state.withLock({ $0.wasHistoryLost }) else { return }
        for change in routers.changes {
            guard case .controller = change.by, let route = change.after,
                !route.isFence(of: change.before)
            else { continue }
            let isRecorded = accepted(change.rollout).contains { record in
                let after = record.after.state
                return [after.routes[route.region], after.stableRoutes[route.region]].contains {
                    route.servesTheSame(as: $0)
                }
            }
            if !isRecorded {
                fail(
                    .bijection,
                    "\(route.region) was given \(route.rollout) generation \(route.generation) at "
                        + "\(change.at / 1_000) s, and no record says so")
            }
        }
    }
}
