import Calibration
import RolloutCore

/// What can go wrong in a drawn world. Each world has a few kinds only: where everything breaks at
/// once, nothing gets far enough to break in an interesting way (Groce et al. 2012, swarm testing).
package enum FaultKind: String, Sendable, CaseIterable, Codable {
    case git, history, routers, strangers, crashes, effects, disks, clocks, pauses, observations
    case edits, orders, tampering, people
    // These came later, and draw from a stream of their own: seeds that draw none of them have the
    // worlds that they had.
    case pretences, regional, windows, poison, restarts, forgeries, held, elsewhere, hush
    // And these later still, from a third stream, and a fourth.
    case servers, deaf
    case group, baseline, forgedDecisions
    // And a fifth.
    case partitions, labels

    static let later: [FaultKind] = [
        .pretences, .regional, .windows, .poison, .restarts, .forgeries, .held, .elsewhere, .hush,
    ]

    static let latest: [FaultKind] = [.servers, .deaf]

    static let newest: [FaultKind] = [.group, .baseline, .forgedDecisions]

    static let recent: [FaultKind] = [.partitions, .labels]

    private static let ofOtherStreams = Set(later + latest + newest + recent)

    /// Whether it is drawn from the first stream.
    var isEarly: Bool { !Self.ofOtherStreams.contains(self) }
}

extension WorldPlan {
    /// The world of a seed.
    ///
    /// - Parameter allowed: the kinds of faults to draw from.
    package init(drawnFrom seed: UInt64, allowed: [FaultKind] = FaultKind.allCases) {
        self.init(seed: seed)
        var random = SeededRandom(seed: seed ^ 0x5EED)
        rollouts = (0..<Self.drawCount(&random)).map { Self.drawRollout($0, &random) }
        controllers = random.happens(60) ? 1 : random.happens(75) ? 2 : 3
        active = .seconds(Int64(random.within(6...16) * 60))
        peace = .seconds(45 * 60)
        let kinds = allowed.filter { $0.isEarly && random.happens(25) }
        var stream = SeededRandom(seed: seed ^ 0x1A7E)
        let later = FaultKind.later.filter { allowed.contains($0) && stream.happens(10) }
        self.kinds = Set(kinds + later)
        if later.contains(.forgeries) { rollouts[0].isGated = true }
        events = drawPeople(&random)
        for kind in kinds {
            for _ in 0..<random.within(1...4) {
                guard let event = Self.draw(kind, self, &random) else { continue }
                events.append(TimedEvent(at: drawTime(&random), event: event))
            }
        }
        for kind in later { add(kind, &stream) }
        var third = SeededRandom(seed: seed ^ 0x5E47)
        for kind in FaultKind.latest where allowed.contains(kind) && third.happens(10) {
            self.kinds.insert(kind)
            add(kind, &third)
        }
        var fourth = SeededRandom(seed: seed ^ 0x6A0E)
        for kind in FaultKind.newest where allowed.contains(kind) && fourth.happens(10) {
            self.kinds.insert(kind)
            add(kind, &fourth)
        }
        var fifth = SeededRandom(seed: seed ^ 0xF1F7)
        for kind in FaultKind.recent where allowed.contains(kind) && fifth.happens(20) {
            self.kinds.insert(kind)
            add(kind, &fifth)
        }
        if fifth.happens(10) { rollouts[fifth.below(rollouts.count)].regions = Names.regions }
        events.sort { $0.at < $1.at }
    }

    private static func drawCount(_ random: inout SeededRandom) -> Int {
        random.happens(80) ? 1 : random.happens(80) ? 2 : random.within(3...5)
    }

    private static func drawRollout(
        _ place: Int, _ random: inout SeededRandom
    ) -> RolloutPlan {
        var plan = RolloutPlan(
            name: Names.rollouts[place],
            regions: Array(Names.regions.prefix(random.pick([1, 1, 1, 2, 2, 3]) ?? 1)))
        plan.isGated = random.happens(25)
        plan.onNewVersion = random.pick(["replace", "replace", "queue", "reject"]) ?? "replace"
        plan.onBreach = random.pick(["rollback", "rollback", "hold", "stepBack"]) ?? "rollback"
        plan.soakSeconds = random.within(1...4) * 15
        plan.hasWaves = random.happens(40)
        return plan
    }

    func drawTime(_ random: inout SeededRandom) -> Int64 {
        Int64(random.within(30...Int(active.milliseconds / 1_000) - 60)) * 1_000
    }

