/// An e-process pair for one guardrail: constant-size state, valid at every look.
package protocol EvidenceProcess: Codable, Sendable, Hashable {
    /// The reading, with an interval at 1 - alpha.
    func reading(alpha: Double) -> EvidenceReading

    /// About how many more candidate observations until a side reaches 1/alpha if the present
    /// estimates hold: (log(1/alpha) - log E) / information. 0 once it has; `nil` when it would not.
    func needs(_ side: EvidenceSide, alpha: Double) -> Int?

    /// Puts the next part of the restart budget in play on the rollback side; to be called at
    /// times fixed in advance, such as every hour. Does nothing without a budget.
    mutating func restart()

    /// Says that observations come in clusters, as those of sticky users do, and how many count as
    /// one. Tempers the evidence; its validity is asymptotic from then on.
    mutating func assume(designEffect: Double)

    /// log E of the rollback side now, for mixtures over slices; `nil` while nothing may be claimed.
    var rollbackLogE: Double? { get }
}

/// The arithmetic of `EvidenceProcess.needs`.
enum Remaining {
    /// - Parameter growth: expected log E for each candidate observation.
    static func observations(_ wealth: GridWealth, alpha: Double, growth: Double) -> Int? {
        observations(
            peak: wealth.peak, logE: wealth.logE, alpha: alpha,
            growth: growth / max(wealth.designEffect ?? 1, 1))
    }

    static func observations(peak: Double, logE: Double, alpha: Double, growth: Double) -> Int? {
        let threshold = -LogDomain.log(Probability.level(alpha))
        if peak >= threshold { return 0 }
        // More than 1e15 observations is never.
        guard growth > 0, growth.isFinite, (threshold - logE) / growth < 1e15 else { return nil }
        return Int(exactly: max(1, ((threshold - logE) / growth).rounded(.up)))
    }
}

/// Finds where a monotone condition changes.
enum Bisection {
    /// The point of low...high below which `holds` is true, to the last bit or 80 halvings.
    static func boundary(_ low: Double, _ high: Double, holds: (Double) -> Bool) -> Double {
        var (low, high) = (low, high)
        for _ in 0..<80 {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { break }
            if holds(middle) { low = middle } else { high = middle }
        }
        return low + (high - low) / 2
    }
}
