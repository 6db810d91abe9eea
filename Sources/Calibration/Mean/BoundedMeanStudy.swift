import Evidence

/// Scores between 0 and 1 whose mean must be 0.9, drawn from Beta distributions.
package enum BoundedMeanStudy: Study {
    package static let name = "bounded-means"
    package static let summary = "scores in 0...1, at least 0.9 on average: delay, false alarms"

    package static let limit = 0.9
    /// a + b of the Beta distributions.
    private static let precision = 10.0

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        [0.05, 0.01].flatMap { alpha -> [StudyFigure] in
            let calm = alarms(
                mean: limit, alpha: alpha, horizon: 20_000, seed: seed,
                repetitions: effort.repetitions(full: 1_000))
            let scenario = "mean 0.9, α \(alpha)"
            let rate = Estimate(rateOf: calm.map { $0 != nil })
            return [
                rate.figure(
                    name, scenario, "gatewright", "false-rollback", promise: .atMost(alpha))
            ]
                + [0.895, 0.89, 0.88].flatMap { mean -> [StudyFigure] in
                    let bound = bound(mean: mean, alpha: alpha)
                    let times = alarms(
                        mean: mean, alpha: alpha, horizon: Int(bound * 20), seed: seed,
                        repetitions: effort.repetitions(full: 200))
                    let delay = Estimate(meanOf: times.compactMap { $0.map(Double.init) })
                    return [
                        delay.divided(by: bound).figure(
                            name, "mean \(mean), α \(alpha)", "gatewright", "ratio-to-bound",
                            promise: .atMost(1.75))
                    ]
                }
        }
    }

    /// log(1/α) over what the best fixed bet gains from each score.
    package static func bound(mean: Double, alpha: Double) -> Double {
        -LogDomain.log(alpha) / gain(mean: mean).information
    }

    /// max over λ of E log(1 + λ(0.9 - X)), by quadrature over 20,000 quantiles.
    package static func gain(mean: Double) -> (bet: Double, information: Double) {
        let (a, b) = (precision * mean, precision * (1 - mean))
        let count = 20_000
        let scores = (0..<count).map {
            BetaDistribution.quantile((Double($0) + 0.5) / Double(count), a, b)
        }
        func gain(_ bet: Double) -> Double {
            scores.reduce(0) { $0 + LogDomain.log1p(bet * (limit - $1)) } / Double(count)
        }
        // Golden section (Kiefer 1953): the gain is concave in the bet.
        let ratio = (5.0.squareRoot() - 1) / 2
        var (low, high) = (0.0, 1 / (1 - limit))
        for _ in 0..<60 {
            let (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
            if gain(left) < gain(right) { low = left } else { high = right }
        }
        let bet = (low + high) / 2
        return (bet, gain(bet))
    }

    /// Scores until the alarm.
    package static func alarms(
        mean: Double, alpha: Double, horizon: Int, tick: Int = 1, seed: UInt64, repetitions: Int
    ) -> [Int?] {
        let (a, b) = (precision * mean, precision * (1 - mean))
        let seed = Repetitions.seed(seed, "mean \(mean)")
        return Repetitions.run(repetitions, seed: seed) { random -> Int? in
            guard var process = try? BoundedMeanProcess(atLeast: limit, in: 0...1) else {
                return nil
            }
            for count in 1...max(horizon, 1) {
                guard (try? process.observe(min(max(random.beta(a, b), 0), 1))) != nil else {
                    return nil
                }
                if count % tick == 0,
                    EvidenceReading.reaches(process.rollback.logE, level: alpha)
                {
                    return count
                }
            }
            return nil
        }
    }
}
