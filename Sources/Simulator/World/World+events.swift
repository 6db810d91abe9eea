import Calibration
import Git
import Reconciler
import RolloutCore
import Synchronization

extension World {
    /// Something happens: now, and undone after its time where it has one.
    func happens(_ event: WorldEvent) {
        trace.note(scheduler.now, "event \(event)")
        switch event {
        case .ask, .order, .removeOrders, .approve, .reject, .revokeKey, .stopLine, .breakSpec,
            .mendSpec, .editPlan, .loosenPolicy, .removeRollout, .tamperState, .localOrder:
            spawn { [self] in try await act(event) }
        case .remoteDown, .remoteRefuses, .remoteLosesAnswers, .remoteIsStale, .remoteIsSlow,
            .rewindRemote, .deleteBranch:
            breakRemote(event)
        case .routerDown, .routerLosesAnswers, .routerIsSlow, .routerIsDeaf, .routerForgets,
            .routerReloads,
            .strangerRaises, .strangerLowers, .strangerClaims:
            breakRouter(event)
        case .crash, .crashAtEffect, .failEffect, .pause, .cutPower, .loseDisk, .fillDisk,
            .failSync, .jumpClock:
            breakController(event)
        case .cutOffFromGit, .seesOldBranch, .cutOffFromRouter, .cutOffFromTraffic: cutOff(event)
        case .trafficStops, .candidateIsSilent, .observationsTwice, .observationsLate,
            .observationsMislabelled, .labelsStop, .labelsLate:
            breakTraffic(event)
        case .loseRevocations, .loosenApprovals, .servers, .baselineServers, .poisonSpec,
            .forgeDecision, .remotePretends, .restarts:
            happensRarely(event)
        }
    }

    func mark(_ hazard: String) { witness.mark(hazard) }

    func later(_ seconds: Int, _ undo: @escaping @Sendable () -> Void) {
        scheduler.after(.seconds(Int64(seconds)), undo)
    }

    func plan(of rollout: Int) -> WorldPlan.RolloutPlan {
        memory.withLock { $0.plans[rollout % $0.plans.count] }
    }

    // MARK: People

    private func act(_ event: WorldEvent) async throws {
        switch event {
        case .ask(let place, let version): try await ask(place, version)
        case .order(let place, let kind):
            if try await people.give(kind, to: plan(of: place).name) {
                mark("order \(kind.rawValue)")
            }
        case .removeOrders(let place): try await people.removeOrders(of: plan(of: place).name)
        case .approve(let place, let person, let forgery):
            let isGiven = try await people.answer(
                plan(of: place).name, person: person, isApproval: true, forgery)
            if isGiven { mark(forgery.map { "G forged \($0.rawValue)" } ?? "approval") }
        case .reject(let place, let person):
            let isGiven = try await people.answer(
                plan(of: place).name, person: person, isApproval: false, nil)
            if isGiven { mark("G13") }
        case .revokeKey(let person):
            try await people.revoke(person)
            mark("G5")
        case .stopLine(let isOn):
            let text = ProjectText.document("Stop", "{owner: sam, reason: drill}")
            try await people.commit(["policies/stop.yaml": isOn ? Array(text.utf8) : nil])
            mark("stop")
        case .breakSpec(let place):
            try await people.commit([
                ProjectText.specPath(plan(of: place).name): Array("spec: {guardrials: []}\n".utf8)
            ])
            mark("F5")
        case .mendSpec(let place): try await write(place)
        case .editPlan(let place, let seconds):
            memory.withLock { $0.plans[place % $0.plans.count].soakSeconds = seconds }
            try await write(place)
            mark("J8")
        case .loosenPolicy:
            witness.loosened()
            let text = ProjectText.guardrails(self.plan, limit: 90, onBreach: "hold")
            try await people.commit(["policies/guardrails/health.yaml": Array(text.utf8)])
            mark("J7")
        case .removeRollout(let place):
            try await people.commit([ProjectText.specPath(plan(of: place).name): nil])
            mark("withdrawn")
        case .tamperState(let place, let seconds): try await tamper(place, seconds)
        case .localOrder(let place, let controller, let kind):
            try await orderLocally(place, controller, kind)
        default: break
        }
    }

    func ask(_ place: Int, _ version: Int) async throws {
        memory.withLock { $0.asked[place % $0.asked.count] = version }
        try await write(place)
    }

    private func write(_ place: Int) async throws {
        let (plan, version) = memory.withLock {
            ($0.plans[place % $0.plans.count], $0.asked[place % $0.asked.count])
        }
        let text = ProjectText.spec(plan, asking: version)
        try await people.commit(
            [ProjectText.specPath(plan.name): Array(text.utf8)],
            signedBy: self.plan.ghostwriter(of: version))
    }

