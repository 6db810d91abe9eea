import Foundation
import Testing

@testable import Evidence

@Suite struct BoundedAndGaugeTests {
    // statistics: bets of 0.98 · 2^-j / (1 - m) against, /m for; computed by hand for one value.
    @Test func oneValueBetsAsWritten() throws {
        var process = try BoundedMeanProcess(atLeast: 0.9, in: 0...1)
        try process.observe(0.4)
        for (j, log) in process.rollback.logs.enumerated() {
            let bet = 0.98 * pow(2, -Double(j)) / 0.1
            #expect(close(log, Foundation.log(1 + bet * 0.5)))
        }
        for (j, log) in process.promote.logs.enumerated() {
            let bet = 0.98 * pow(2, -Double(j)) / 0.9
            #expect(close(log, Foundation.log(1 - bet * 0.5)))
        }
    }

    @Test func gradesAreJudgedAndMerged() throws {
        var random = Seeded(11)
        var alarms = 0
        for _ in 0..<200 {
            var process = try BoundedMeanProcess(atLeast: 0.5, in: 0...1)
            for _ in 0..<500 { try process.observe(random.fraction()) }
            if process.reading(alpha: 0.05).crossed(.rollback, level: 0.05) { alarms += 1 }
        }
        #expect(alarms <= 16)
        var (one, left, right) = (
            try BoundedMeanProcess(atLeast: 7, in: 0...10),
            try BoundedMeanProcess(atLeast: 7, in: 0...10),
            try BoundedMeanProcess(atLeast: 7, in: 0...10)
        )
        for index in 0..<400 {
            let grade = 5 + random.fraction()
            try one.observe(grade)
            if index % 2 == 0 { try left.observe(grade) } else { try right.observe(grade) }
        }
        try left.merge(right)
        #expect(close(left.rollback.logE, one.rollback.logE, 1e-12))
        #expect(one.reading(alpha: 0.01).crossed(.rollback, level: 0.01))
        #expect(throws: InvalidEvidence.self) { try one.observe(10.5) }
        let read = try JSONDecoder().decode(
            BoundedMeanProcess.self, from: JSONEncoder().encode(one))
        #expect(read == one)
    }

    /// Interval means with a memory; how many of 100 runs alarm although nothing is wrong.
    private func alarms(memory: Double, block: Int) throws -> Int {
        var random = Seeded(17)
        func normal() -> Double {
            (0..<12).reduce(-6.0) { sum, _ in sum + random.fraction() }
        }
        var alarms = 0
        for _ in 0..<100 {
            var process = try GaugeComparison(limit: .dropAtMost(0), blockLength: block)
            var state = (0.0, 0.0)
            let noise = (1 - memory * memory).squareRoot()
            for _ in 0..<1_500 {
                state.0 = memory * state.0 + noise * normal()
                state.1 = memory * state.1 + noise * normal()
                try process.observe(candidate: 100 + 10 * state.0, stable: 100 + 10 * state.1)
            }
            if process.reading(alpha: 0.05).crossed(.rollback, level: 0.05) { alarms += 1 }
        }
        return alarms
    }

    @Test func gaugesWithAMemoryNeedBlocks() throws {
        #expect(GaugeComparison.blockLength(autocorrelation: 0.8) == 18)
        let length = GaugeComparison.blockLength(autocorrelation: 0.8)
        #expect(try alarms(memory: 0.8, block: length) <= 12)
        // Blocks that turn out too short grow, but what was judged by then is judged.
        #expect(try alarms(memory: 0.8, block: 1) > 12)
    }

    @Test func aGaugeThatFallsIsFound() throws {
        var random = Seeded(23)
        var process = try GaugeComparison(limit: .dropAtMost(0.05), blockLength: 10)
        for interval in 0..<1_000 {
            let shock = Double(interval % 50)
            try process.observe(
                candidate: 85 + shock + random.fraction(), stable: 100 + shock + random.fraction())
            if interval < 190 {
                #expect(process.reading(alpha: 0.01).undecidable != nil)
            }
        }
        let reading = process.reading(alpha: 0.01)
        #expect(reading.crossed(.rollback, level: 0.01) && reading.validity == .asymptotic)
    }
}
