import Calibration
import RolloutCore

// What few worlds have.
extension WorldPlan {
    mutating func add(_ kind: FaultKind, _ random: inout SeededRandom) {
        switch kind {
        case .pretences:
            for _ in 0..<random.within(1...3) {
                let seconds = random.pick([20, 60, 180]) ?? 60
                let at = drawTime(&random)
                events.append(TimedEvent(at: at, event: .remotePretends(seconds: seconds)))
            }
        case .regional:
            failsByRegion = true
            for place in rollouts.indices { spread(place) }
        case .windows:
            let begin = random.within(2...12)
            closed = begin..<(begin + random.within(5...15))
            for place in rollouts.indices { rollouts[place].hasWindow = true }
        case .poison: events.append(TimedEvent(at: drawTime(&random), event: .poisonSpec))
        case .restarts:
            // No life is long enough for a step, and nobody else is there.
            controllers = 1
            for place in rollouts.indices { rollouts[place].soakSeconds = 120 }
            let seconds = random.within(80...100)
            events.append(
                TimedEvent(at: drawTime(&random), event: .restarts(everySeconds: seconds)))
        case .forgeries: addForgeries(&random)
        case .held: addHolding(&random)
        case .elsewhere: addConsentElsewhere(&random)
        case .hush: addConsentInSilence(&random)
        case .servers:
            let place = random.below(rollouts.count)
            if random.happens(50) { rollouts[place].capacity = Self.tooFew }
            for _ in 0..<random.within(1...3) {
                add(
                    .servers(rollout: place, isEnough: random.happens(50)),
                    at: drawTime(&random))
            }
        case .group: addGroup(&random)
        case .partitions: addPartitions(&random)
        case .labels: addLabels(&random)
        case .forgedDecisions: addForgedDecisions(&random)
        case .baseline:
            let place = random.below(rollouts.count)
            if random.happens(50) { rollouts[place].stableCapacity = Self.tooFew }
            for _ in 0..<random.within(1...3) {
                add(
                    .baselineServers(rollout: place, isEnough: random.happens(50)),
                    at: drawTime(&random))
            }
        case .deaf:
            for _ in 0..<random.within(1...3) {
                let seconds = random.pick([20, 60, 180, 400]) ?? 60
                add(
                    .routerIsDeaf(region: random.below(3), seconds: seconds),
                    at: drawTime(&random))
            }
        default: break
        }
    }

    /// Two controllers at the least, one of which at a time is cut off from something.
    private mutating func addPartitions(_ random: inout SeededRandom) {
        if !kinds.contains(.restarts) { controllers = max(controllers, 2) }
        for _ in 0..<random.within(1...4) {
            let (controller, region) = (random.below(controllers), random.below(3))
            let seconds = random.pick([20, 60, 180, 400]) ?? 60
            let git = WorldEvent.cutOffFromGit(controller: controller, seconds: seconds)
            let traffic = WorldEvent.cutOffFromTraffic(controller: controller, seconds: seconds)
            let routers = (0..<3).map {
                WorldEvent.cutOffFromRouter(controller: controller, region: $0, seconds: seconds)
            }
            let choices: [[WorldEvent]] = [
                [git], [git], [.seesOldBranch(controller: controller, seconds: seconds)],
                [routers[region]], [traffic], [git, traffic], [git, traffic] + routers,
            ]
            let at = drawTime(&random)
            for event in random.pick(choices) ?? [] { add(event, at: at) }
        }
    }

    private mutating func addLabels(_ random: inout SeededRandom) {
        labels = Labels(after: random.happens(50) ? 60 : nil, isCompared: random.happens(40))
        for _ in 0..<random.within(0...2) {
            let (place, seconds) = (random.below(rollouts.count), random.pick([20, 60, 180]) ?? 60)
            add(
                random.happens(50)
                    ? .labelsStop(rollout: place, seconds: seconds)
                    : .labelsLate(rollout: place, seconds: seconds, by: random.within(15...240)),
                at: drawTime(&random))
        }
    }

    /// Requests a minute: enough for a canary of what a world's callers send, and far too few for
    /// half of them, however much of it was lost on the way.
    static let tooFew = 4
    static let enough = 1_000

    /// People who agree, and people who seem to, around the times at which they are asked.
    private mutating func addForgeries(_ random: inout SeededRandom) {
        hasForgers = true
        spread(0)
        let asked = events.compactMap { timed -> Int64? in
            if case .ask(0, _) = timed.event { timed.at } else { nil }
        }
        // Mostly one forgery in a world, or no forged approval would ever be the one that counts.
        let theme = random.pick(WorldEvent.Forgery.allCases) ?? .edited
        for _ in 0..<random.within(6...14) {
            let at = (random.pick(asked) ?? 60_000) + Int64(random.within(40...400)) * 1_000
            add(drawConsent(forged: theme, &random), at: at)
        }
        if random.happens(30) { add(.loosenApprovals, at: drawTime(&random)) }
        if random.happens(50) { addSecondAsking(&random) }
    }

    /// Serves a rollout in two regions at the least.
    mutating func spread(_ place: Int) {
        guard rollouts[place].regions.count < 2 else { return }
        rollouts[place].regions = Array(Names.regions.prefix(2))
    }

    private func drawConsent(
        forged theme: WorldEvent.Forgery, _ random: inout SeededRandom
    ) -> WorldEvent {
        let person = random.below(3)
        switch random.below(9) {
        case 0...2: return .approve(rollout: 0, person: person, nil)
        case 3...5: return .approve(rollout: 0, person: person, theme)
        case 6: return .approve(rollout: 0, person: 2, .backdated)
        case 7: return .revokeKey(person: 1 + person)
        default: return .loseRevocations(seconds: random.pick([60, 180, 600]) ?? 60)
        }
    }

    private mutating func add(_ event: WorldEvent, at time: Int64) {
        events.append(TimedEvent(at: min(time, active.milliseconds - 1_000), event: event))
    }

    /// Who writes a change under the engineer's name; `nil` where the engineer does.
    func ghostwriter(of version: Int) -> String? {
        hasForgers && version % 4 == 2 ? People.approvers[0] : nil
    }
}