    /// What people come to do in any world: they ask for versions, and agree to them.
    private func drawPeople(_ random: inout SeededRandom) -> [TimedEvent] {
        var events: [TimedEvent] = []
        for (place, rollout) in rollouts.enumerated() {
            for _ in 0..<random.within(1...3) {
                let at = drawTime(&random)
                events.append(
                    TimedEvent(
                        at: at, event: .ask(rollout: place, version: random.within(0...6))))
                guard rollout.isGated else { continue }
                for person in 0..<random.within(0...3) {
                    let delay = Int64(random.within(30...300)) * 1_000
                    events.append(
                        TimedEvent(
                            at: min(at + delay, active.milliseconds - 1_000),
                            event: .approve(rollout: place, person: person, nil)))
                }
            }
        }
        return events
    }

    private static func draw(
        _ kind: FaultKind, _ plan: WorldPlan, _ random: inout SeededRandom
    ) -> WorldEvent? {
        let rollout = random.below(plan.rollouts.count)
        let controller = random.below(plan.controllers)
        let region = random.below(3)
        let seconds = random.pick([5, 20, 60, 180, 400]) ?? 60
        let percent = random.within(10...90)
        let choices: [WorldEvent]
        switch kind {
        case .git:
            choices = [
                .remoteDown(seconds: seconds), .remoteRefuses(seconds: seconds),
                .remoteLosesAnswers(percent: percent, seconds: seconds),
                .remoteIsStale(seconds: seconds),
                .remoteIsSlow(milliseconds: random.within(1...60) * 1_000, seconds: seconds),
            ]
        case .history:
            choices = [
                .rewindRemote(commits: random.within(1...5), seconds: seconds),
                .deleteBranch(seconds: seconds),
            ]
        case .routers:
            choices = [
                .routerDown(region: region, seconds: seconds),
                .routerLosesAnswers(region: region, percent: percent, seconds: seconds),
                .routerIsSlow(
                    region: region, milliseconds: random.within(1...30) * 1_000, seconds: seconds),
            ]
        case .strangers:
            choices = [
                .routerForgets(region: region), .routerReloads(region: region),
                .strangerRaises(rollout: rollout, region: region),
                .strangerLowers(rollout: rollout, region: region),
                .strangerClaims(rollout: rollout, region: region),
            ]
        case .crashes:
            choices = [.crash(controller: controller, downSeconds: min(seconds, 180))]
        case .effects:
            let effect = random.pick(Effect.allCases) ?? .push
            choices = [
                .crashAtEffect(
                    controller: controller, effect, isAfter: random.happens(50)),
                .failEffect(
                    controller: controller, effect, count: random.within(1...5),
                    isDone: random.happens(50)),
            ]
        case .disks:
            choices = [
                .cutPower(controller: controller, downSeconds: min(seconds, 180)),
                .loseDisk(controller: controller, downSeconds: min(seconds, 180)),
                .fillDisk(controller: controller, seconds: seconds),
                .failSync(controller: controller, downSeconds: seconds),
            ]
        case .clocks:
            choices = [
                .jumpClock(
                    controller: controller,
                    seconds: random.pick([-86_400, -3_600, -60, -3, 3, 60, 3_600, 86_400]) ?? 60)
            ]
        case .pauses: choices = [.pause(controller: controller, seconds: seconds)]
        case .observations:
            choices = [
                .trafficStops(rollout: rollout, seconds: seconds),
                .candidateIsSilent(rollout: rollout, seconds: seconds),
                .observationsTwice(seconds: seconds),
                .observationsLate(seconds: seconds, by: random.within(1...120)),
                .observationsMislabelled(rollout: rollout, seconds: seconds),
            ]
        case .edits:
            choices = [
                .breakSpec(rollout: rollout), .mendSpec(rollout: rollout),
                .editPlan(rollout: rollout, soakSeconds: random.within(1...4) * 15),
                .loosenPolicy, .removeRollout(rollout: rollout),
            ]
        case .orders:
            let order = random.pick(WorldEvent.OrderKind.allCases) ?? .hold
            choices = [
                .order(rollout: rollout, order), .order(rollout: rollout, order),
                .removeOrders(rollout: rollout),
                .localOrder(
                    rollout: rollout, controller: controller,
                    random.pick([.hold, .abort, .rollback]) ?? .hold),
                .stopLine(random.happens(60)),
            ]
        case .tampering: choices = [.tamperState(rollout: rollout, seconds: seconds)]
        case .people:
            choices = [
                .approve(
                    rollout: rollout, person: random.below(3),
                    random.pick(WorldEvent.Forgery.early)),
                .approve(rollout: rollout, person: random.below(3), nil),
                .reject(rollout: rollout, person: random.below(3)),
                .revokeKey(person: random.within(1...3)),
            ]
        case .pretences, .regional, .windows, .poison, .restarts, .forgeries, .held, .elsewhere,
            .hush, .servers, .deaf, .group, .baseline, .forgedDecisions, .partitions,
            .labels:
            return nil
        }
        return random.pick(choices)
    }
}
