import Evidence

/// Users who keep to an arm and differ from each other: their requests are not independent.
package enum ClusterStudy: Study {
    package static let name = "sticky-users"
    package static let summary = "sticky users: false rollbacks when requests are counted"

    package static func run(seed: UInt64, effort: Effort) -> [StudyFigure] {
        [(0.01, 20), (0.05, 20), (0.1, 20), (0.1, 5)].flatMap { correlation, requests in
            falseRollbacks(
                correlation: correlation, requests: requests, seed: seed,
                repetitions: effort.repetitions(full: 600)
            ).map { rule, rate in
                rate.figure(
                    name, "\(requests) requests a user, intraclass correlation \(correlation)",
                    rule, "false-rollback",
                    promise: rule == "gatewright, users" ? .atMost(0.05) : nil)
            }
        }
    }

    package static let limit = 0.05
    static let users = 5_000

    /// The variance of a mean over such users, relative to that of independent requests.
    package static func designEffect(correlation: Double, requests: Int) -> Double {
        1 + Double(requests - 1) * correlation
    }

    /// The share of runs over 5,000 users at the limit that roll back, by what is counted.
    package static func falseRollbacks(
        correlation: Double, requests: Int, seed: UInt64, repetitions: Int
    ) -> [(String, Estimate)] {
        let names = ["requests", "gatewright, requests tempered", "gatewright, users"]
        let spread = 1 / correlation - 1
        let effect = designEffect(correlation: correlation, requests: requests)
        let seed = Repetitions.seed(seed, "\(correlation) \(requests)")
        let found = Repetitions.run(repetitions, seed: seed) { random -> [Bool] in
            guard var plain = try? ProportionProcess(limit: limit) else {
                return names.map { _ in true }
            }
            var tempered = plain
            var clusters = DesignEffect()
            var wealth = EffectGrid.logOdds.map { _ in 0.0 }
            var userPeak = 0.0
            for user in 1...users {
                let rate = random.beta(limit * spread, (1 - limit) * spread)
                let failures = random.binomial(requests, rate)
                // A user's hash has even bits.
                let hash = random.next()
                for request in 0..<requests {
                    clusters.observe(user: hash, request < failures ? 1 : 0)
                }
                let valid: Void? = try? plain.observe(trials: requests, failures: failures)
                if user % 100 == 0 || user == 1 {
                    tempered.assume(designEffect: clusters.estimate)
                }
                try? tempered.observe(trials: requests, failures: failures)
                guard valid != nil else { return names.map { _ in true } }
                let harm = Double(failures) / Double(requests) - limit
                for (index, step) in EffectGrid.logOdds.enumerated() {
                    let far = LogDomain.expit(LogDomain.logit(limit) + step)
                    let full = Double(requests) / effect * (far - limit) / (limit * (1 - limit))
                    wealth[index] += LogDomain.log1p(min(full, 0.98 / limit) * harm)
                }
                userPeak = max(userPeak, LogDomain.logMeanExp(wealth))
            }
            return [plain.rollback.peak, tempered.rollback.peak, userPeak].map {
                EvidenceReading.reaches($0, level: 0.05)
            }
        }
        return names.indices.map { index in
            (names[index], Estimate(rateOf: found.map { $0[index] }))
        }
    }
}
