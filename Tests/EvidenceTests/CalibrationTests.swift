import Testing

@testable import Evidence

/// How often, how soon: with fixed seeds, so that these never flicker.
@Suite struct CalibrationTests {
    static let alpha = 0.05
    static let threshold = -LogDomain.log(alpha)

    /// The largest share of false alarms that luck explains: alpha + 3 standard errors.
    func most(_ runs: Int) -> Double {
        Self.alpha + 3 * (Self.alpha * (1 - Self.alpha) / Double(runs)).squareRoot()
    }

    @Test("C12: one sample at the limit rarely rolls back or promotes")
    func oneSampleAtTheLimitRarelyRollsBackOrPromotes() throws {
        var random = Seeded(1)
        var (rollbacks, promotions) = (0, 0)
        let fresh = try ProportionProcess(limit: 0.05)
        for _ in 0..<2_000 {
            var process = fresh
            for _ in 0..<2_000 {
                try process.observe(trials: 1, failures: random.chance(0.05) ? 1 : 0)
            }
            if process.rollback.peak >= Self.threshold { rollbacks += 1 }
            if process.promote.peak >= Self.threshold { promotions += 1 }
        }
        #expect(Double(rollbacks) / 2_000 <= most(2_000))
        #expect(Double(promotions) / 2_000 <= most(2_000))
        // A test that never fires would pass too.
        #expect(rollbacks > 20 && promotions > 20)
    }

    // The level of both arms swings by half and the split moves: what breaks pooled tests.
    @Test func twoSamplesAtTheLimitRarelyRollBackOrPromote() throws {
        var random = Seeded(2)
        var (rollbacks, promotions) = (0, 0)
        let fresh = try ProportionComparison(limit: .rise(points: 0))
        for _ in 0..<500 {
            var process = fresh
            for look in 0..<500 {
                let level = (look / 50).isMultiple(of: 2) ? 0.15 : 0.05
                let candidates = look < 250 ? 4 : 12
                try process.observe(
                    ComparisonBlock(
                        candidateTrials: candidates,
                        candidateFailures: random.failures(of: candidates, level),
                        stableTrials: 16, stableFailures: random.failures(of: 16, level)))
            }
            if process.rollback.peak >= Self.threshold { rollbacks += 1 }
            if process.promote.peak >= Self.threshold { promotions += 1 }
        }
        #expect(Double(rollbacks) / 500 <= most(500))
        #expect(Double(promotions) / 500 <= most(500))
        #expect(rollbacks > 1 && promotions > 1)
    }

    @Test func restartsKeepTheLevel() throws {
        var random = Seeded(3)
        var rollbacks = 0
        let fresh = try ProportionProcess(limit: 0.1, restarts: 40)
        for _ in 0..<1_000 {
            var process = fresh
            for look in 0..<400 {
                if look.isMultiple(of: 10) { process.restart() }
                try process.observe(trials: 10, failures: random.failures(of: 10, 0.1))
            }
            if process.rollback.peak >= Self.threshold { rollbacks += 1 }
        }
        #expect(Double(rollbacks) / 1_000 <= most(1_000))
        #expect(rollbacks > 1)
    }

    @Test(arguments: [(0.07, 4), (0.10, 5)])
    func oneSampleIsSoonEnough(_ rate: Double, _ seed: UInt64) throws {
        var random = Seeded(seed)
        var total = 0
        for _ in 0..<200 {
            var process = try ProportionProcess(limit: 0.05)
            while process.rollback.peak < Self.threshold && process.trials < 50_000 {
                try process.observe(trials: 1, failures: random.chance(rate) ? 1 : 0)
            }
            total += process.trials
        }
        let bound = Self.threshold / Information.divergence(rate, from: 0.05)
        #expect(Double(total) / 200 / bound <= 1.75)
    }

    @Test func twoSamplesAreSoonEnough() throws {
        var random = Seeded(6)
        var total = 0
        let limit = try ComparisonLimit.rise(points: 0)
        for _ in 0..<60 {
            var process = try ProportionComparison(limit: limit, stableHistory: 0.05)
            while process.rollback.peak < Self.threshold && process.totals.stableTrials < 200_000 {
                try process.observe(
                    ComparisonBlock(
                        candidateTrials: 10, candidateFailures: random.failures(of: 10, 0.10),
                        stableTrials: 40, stableFailures: random.failures(of: 40, 0.05)))
            }
            total += process.totals.stableTrials + process.totals.candidateTrials
        }
        let information = Information.divergence(
            candidate: 0.10, stable: 0.05, from: limit, share: 0.2)
        #expect(Double(total) / 60 / (Self.threshold / information) <= 1.75)
    }

    // A regression after a long healthy time: restarts find it, the whole past does not.
    @Test func restartsFindLateHarm() throws {
        var random = Seeded(7)
        var with = try ProportionProcess(limit: 0.05, restarts: 200)
        var without = try ProportionProcess(limit: 0.05)
        for block in 0..<1_000 {
            if block.isMultiple(of: 10) { with.restart() }
            let failures = random.failures(of: 100, 0.04)
            try with.observe(trials: 100, failures: failures)
            try without.observe(trials: 100, failures: failures)
        }
        #expect(with.rollback.peak < Self.threshold)
        for block in 0..<40 {
            if block.isMultiple(of: 10) { with.restart() }
            let failures = random.failures(of: 100, 0.08)
            try with.observe(trials: 100, failures: failures)
            try without.observe(trials: 100, failures: failures)
        }
        #expect(with.rollback.peak >= Self.threshold)
        #expect(try #require(with.reading(alpha: 0.05).restartLogE) > 2)
        #expect(without.rollback.peak < Self.threshold)
    }
}