    private func tamper(_ place: Int, _ seconds: Int) async throws {
        let path = "state/\(plan(of: place).name)/current.json"
        try await people.edit(path) { text in
            text.contains(Self.bad) ? text : text.replacing(Self.good, with: Self.bad)
        }
        mark("F16")
        await scheduler.wait(.seconds(Int64(seconds)))
        try await untamper(place)
    }

    func untamperAll() async throws {
        for place in 0..<memory.withLock({ $0.plans.count }) { try await untamper(place) }
    }

    private func untamper(_ place: Int) async throws {
        try await people.edit("state/\(plan(of: place).name)/current.json") {
            $0.replacing(Self.bad, with: Self.good)
        }
    }

    private static let good = "\"generation\": "
    static let bad = "\"generation\": 1000"

    private func orderLocally(
        _ place: Int, _ controller: Int, _ kind: WorldEvent.OrderKind
    ) async throws {
        let host = hosts[controller % hosts.count]
        let name = plan(of: place).name
        let recorded = await people.recorded(name)
        guard let order = people.order(kind, recorded), let process = host.process else { return }
        mark("local order")
        _ = try? await process.reconciler.submit(
            Order(name: order.name, action: order.action, by: "sam@example.org", reason: "drill"),
            to: name)
    }

    /// What people do once nothing breaks any more: files as they should be, holds lifted.
    func tidy() async throws {
        let count = memory.withLock { $0.plans.count }
        var files: [String: [UInt8]?] = [:]
        files.updateValue(nil, forKey: "policies/stop.yaml")
        try await people.commit(files)
        try await people.writeRevocations()
        try await takeBackForgeries()
        for place in 0..<count {
            try await write(place)
            try await people.removeOrders(of: plan(of: place).name)
            try await declareEnoughServers(place)
            let name = plan(of: place).name
            for host in hosts { await resume(name, at: host) }
        }
    }

    /// A controller that stands still answers once it goes on; one that is just starting does not
    /// know its rollouts yet, and people ask again.
    private func resume(_ name: RolloutName, at host: ControllerHost) async {
        let order = Order(
            name: "resume", action: .resume(decision: 0), by: "sam@example.org", reason: "drill")
        for _ in 0..<20 {
            await host.waitOutPause()
            do {
                guard try await host.process?.reconciler.submit(order, to: name) == nil else {
                    return
                }
            } catch {
                // There was nothing to lift.
                return
            }
            await scheduler.wait(.seconds(5))
        }
    }

    // MARK: Git

    private func breakRemote(_ event: WorldEvent) {
        switch event {
        case .remoteDown(let seconds):
            mark("A1")
            remote.condition.isUnreachable = true
            later(seconds) { [remote] in remote.condition.isUnreachable = false }
        case .remoteRefuses(let seconds):
            mark("A7")
            remote.condition.refusal = "protected branch"
            later(seconds) { [remote] in remote.condition.refusal = nil }
        case .remoteLosesAnswers(let percent, let seconds):
            mark("A8")
            remote.condition.lostAnswers = percent
            later(seconds) { [remote] in remote.condition.lostAnswers = 0 }
        case .remoteIsStale(let seconds):
            mark("A10")
            remote.condition.staleTip = remote.tip
            later(seconds) { [remote] in remote.condition.staleTip = nil }
        case .remoteIsSlow(let milliseconds, let seconds):
            mark("A2")
            remote.condition.slowness = milliseconds
            later(seconds) { [remote] in remote.condition.slowness = 40 }
        case .rewindRemote(let commits, let seconds): rewind(commits, seconds)
        case .deleteBranch(let seconds):
            guard remote.tip != nil, memory.withLock({ $0.good == nil }) else { return }
            mark("A5")
            memory.withLock { memory in
                memory.good = remote.tip
                memory.rewound = nil
            }
            remote.move(to: nil, by: .accident)
            later(seconds) { [self] in restore() }
        default: break
        }
    }

    private func rewind(_ commits: Int, _ seconds: Int) {
        guard let tip = remote.tip, memory.withLock({ $0.good == nil }) else { return }
        var target = tip
        for _ in 0..<commits {
            guard let parent = try? remote.objects.commit(target).info.parents.first else { break }
            target = parent
        }
        guard target != tip else { return }
        mark("A3")
        memory.withLock { memory in
            memory.good = tip
            memory.rewound = target
        }
        remote.move(to: target, by: .accident)
        later(seconds) { [self] in restore() }
    }

