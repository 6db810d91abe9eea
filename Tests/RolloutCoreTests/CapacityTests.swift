import RolloutCore
import Testing

/// Servers that are not there answer nobody.
@Suite struct CapacityTests {
    private let eu = Given.regions[0]
    private let us = Given.regions[1]

    private func rate(_ perMinute: Int) -> RequestRate {
        guard let rate = RequestRate(perMinute: perMinute) else { preconditionFailure() }
        return rate
    }

    private func heard(_ busiest: Int?) -> RegionTraffic {
        RegionTraffic(
            candidate: 10, stable: 900, candidateLast: Given.now, stableLast: Given.now,
            busiest: busiest)
    }

    /// At canary 5 %, and eu is to get 25 % next.
    private func decided(
        eu ready: Int?, busiest: Int?, pinned: Int? = nil, orders: [Order] = []
    ) -> Decision {
        let asked = Given.ask(capacity: pinned.map { [eu: rate($0)] })
        var state = Given.booted.after(.start(Action.Start(asked)), number: 2, at: Given.now)
        state = state.after(.advance(step: 1), number: 3, at: Given.now)
        return decide(
            Given.input(
                state, request: .asked(asked), orders: orders,
                traffic: [eu: heard(busiest), us: heard(90_000)],
                capacity: ready.map { $0 == 0 ? [:] : [eu: rate($0)] }))
    }

    @Test(
        "D10: a step has to fit",
        arguments: [
            // 25 % of 4,000 a minute are 1,000.
            (ready: 1_000 as Int?, busiest: 4_000 as Int?, expected: "advance 2"),
            (999, 4_000, "capacity"), (1_000, 4_001, "capacity"), (1, 4, "advance 2"),
            // Nobody knows what a share of nothing heard would come to.
            (1_000_000, nil, "capacity"),
            // Nothing was said of its servers: nothing is asked.
            (0, 4_000, "advance 2"), (nil, 4_000, "advance 2"), (nil, nil, "advance 2"),
        ])
    func aStepHasToFit(_ row: (ready: Int?, busiest: Int?, expected: String)) {
        #expect(word(decided(eu: row.ready, busiest: row.busiest)) == row.expected)
    }

    @Test func theFileCountsAsItIsNow() {
        #expect(word(decided(eu: 2_000, busiest: 4_000, pinned: 10)) == "advance 2")
        #expect(word(decided(eu: 10, busiest: 4_000, pinned: 2_000)) == "capacity")
        // Without one, what the run began with.
        #expect(word(decided(eu: nil, busiest: 4_000, pinned: 10)) == "capacity")
        #expect(word(decided(eu: 0, busiest: 4_000, pinned: 10)) == "advance 2")
    }

    @Test("D10: no order makes servers")
    func noOrderMakesServers() {
        let run = RunID(rollout: Given.name, firstDecision: 2)
        let promote = Order(
            name: "o1", action: .promote(run: run, step: 1), by: "sre@example.org", reason: "now")
        #expect(word(decided(eu: 999, busiest: 4_000, orders: [promote])) == "capacity")
        #expect(word(decided(eu: 1_000, busiest: 4_000, orders: [promote])) == "advance 2")
    }

    @Test(
        "D14: stable has to be able to take everybody back",
        arguments: [
            (ready: 4_000 as Int?, busiest: 4_000 as Int?, expected: "advance 2"),
            // It is to take all of them, whatever the candidate gets.
            (3_999, 4_000, "capacity"), (1_000_000, nil, "capacity"),
            (nil, 4_000, "advance 2"), (nil, nil, "advance 2"),
        ])
    func stableHasToBeAbleToTakeEverybodyBack(
        _ row: (ready: Int?, busiest: Int?, expected: String)
    ) {
        let decision = decided(wayBack: row.ready, busiest: row.busiest)
        #expect(word(decision) == row.expected)
        // What is on its way down is never kept up for it.
        let failing = Given.input(
            Given.state(advances: 1), failures: 4_000,
            traffic: [eu: heard(row.busiest), us: heard(90_000)],
            stableCapacity: row.ready.map { [eu: rate($0)] })
        #expect(word(decide(failing)) == "rollback")
    }

    private func decided(wayBack ready: Int?, busiest: Int?) -> Decision {
        decide(
            Given.input(
                Given.state(advances: 1), traffic: [eu: heard(busiest), us: heard(90_000)],
                stableCapacity: ready.map { [eu: rate($0)] }))
    }

    @Test func itSaysWhoseServersAreToStay() {
        let decision = decided(wayBack: 5_940, busiest: 24_000)
        #expect(
            Explanation(decision, Given.input(Given.state(advances: 1))).line
                == "selector cannot go above canary 5%: a rollback sends everybody back to 1.0.0 at "
                + "once, the servers of 1.0.0 are ready for 99/s in eu, and the last day's busiest "
                + "minute was 400/s; keep its servers until the candidate is stable, and say so "
                + "under serving.capacity of 1.0.0.")
    }

    @Test func whatIsServedAlreadyMayBecomeStable() {
        let state = Given.state(advances: 6)
        let decision = decide(Given.input(state, capacity: [eu: rate(1)]))
        #expect(word(decision) == "complete")
    }

    @Test func itSaysWhatIsMissing() {
        func line(_ busiest: Int?, _ ready: Int) -> String {
            let decision = decided(eu: ready, busiest: busiest)
            let state = Given.state(advances: 1)
            return Explanation(decision, Given.input(state)).line
        }
        #expect(
            line(24_000, 5_940)
                == "selector cannot go above canary 5%: the servers of 2.0.0 are ready for 99/s in "
                + "eu, and 25% of the last day's busiest minute are 100/s; add servers and say so "
                + "under serving.capacity of the version.")
        #expect(
            line(nil, 90)
                == "selector cannot go above canary 5%: the servers of 2.0.0 are ready for 90/min "
                + "in eu, and nobody has been heard there to count by; check the region's gateway.")
        // A record is a file: its numbers may be any.
        #expect(line(.max, 1).contains("2,305,843,009,213,693,952/min"))
    }

    @Test func ratesAreWholeRequestsAMinute() {
        #expect(RequestRate(perMinute: 0) == nil)
        #expect(RequestRate(perMinute: RequestRate.perMinuteMax + 1) == nil)
        #expect(rate(24_000).description == "400/s" && rate(90).description == "90/min")
        #expect(rate(60_000_000).description == "1,000,000/s")
    }
}
