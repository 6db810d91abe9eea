import Foundation
import Testing

@testable import Evidence

/// Users who stick to a version, slices of one guardrail, and events with exposures.
@Suite struct ClusteringTests {
    private static func hash(_ user: Int) -> UInt64 { UInt64(user) &* 0x9E37_79B9_7F4A_7C15 }

    @Test func strangersCountAsThemselves() {
        var random = Seeded(7)
        var effect = DesignEffect()
        for index in 0..<20_000 {
            effect.observe(user: Self.hash(index), random.chance(0.1) ? 1 : 0)
        }
        #expect(effect.estimate == 1)
    }

    @Test func usersWhoNeverChangeCountOnce() {
        var effect = DesignEffect()
        for user in 0..<200 {
            for _ in 0..<10 { effect.observe(user: Self.hash(user), user % 10 == 0 ? 1 : 0) }
        }
        #expect(abs(effect.estimate - 10) < 0.1)
    }

    // Kish: 1 + (m - 1) · correlation.
    @Test func halfAlikeIsInBetween() {
        var random = Seeded(3)
        var effect = DesignEffect()
        for user in 0..<4_000 {
            let rate = random.chance(0.5) ? 0.1 : 0.4
            for _ in 0..<20 {
                effect.observe(user: Self.hash(user), random.chance(rate) ? 1 : 0)
            }
        }
        // Between 0.0225 and within 0.165: a correlation of 0.12.
        #expect((2.3...4.6).contains(effect.estimate))
    }

    @Test func whatIsSavedComesBackWhole() throws {
        var random = Seeded(11)
        var effect = DesignEffect()
        for user in 0..<1_500 {
            effect.observe(user: Self.hash(user), Double(user % 7) / 3 - 1)
            effect.observe(user: Self.hash(user), random.chance(0.3) ? 1e-9 : 17)
        }
        let data = try JSONEncoder().encode(effect)
        #expect(try JSONDecoder().decode(DesignEffect.self, from: data) == effect)
        // 512 users of four words, and little else.
        #expect(data.count < 512 * 64 + 200)
        let text = String(decoding: data, as: UTF8.self)
        for damaged in [
            text.replacingOccurrences(of: "\"users\":\"", with: "\"users\":\"0"),
            text.replacingOccurrences(of: "\"users\":\"", with: "\"users\":\"00000000000000zz"),
            text.replacingOccurrences(
                of: "\"users\":\"", with: "\"users\":\"" + String(repeating: "0", count: 64)),
        ] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(DesignEffect.self, from: Data(damaged.utf8))
            }
        }
    }

    @Test func mergingIsCountingTogether() {
        var (one, left, right) = (DesignEffect(), DesignEffect(), DesignEffect())
        for index in 0..<3_000 {
            let (user, value) = (Self.hash(index % 900), Double(index % 7))
            one.observe(user: user, value)
            if index % 2 == 0 {
                left.observe(user: user, value)
            } else {
                right.observe(user: user, value)
            }
        }
        left.merge(right)
        #expect(abs(left.estimate - one.estimate) < 1e-9)
    }

    @Test func temperedEvidenceIsWeakerAndSaysSo() throws {
        var plain = try ProportionProcess(limit: 0.05)
        var tempered = plain
        tempered.assume(designEffect: 4)
        try plain.observe(trials: 1_000, failures: 100)
        try tempered.observe(trials: 1_000, failures: 100)
        let (exact, asymptotic) = (plain.reading(alpha: 0.05), tempered.reading(alpha: 0.05))
        #expect(exact.validity == .exact && asymptotic.validity == .asymptotic)
        #expect(asymptotic.rollbackLogE < exact.rollbackLogE / 3)
        let (wide, narrow) = (
            try #require(asymptotic.upper) - (try #require(asymptotic.lower)),
            try #require(exact.upper) - (try #require(exact.lower))
        )
        #expect(wide > 1.6 * narrow)
    }

    // The largest of many running maxima would be many chances.
    @Test func aMixtureIsTheAverageOfPresentValues() {
        var mixture = SliceMixture()
        mixture.observe(pooled: 0, slices: [LogDomain.log(7), 0, 0])
        #expect(close(mixture.logE, LogDomain.log(0.5 + 0.5 * 3)))
        mixture.observe(pooled: -2, slices: [-1, -1, -1])
        #expect(mixture.logE < 0 && close(mixture.peak, LogDomain.log(2)))
        var alone = SliceMixture()
        alone.observe(pooled: 3, slices: [])
        #expect(alone.logE == 3 && alone.hasCrossed(0.05) && !alone.hasCrossed(0.04))
    }

    @Test func eventsAreComparedAtAnyExposure() throws {
        var random = Seeded(5)
        var alarms = 0
        for _ in 0..<200 {
            var process = try RateComparison(ratio: 1)
            for block in 0..<200 {
                // The level swings by ± 60 %, and the candidate has 5 % of it.
                let rate = 0.02 * (1 + 0.6 * (block % 24 < 12 ? 1 : -1))
                try process.observe(
                    candidateEvents: random.failures(of: 50, rate),
                    stableEvents: random.failures(of: 950, rate), candidateExposure: 50,
                    stableExposure: 950)
            }
            if process.reading(alpha: 0.05).crossed(.rollback, level: 0.05) { alarms += 1 }
        }
        #expect(alarms <= 16)
        var bad = try RateComparison(ratio: 1.5)
        for _ in 0..<300 {
            try bad.observe(
                candidateEvents: 4, stableEvents: 20, candidateExposure: 50, stableExposure: 950)
        }
        let reading = bad.reading(alpha: 0.01)
        #expect(reading.crossed(.rollback, level: 0.01))
        #expect(close(try #require(reading.estimate), 3.8, 1e-12))
        #expect(throws: InvalidEvidence.self) {
            try bad.observe(
                candidateEvents: 1, stableEvents: 0, candidateExposure: 0, stableExposure: 1)
        }
    }
}