    /// Somebody with a clone brings the branch back to where it was. If work went on meanwhile,
    /// people keep that instead, and every controller believes it (`accept-history`).
    func restore() {
        guard let good = memory.withLock({ $0.good }) else { return }
        let left = memory.withLock { $0.rewound }
        memory.withLock { memory in
            memory.good = nil
            memory.rewound = nil
        }
        guard remote.tip != left else { return remote.move(to: good, by: .person) }
        witness.lostHistory()
        // `accept-history` lets nobody forget the keys that were taken back in what is given up.
        spawn { [people] in try await people.keepRevocations() }
        // No replica shows any more what was given up.
        remote.condition.staleTip = nil
        for host in hosts {
            host.change { $0.oldTip = nil }
            host.crash(downFor: .seconds(10))
            host.acceptHistory()
            witness.lostClone(host.place)
        }
    }

    // MARK: Controllers

    private func breakController(_ event: WorldEvent) {
        switch event {
        case .crash(let place, let seconds):
            mark("crash")
            host(place).crash(downFor: .seconds(Int64(seconds)))
        case .crashAtEffect(let place, let effect, let isAfter):
            mark("crash at \(effect.rawValue)")
            fate(place % hosts.count, effect, isAfter ? .diesAfter : .diesBefore, count: 1)
        case .failEffect(let place, let effect, let count, let isDone):
            mark("failed \(effect.rawValue)")
            fate(
                place % hosts.count, effect, isDone ? .doneButReportedFailed : .failed,
                count: count)
        case .pause(let place, let seconds):
            mark("B2")
            host(place).pause(for: .seconds(Int64(seconds)))
        case .cutPower(let place, let seconds):
            mark("E3")
            host(place).disk.cutPower()
            witness.lostFacts(host(place).place)
            host(place).crash(downFor: .seconds(Int64(seconds)))
        case .loseDisk(let place, let seconds):
            mark("B13")
            host(place).crash(downFor: .seconds(Int64(seconds)))
            host(place).loseDisk()
            witness.lostFacts(host(place).place)
            witness.lostClone(host(place).place)
        case .fillDisk(let place, let seconds):
            mark("E1")
            let disk = host(place).disk
            disk.condition.isFull = true
            later(seconds) { disk.condition.isFull = false }
        case .failSync(let place, let seconds):
            mark("E4")
            let (host, disk) = (host(place), host(place).disk)
            disk.condition.syncFails = true
            later(seconds) {
                // Peace may have mended it long ago, and it may be another one's turn since.
                guard host.disk === disk, disk.condition.syncFails else { return }
                disk.condition.syncFails = false
                host.crash(downFor: .seconds(5))
            }
        case .jumpClock(let place, let seconds):
            mark("B7")
            host(place).jumpClock(by: Int64(seconds) * 1_000)
        default: break
        }
    }

    private func host(_ place: Int) -> ControllerHost { hosts[place % hosts.count] }

    // MARK: Traffic

    private func breakTraffic(_ event: WorldEvent) {
        switch event {
        case .trafficStops(let place, let seconds):
            mark("C11")
            let name = plan(of: place).name
            traffic.condition.stopped.insert(name)
            later(seconds) { [traffic] in traffic.condition.stopped.remove(name) }
        case .candidateIsSilent(let place, let seconds):
            mark("C2")
            let name = plan(of: place).name
            traffic.condition.silent.insert(name)
            later(seconds) { [traffic] in traffic.condition.silent.remove(name) }
        case .observationsTwice(let seconds):
            mark("C7")
            traffic.condition.isTwice = true
            later(seconds) { [traffic] in traffic.condition.isTwice = false }
        case .observationsLate(let seconds, let by):
            mark("C8")
            traffic.condition.lateBy = Int64(by) * 1_000
            later(seconds) { [traffic] in traffic.condition.lateBy = 0 }
        case .observationsMislabelled(let place, let seconds):
            mark("C14")
            let name = plan(of: place).name
            traffic.condition.mislabelled.insert(name)
            later(seconds) { [traffic] in traffic.condition.mislabelled.remove(name) }
        case .labelsStop(let place, let seconds):
            mark("C9 stopped")
            let name = plan(of: place).name
            traffic.condition.unlabelled.insert(name)
            later(seconds) { [traffic] in traffic.condition.unlabelled.remove(name) }
        case .labelsLate(let place, let seconds, let by):
            mark("C9")
            let name = plan(of: place).name
            traffic.condition.labelsLateBy[name] = Int64(by) * 1_000
            later(seconds) { [traffic] in traffic.condition.labelsLateBy[name] = nil }
        default: break
        }
    }
}
