package import Evidence

/// Rules that judge the same made-up traffic until each has alarmed or the horizon is reached.
package struct Race: Sendable {
    let scenario: String
    /// Requests of both arms.
    let horizon: Int
    let contestants: [Contestant]
    /// Draws the next block from the number of requests of both arms so far.
    let draw: @Sendable (inout SeededRandom, Int) -> ComparisonBlock

    package init(
        _ scenario: String, horizon: Int, contestants: [Contestant],
        draw: @escaping @Sendable (inout SeededRandom, Int) -> ComparisonBlock
    ) {
        self.scenario = scenario
        self.horizon = horizon
        self.contestants = contestants
        self.draw = draw
    }

    package func run(seed: UInt64, repetitions: Int) -> RaceResult {
        let seed = Repetitions.seed(seed, scenario)
        let times = Repetitions.run(repetitions, seed: seed) { random in
            var rules = contestants.map { $0.make() }
            var alarms = [Int?](repeating: nil, count: rules.count)
            var waiting = Array(rules.indices)
            var totals = (0, 0, 0, 0)
            var seen = 0
            while seen < horizon, !waiting.isEmpty {
                let block = draw(&random, seen)
                totals.0 += block.candidateTrials
                totals.1 += block.candidateFailures
                totals.2 += block.stableTrials
                totals.3 += block.stableFailures
                let before = seen
                seen = totals.0 + totals.2
                // What comes after the horizon is not looked at; an empty block would never end.
                guard seen <= horizon, seen > before else { break }
                let look = Look(
                    block: block,
                    totals: ComparisonBlock(
                        candidateTrials: totals.0, candidateFailures: totals.1,
                        stableTrials: totals.2, stableFailures: totals.3))
                waiting.removeAll { index in
                    guard rules[index].alarms(at: look) else { return false }
                    alarms[index] = seen
                    return true
                }
            }
            return alarms
        }
        return RaceResult(race: self, times: times)
    }
}

/// When each rule alarmed, in requests of both arms; `nil` where it did not.
package struct RaceResult: Sendable {
    let race: Race
    /// For each repetition, for each contestant.
    let times: [[Int?]]

    package func times(of index: Int) -> [Int?] { times.map { $0[index] } }

    package func rate(of index: Int, within requests: Int? = nil) -> Estimate {
        Estimate(
            rateOf: times(of: index).map { time in
                time.map { $0 <= requests ?? race.horizon } ?? false
            })
    }

    /// Of those that alarmed.
    package func meanRequests(of index: Int) -> Estimate {
        Estimate(meanOf: times(of: index).compactMap { $0.map(Double.init) })
    }

    /// The false alarms within each number of requests; ours promise alpha at most.
    package func falseAlarms(
        _ study: String, measure: String = "false-rollback", within checkpoints: [Int]
    ) -> [StudyFigure] {
        race.contestants.indices.flatMap { index in
            let one = race.contestants[index]
            return checkpoints.map { requests in
                rate(of: index, within: requests).figure(
                    study, "\(race.scenario), within \(requests) requests", one.name, measure,
                    promise: one.promises ? .atMost(one.alpha) : nil)
            }
        }
    }

    /// Power, mean and 95th percentile of requests, and the ratio to the least that any test
    /// with this guarantee needs: log(1/alpha)/information (Wald 1945).
    ///
    /// - Parameters:
    ///   - information: natural log E for each request of both arms, at best.
    ///   - ratio: the largest ratio that ours promise.
    package func delays(
        _ study: String, information: Double, ratio: @Sendable (Double) -> Double?
    ) -> [StudyFigure] {
        race.contestants.indices.flatMap { index -> [StudyFigure] in
            let one = race.contestants[index]
            let found = times(of: index).compactMap { $0.map(Double.init) }.sorted()
            let power = rate(of: index).figure(
                study, race.scenario, one.name, "power",
                promise: one.promises ? .atLeast(0.99) : nil)
            guard !found.isEmpty else { return [power] }
            let mean = Estimate(meanOf: found)
            let bound = -LogDomain.log(one.alpha) / information
            let late = found[min(found.count - 1, found.count * 95 / 100)]
            return [
                power,
                mean.figure(study, race.scenario, one.name, "mean-requests"),
                StudyFigure(
                    study: study, scenario: race.scenario, rule: one.name, measure: "p95-requests",
                    value: late, standardError: nil, repetitions: found.count),
                mean.divided(by: bound).figure(
                    study, race.scenario, one.name, "ratio-to-bound",
                    promise: one.promises
                        ? ratio(one.alpha).map(StudyFigure.Promise.atMost) : nil),
            ]
        }
    }
}
