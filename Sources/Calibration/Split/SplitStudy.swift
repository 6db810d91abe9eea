import Evidence

/// Whether the traffic goes where it was sent: 5 % to the candidate.
package enum SplitStudy: Study {
    package static let name = "split"
    package static let summary = "a split that is not the one asked for: delay, false alarms"

    package static let alpha = 0.001

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        [0.05, 0.04, 0.051, 0.0525, 0.055, 0.06].flatMap { share -> [StudyFigure] in
            let times = alarms(
                share: share, seed: seed, repetitions: effort.repetitions(full: 200))
            let scenario = "5 % asked for, \(share * 100) % sent"
            let rate = Estimate(rateOf: times.map { $0 != nil })
            guard share != 0.05 else {
                return [
                    rate.figure(
                        name, scenario, "gatewright", "false-alarm", promise: .atMost(alpha))
                ]
            }
            let mean = Estimate(meanOf: times.compactMap { $0.map(Double.init) })
            return [
                rate.figure(name, scenario, "gatewright", "power", promise: .atLeast(0.99)),
                mean.figure(name, scenario, "gatewright", "mean-requests"),
                mean.divided(by: bound(share: share)).figure(
                    name, scenario, "gatewright", "ratio-to-bound", promise: .atMost(1.6)),
            ]
        }
    }

    package static func bound(share: Double) -> Double {
        -LogDomain.log(alpha) / Information.divergence(share, from: 0.05)
    }

    /// Requests until the alarm, looked at every 100 or 1000 requests.
    package static func alarms(
        share: Double, concentration: Double = SplitProcess.concentration, seed: UInt64,
        repetitions: Int
    ) -> [Int?] {
        let least = share == 0.05 ? 1_000_000 : bound(share: share)
        let tick = least > 200_000 ? 1_000 : 100
        let horizon = Int(min(share == 0.05 ? least : least * 10, 1e8))
        let seed = Repetitions.seed(seed, "share \(share)")
        return Repetitions.run(repetitions, seed: seed) { random -> Int? in
            var candidates = 0
            for look in 1...(horizon / tick) {
                candidates += random.binomial(tick, share)
                let logE = SplitProcess.logE(
                    counts: [candidates, look * tick - candidates], shares: [0.05, 0.95],
                    concentration: concentration)
                if EvidenceReading.reaches(logE, level: alpha) { return look * tick }
            }
            return nil
        }
    }
}
