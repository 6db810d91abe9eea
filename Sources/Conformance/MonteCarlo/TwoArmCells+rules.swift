import Calibration
import Evidence

/// Rules by the names that they have in the vectors.
extension TwoArmCells {
    /// - Parameter rate: stable's failure rate, as far as a rule has to be told.
    static func rule(_ name: String, _ alpha: Double, rate: Double = 0.05) -> Contestant? {
        let hypothesis = Hypothesis.rise(0)
        switch name {
        case "UI Beta-mixture/sup":
            return Contestant(name, alpha: alpha) { UniversalInferenceRule(alpha: alpha) }
        case "normal-grid mixture plug-in var":
            return Contestant(name, alpha: alpha) { NormalGridRule(hypothesis, alpha: alpha) }
        case "e-RIPr grid (frozen baseline, counters only)":
            return Contestant(name, alpha: alpha) {
                PooledCountersRule(share: 0.05, stableRate: rate, alpha: alpha)
            }
        case "e-RIPr grid (running plug-in)", "e-RIPr grid (recommended)":
            return Contestant(name, alpha: alpha) { EngineRule(hypothesis, alpha: alpha) }
        case "z p<.05 each look": return Contestant(name) { ZRule(hypothesis, bound: 1.6449) }
        case "z p<.01 each look": return Contestant(name) { ZRule(hypothesis, bound: 2.3263) }
        case "Kayenta-MW p<.01/side each look":
            return Contestant(name) { MannWhitneyRule(tolerance: 0) }
        case "Kayenta-MW z>3.10 (25% tolerance band) each look":
            return Contestant(name) { MannWhitneyRule(tolerance: 0.25) }
        case "AsympCS 1s tau=1pt", "AsympCS 1-sided tau=1pt", "mSPRT 2s tau=1pt",
            "mSPRT 2-sided tau=1pt":
            return Contestant(name, alpha: alpha) {
                MixtureRule(hypothesis, alpha: alpha, isOneSided: name.hasPrefix("AsympCS"))
            }
        case "GST OBF 14 looks":
            let bounds = GroupSequentialRule.bounds(alpha: alpha)
            return Contestant(name, alpha: alpha) {
                GroupSequentialRule(hypothesis, bounds: bounds, largest: 500_000)
            }
        default:
            let isArgo = name.hasPrefix("Argo failureLimit=")
            guard isArgo || name.hasPrefix("Flagger threshold="),
                let count = name.number(after: "=").flatMap({ Int(exactly: $0) }),
                let part = name.number(after: "cand<"), count >= 0
            else { return nil }
            return Contestant(name) {
                FailedWindows(
                    .partOfStable(part), window: 50, failures: isArgo ? count + 1 : count)
            }
        }
    }

    static func direction(_ member: String, tolerance: Double) -> Contestant? {
        switch member.split(separator: " ").first {
        case "worse": Contestant(member) { MannWhitneyRule(tolerance: tolerance) }
        case "better": Contestant(member) { MannWhitneyRule(tolerance: tolerance, lower: true) }
        case "either":
            Contestant(member) {
                EitherRule(
                    MannWhitneyRule(tolerance: tolerance),
                    MannWhitneyRule(tolerance: tolerance, lower: true))
            }
        default: nil
        }
    }
}
