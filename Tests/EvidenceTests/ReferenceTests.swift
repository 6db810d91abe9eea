import Testing

@testable import Evidence

@Suite struct ReferenceTests {
    let vectors: ReferenceVectors
    let logPoints = LogDomain.log(8)

    init() throws { vectors = try .read() }

    @Test func oneSample() throws {
        #expect(vectors.oneSampleBernoulli.count == 12)
        for row in vectors.oneSampleBernoulli {
            var process = try ProportionProcess(limit: row.q0)
            try process.observe(trials: row.n, failures: row.errors)
            let wealth =
                row.direction.hasPrefix("rollback") ? process.rollback : process.promote
            #expect(close(wealth.logs.map { $0 - logPoints }, row.logEPerGrid))
            #expect(close(wealth.logE, row.logE))
            #expect(wealth.peak == max(0, wealth.logE))
        }
    }

    @Test func twoSampleBlocks() throws {
        #expect(vectors.twoSampleBernoulliBlocks.count == 8)
        for row in vectors.twoSampleBernoulliBlocks {
            let limit = try ComparisonLimit(ratio: row.boundary.r, margin: row.boundary.delta)
            var process = try ProportionComparison(limit: limit)
            let isRollback = row.direction.hasPrefix("rollback")
            for (block, expected) in zip(row.blocksNcScNbSbQb, row.logEAfterEachBlock) {
                let counts = block.prefix(4).compactMap(\.self)
                try #require(counts.count == 4)
                try process.observe(
                    ComparisonBlock(
                        candidateTrials: counts[0], candidateFailures: counts[1],
                        stableTrials: counts[2], stableFailures: counts[3]),
                    stableRate: row.baselineRateUsed)
                let wealth = isRollback ? process.rollback : process.promote
                #expect(close(wealth.logE, expected))
            }
            let wealth = isRollback ? process.rollback : process.promote
            #expect(close(wealth.logs.map { $0 - logPoints }, row.finalLogEPerGrid))
        }
    }

    @Test func nullProjections() throws {
        for row in vectors.twoSampleBernoulliBlocks {
            let limit = try ComparisonLimit(ratio: row.boundary.r, margin: row.boundary.delta)
            let first = try #require(row.blocksNcScNbSbQb.first).compactMap(\.self)
            for point in row.firstBlockAltQcThetaCThetaB {
                let nearest = limit.projection(
                    of: FailureRates(candidate: point[0], stable: row.baselineRateUsed),
                    candidateWeight: Double(first[0]), stableWeight: Double(first[2]))
                #expect(close(nearest.candidate, point[1]) && close(nearest.stable, point[2]))
            }
        }
    }

    @Test func paired() throws {
        #expect(vectors.pairedShadow.count == 6)
        for row in vectors.pairedShadow {
            var process = try PairedComparison(margin: row.delta)
            try process.observe(
                better: row.nPlusCandidateOnlyCorrect, equal: row.nZero,
                worse: row.nMinusBaselineOnlyCorrect)
            let wealth =
                row.direction.hasPrefix("rollback") ? process.rollback : process.promote
            #expect(close(wealth.logs.map { $0 - logPoints }, row.logEPerGrid))
            #expect(close(wealth.logE, row.logE))
        }
    }

    @Test func restartTrace() throws {
        let row = vectors.restartMixture
        var process = try ProportionProcess(limit: row.q0, restarts: row.nRestartBudget)
        #expect(row.trace.count == row.blockErrors.count)
        for (index, (errors, expected)) in zip(row.blockErrors, row.trace).enumerated() {
            if index > 0 && index.isMultiple(of: row.restartEveryBlocks) { process.restart() }
            try process.observe(trials: row.blockSize, failures: errors)
            let wealth = process.rollback
            #expect(close(LogDomain.logMeanExp(wealth.logs), try #require(expected[0].value)))
            #expect((wealth.restarts?.logE == nil) == (expected[1].value == nil))
            if let restarted = wealth.restarts?.logE, let value = expected[1].value {
                #expect(close(restarted, value))
            }
            #expect(close(wealth.logE, try #require(expected[2].value)))
        }
    }

    @Test func normalGrid() {
        #expect(vectors.normalGrid.count == 3)
        for row in vectors.normalGrid {
            #expect(close(row.gridD, EffectGrid.relative))
            let factors = NormalGrid.logFactors(
                difference: row.deltaHat, variance: row.varOfDeltaHat)
            #expect(close(LogDomain.logMeanExp(factors), row.logEGrid))
        }
    }

    @Test func asymptoticIntervals() {
        for row in vectors.asymptoticCs {
            let half = asymptoticHalfWidth(
                count: row.t, deviation: row.sd, alpha: row.alpha, tightestAt: row.tStar)
            #expect(close(row.mean - half, row.lower) && close(row.mean + half, row.upper))
        }
    }

    // Given their total, events fall on the candidate like coins with the share of the null.
    @Test func eventRates() throws {
        for row in vectors.poissonRateRatio {
            var process = try ProportionProcess(limit: row.nullShare)
            try process.observe(trials: row.eventsC + row.eventsB, failures: row.eventsC)
            #expect(close(process.rollback.logE, row.logERollback))
        }
    }

    @Test func splits() {
        #expect(vectors.srmDirichletMultinomial.count == 3)
        for row in vectors.srmDirichletMultinomial {
            let logE = SplitProcess.logE(
                counts: row.counts, shares: row.theta0, concentration: row.concentrationK)
            #expect(close(logE, row.logE))
        }
    }

    @Test func informationBounds() throws {
        for row in vectors.informationBoundsOneSample {
            #expect(close(Information.divergence(row.q1, from: row.q0) / row.kl, 1))
        }
        for row in vectors.informationBoundsTwoSample {
            let limit = try ComparisonLimit.rise(points: row.delta)
            let nearest = limit.projection(
                of: FailureRates(candidate: row.qC, stable: row.qB),
                candidateWeight: row.candidateShare, stableWeight: 1 - row.candidateShare)
            #expect(close(nearest.candidate, row.thetaC) && close(nearest.stable, row.thetaB))
            let information = Information.divergence(
                candidate: row.qC, stable: row.qB, from: limit, share: row.candidateShare)
            #expect(close(information / row.infoPerRequest, 1, 1e-9))
        }
    }

    // mpmath, 40 digits.
    @Test(arguments: [
        (0.5, 0.572_364_942_924_700_1), (1, 0), (1.5, -0.120_782_237_635_245_22),
        (10.25, 13.368_023_671_476_045), (100.5, 361.435_540_467_777_6),
        (1_234.75, 7_552.330_430_458_29),
    ])
    func logGamma(_ x: Double, _ expected: Double) {
        #expect(close(LogDomain.logGamma(x), expected, 1e-14))
    }
}
