import Calibration
import RolloutCore

// Worlds with a plot: what has to come in one order, with its times, hardly ever comes by chance.
extension WorldPlan {
    /// Two people agree, one of them to other regions than those of the run.
    mutating func addConsentElsewhere(_ random: inout SeededRandom) {
        spread(0)
        rollouts[0].isGated = true
        tell(
            from: random.within(30...240),
            [
                (0, .ask(rollout: 0, version: 8)),
                (60, .approve(rollout: 0, person: 0, nil)),
                (70, .approve(rollout: 0, person: 1, .otherRegions)),
            ])
    }

    /// The second of two people agrees when nothing has been heard of anybody for minutes.
    mutating func addConsentInSilence(_ random: inout SeededRandom) {
        rollouts[0].isGated = true
        let silence = random.within(150...200)
        tell(
            from: random.within(30...120),
            [
                (0, .ask(rollout: 0, version: 8)),
                (60, .approve(rollout: 0, person: 0, nil)),
                (silence, .trafficStops(rollout: 0, seconds: 300)),
                (silence + random.within(200...280), .approve(rollout: 0, person: 1, nil)),
            ])
    }

    /// A candidate falls silent while half of all callers have it, and somebody holds a region far
    /// below that, so the step back would give it more.
    mutating func addHolding(_ random: inout SeededRandom) {
        rollouts[0].onBreach = "stepBack"
        rollouts[0].soakSeconds = 30
        let begin = random.within(30...200)
        let silence = random.within(120...240)
        tell(
            from: begin,
            [
                (0, .ask(rollout: 0, version: 8)),
                (silence, .candidateIsSilent(rollout: 0, seconds: 300)),
            ]
                + stride(from: 20, through: 110, by: 30).map {
                    (silence + $0, .strangerLowers(rollout: 0, region: 0))
                })
    }

    /// Two people agree to a canary that falls silent, goes back and is asked for again. Nobody
    /// agrees a second time.
    mutating func addSecondAsking(_ random: inout SeededRandom) {
        rollouts[0].onBreach = "stepBack"
        tell(
            from: random.within(30...240),
            [
                (0, .ask(rollout: 0, version: 8)),
                (60, .approve(rollout: 0, person: 0, nil)),
                (70, .approve(rollout: 0, person: 1, nil)),
                (200, .candidateIsSilent(rollout: 0, seconds: 310)),
                (550, .order(rollout: 0, .resume)),
            ])
    }

    /// Two rollouts share something, and are asked for at nearly the same time.
    mutating func addGroup(_ random: inout SeededRandom) {
        if rollouts.count == 1 {
            var second = RolloutPlan(name: Names.rollouts[1], regions: rollouts[0].regions)
            second.hasWindow = rollouts[0].hasWindow
            rollouts.append(second)
        }
        for place in 0..<2 { rollouts[place].isInGroup = true }
        // One after another, and with a controller that is started again and again no step is short.
        if kinds.contains(.restarts) { peace = .seconds(90 * 60) }
        let versions = [2, 3, 6, 8]
        tell(
            from: random.within(30...240),
            (0..<2).map {
                (random.within(0...3), .ask(rollout: $0, version: random.pick(versions) ?? 2))
            })
    }

    /// Decisions that nobody made, while a candidate is on its way. A controller whose disk is gone
    /// believes what it finds, so no disk goes.
    mutating func addForgedDecisions(_ random: inout SeededRandom) {
        events.removeAll { timed in
            if case .loseDisk = timed.event { true } else { false }
        }
        let begin = random.within(30...240)
        var story: [(seconds: Int, event: WorldEvent)] = [
            (0, .ask(rollout: 0, version: random.pick([2, 3, 6, 8]) ?? 2))
        ]
        for _ in 0..<random.within(1...3) {
            let seconds = random.pick([5, 60, 180, 400]) ?? 60
            story.append(
                (random.within(20...300), .forgeDecision(rollout: 0, seconds: seconds)))
        }
        tell(from: begin, story)
    }

    /// - Parameter story: seconds after its beginning, and what happens then. Peace waits for its end.
    private mutating func tell(from begin: Int, _ story: [(seconds: Int, event: WorldEvent)]) {
        for (seconds, event) in story {
            let at = Int64(begin + seconds) * 1_000
            events.append(TimedEvent(at: at, event: event))
            active = max(active, TimeSpan(milliseconds: at + 60_000))
        }
    }
}
