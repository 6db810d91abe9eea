import Calibration
import Evidence

/// Simulations that were run elsewhere, run again here with fewer repetitions.
///
/// A rate agrees within four standard errors of both and 0.01, a mean within 15 % or four standard
/// errors. What is not random, such as bounds, agrees as closely as closed forms do.
package enum MonteCarloVectors: VectorFamily {
    static let seed: UInt64 = 2_718

    package static func recognises(_ document: VectorValue) -> Bool {
        guard let results = document["results"]?.object else { return false }
        return results.keys.contains { key in sections.contains { key.hasPrefix($0.prefix) } }
    }

    typealias Cell = @Sendable (String, VectorValue, inout VectorReport) -> Bool

    /// By the beginning of a section's name; `false` from a cell that it does not know.
    private static let sections: [(prefix: String, check: Cell)] = [
        ("one_sample_delay_ratio", OneArmCells.delayByMixture),
        ("one_sample_false_rollback", OneArmCells.competitors),
        ("universal_logodds_grid_one_sample", OneArmCells.oddsRatios),
        ("late_change", LateChangeCells.check),
        ("drift_false_alarms", StabilityIndexCells.check),
        ("drift_false_alarms", StreamCells.check),
        ("two_sample_5_95", TwoArmCells.competitors),
        ("two_sample_5_95", CalmCells.rareEvents),
        ("kayenta_mw", TwoArmCells.mannWhitney),
        ("kayenta_mw", CalmCells.wrongSplit),
        ("promotion", TwoArmCells.promotion),
        ("promotion", CalmCells.paired),
        ("latency_quantiles", LatencyCells.check),
        ("throughput", ThroughputCells.check),
        ("universal_grid_two_sample", TwoArmCells.oddsRatios),
        ("universal_grid_two_sample", CalmCells.manyLooks),
        ("simpson", TwoArmCells.users),
        ("simpson", TwoArmCells.ramp),
        ("arm_of_event_and_srm", TwoArmCells.split),
        ("arm_of_event_and_srm", ArmOfEventCells.check),
        ("bounded_betting", BoundedCells.check),
        ("bounded_betting", HeavyTailCells.check),
        ("heavy_tail", HeavyTailCells.check),
    ]

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        for (section, cells) in (document["results"]?.object ?? [:]).sorted(by: { $0.key < $1.key })
        {
            let found = sections.filter { section.hasPrefix($0.prefix) }
            for (name, cell) in (cells.object ?? [:]).sorted(by: { $0.key < $1.key }) {
                // How a section was simulated, in words.
                if cell.string != nil { continue }
                if !found.contains(where: { $0.check(name, cell, &report) }) {
                    report.skip("\(section): \(name)", because: "no study simulates this")
                }
            }
        }
    }
}

extension VectorCase {
    /// Compares a simulated rate.
    ///
    /// - Parameters:
    ///   - theirs: repetitions elsewhere; where they are not known, 400 is among the fewest.
    ///   - slack: beyond chance, for details that are not written down.
    mutating func expectRate(
        _ what: String, _ found: Estimate, _ expected: VectorValue?, theirs: Double = 400,
        slack: Double = 0.01
    ) {
        let rate = expected?.double ?? .nan
        // As Agresti and Coull (1998): never seen is not impossible.
        let shrunk = (rate * theirs + 2) / (theirs + 4)
        let theirs = (shrunk * (1 - shrunk) / (theirs + 4)).squareRoot()
        let error = (found.standardError * found.standardError + theirs * theirs).squareRoot()
        expectSimulated(what, found.value, expected, allowance: 4 * error + slack)
    }

    /// Compares a simulated mean.
    ///
    /// - Parameter relative: what their error may be at the least, in parts of the mean.
    mutating func expectMean(
        _ what: String, _ found: Estimate, _ expected: VectorValue?, relative: Double = 0.15
    ) {
        let slack = max(relative * (expected?.double?.magnitude ?? 0), 4 * found.standardError)
        expectSimulated(what, found.value, expected, allowance: slack)
    }
}

extension StringProtocol {
    /// The number after a word: 0.05 in `alpha=0.05|…` after `alpha=`, also written `.05`.
    func number(after word: String) -> Double? {
        guard let range = firstRange(of: word) else { return nil }
        let rest = self[range.upperBound...]
        let sign = rest.prefix { $0 == "-" }
        let digits = rest.dropFirst(sign.count).prefix { $0.isNumber || $0 == "." }
        return sign.count > 1 ? nil : Double(String(sign) + digits)
    }
}
