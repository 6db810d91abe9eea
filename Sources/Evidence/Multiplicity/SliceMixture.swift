/// The rollback evidence of one guardrail over all its slices, with a single threshold.
///
/// E = ½ E_pooled + ½ mean over slices of E_slice, of present values: an average of e-processes of
/// one stream is an e-process, while the largest of running maxima is not. Harm in one slice costs
/// log(2 · slices) more, harm everywhere log 2.
package struct SliceMixture: Codable, Sendable, Hashable {
    /// log E now.
    package private(set) var logE = 0.0
    /// The largest log E so far; at least 0.
    package private(set) var peak = 0.0

    package init() {}

    /// Whether it has ever reached 1/level.
    package func hasCrossed(_ level: Double) -> Bool {
        EvidenceReading.reaches(peak, level: level)
    }

    /// Takes the present log E of all parts. Without slices the pooled part is everything.
    package mutating func observe(pooled: Double, slices: [Double]) {
        if slices.isEmpty {
            logE = pooled
        } else {
            logE = LogDomain.logAddExp(pooled, LogDomain.logMeanExp(slices)) - LogDomain.log2
        }
        peak = max(peak, logE)
    }
}
