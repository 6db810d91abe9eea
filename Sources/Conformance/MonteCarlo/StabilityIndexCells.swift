import Calibration
import Evidence

/// Cells about the population stability index of windows without drift.
enum StabilityIndexCells {
    private static let repetitions = 20_000
    /// Windows that each rate was counted of: shares are multiples of 1/200,000.
    private static let windowsElsewhere = 200_000.0

    /// `PSI n=100 10 equal bins`
    static func check(
        _ name: String, _ cell: VectorValue, _ report: inout VectorReport
    ) -> Bool {
        guard name.hasPrefix("PSI n="), name.hasSuffix(" 10 equal bins"),
            let size = name.number(after: "n=").flatMap({ Int(exactly: $0) }),
            (10...10_000).contains(size)
        else { return false }
        let found = DriftStudy.knownBins(
            size, seed: MonteCarloVectors.seed, repetitions: repetitions)
        report.check(name) { one in
            one.expectMean("mean", Estimate(meanOf: found), cell["mean_psi_null"], relative: 0)
            one.expect("theory", 9 / Double(size), cell["theory (B-1)/n"])
            for (member, value) in cell.object ?? [:] {
                if let bound = member.number(after: "P(PSI>") {
                    one.expectRate(
                        member, Estimate(rateOf: found.map { $0 > bound }), value,
                        theirs: windowsElsewhere, slack: 0)
                } else if let bound = member.number(after: "thr ") {
                    expectAny(&one, member, Estimate(rateOf: found.map { $0 > bound }), value)
                }
            }
        }
        return true
    }

    /// Any alarm in 1,000 windows, from our own rate of one window: as far off as four standard
    /// errors of that rate make it.
    private static func expectAny(
        _ one: inout VectorCase, _ what: String, _ rate: Estimate, _ expected: VectorValue?
    ) {
        func any(_ rate: Double) -> Double {
            rate >= 1 ? 1 : 1 - LogDomain.exp(1_000 * LogDomain.log1p(-max(rate, 0)))
        }
        let found = any(rate.value)
        let sign = (expected?.double ?? 0) > found ? 1.0 : -1
        let bound = any(rate.value + sign * 4 * rate.standardError)
        // Rates near 1 are rounded to the last bits.
        one.expectSimulated(what, found, expected, allowance: max(abs(bound - found), 1e-12))
    }
}
