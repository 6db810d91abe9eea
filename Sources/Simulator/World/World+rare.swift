import RolloutCore
import Synchronization

// What happens in few worlds.
extension World {
    func happensRarely(_ event: WorldEvent) {
        switch event {
        case .loseRevocations(let seconds):
            witness.mark("G7")
            spawn { [self] in try await loseRevocations(seconds) }
        case .loosenApprovals:
            let text = ProjectText.approvals(least: 1)
            spawn { [self] in
                try await people.commit(["policies/approvals/two.yaml": Array(text.utf8)])
            }
        case .servers(let place, let isEnough):
            if !isEnough { witness.mark("D10") }
            spawn { [self] in try await declareServers(place, \.capacity, isEnough: isEnough) }
        case .baselineServers(let place, let isEnough):
            if !isEnough { witness.mark("D14") }
            spawn { [self] in try await declareServers(place, \.stableCapacity, isEnough: isEnough)
            }
        case .poisonSpec:
            witness.mark("B10")
            spawn { [self] in
                try await people.commit([
                    "rollouts/zeta/rollout.yaml": Array("spec: {guardrials: []}\n".utf8)
                ])
            }
        case .forgeDecision(let place, let seconds):
            spawn { [self] in try await forgeDecision(place, seconds) }
        case .remotePretends(let seconds):
            witness.mark("A9")
            remote.condition.pretends = true
            scheduler.after(.seconds(Int64(seconds))) { [remote] in
                remote.condition.pretends = false
            }
        case .restarts(let seconds):
            witness.mark("B9")
            restart(every: .seconds(Int64(seconds)))
        default: break
        }
    }

    /// People write down how many servers there are.
    private func declareServers(
        _ place: Int, _ whose: any WritableKeyPath<WorldPlan.RolloutPlan, Int?> & Sendable,
        isEnough: Bool
    ) async throws {
        let plan = memory.withLock { memory in
            let place = place % memory.plans.count
            memory.plans[place][keyPath: whose] = isEnough ? WorldPlan.enough : WorldPlan.tooFew
            return memory.plans[place]
        }
        try await people.commit(ProjectText.versionFiles(plan))
    }

    /// Where anything was said of servers, there are enough of them from now on.
    func declareEnoughServers(_ place: Int) async throws {
        if plan(of: place).capacity != nil {
            try await declareServers(place, \.capacity, isEnough: true)
        }
        if plan(of: place).stableCapacity != nil {
            try await declareServers(place, \.stableCapacity, isEnough: true)
        }
    }

    private func forgeDecision(_ place: Int, _ seconds: Int) async throws {
        guard let forged = try await people.forge(plan(of: place).name) else { return }
        witness.mark("F16 forged")
        memory.withLock { $0.forged.append(forged) }
        await scheduler.wait(.seconds(Int64(seconds)))
        try await people.takeBack(forged)
    }

    /// The newest first: one may have been put onto another, and onto a state that was spoilt.
    func takeBackForgeries() async throws {
        for forged in memory.withLock({ $0.forged }).reversed() {
            try await untamperAll()
            try await people.takeBack(forged)
        }
        try await untamperAll()
    }

    private func loseRevocations(_ seconds: Int) async throws {
        let files: [String: [UInt8]?] = ["policies/revoked-signers": nil]
        try await people.commit(files)
        await scheduler.wait(.seconds(Int64(seconds)))
        try await people.writeRevocations()
    }

    /// Until everything has come to rest.
    private func restart(every span: TimeSpan) {
        scheduler.after(span) { [self] in
            guard !memory.withLock({ $0.isAtRest }) else { return }
            if hosts[0].process != nil { hosts[0].crash(downFor: .seconds(3)) }
            restart(every: span)
        }
    }
}
