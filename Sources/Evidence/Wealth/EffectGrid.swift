/// The alternatives that evidence is spread over, with equal weights.
///
/// A geometric grid finds small and large effects at nearly the speed of a test that knows the
/// effect; effects below half of the smallest point are invisible by construction.
package enum EffectGrid {
    /// Log-odds beyond the limit: 0.05, 0.1 … 6.4 (odds ratios 1.05 … 600).
    package static let logOdds = geometric(from: 0.05, factor: 2, count: 8)

    /// Parts of stable's mean beyond the limit: 0.0025, 0.005 … 0.64.
    package static let relative = geometric(from: 0.0025, factor: 2, count: 9)

    /// Bets as parts of the largest bet that cannot lose everything: 0.98, 0.49 … 0.98/128.
    package static let bets = geometric(from: 0.98, factor: 0.5, count: 8)

    /// Odds ratios of `logOdds`.
    static let oddsRatios = logOdds.map(LogDomain.exp)

    private static func geometric(from first: Double, factor: Double, count: Int) -> [Double] {
        var points = [first]
        while points.count < count { points.append((points.last ?? first) * factor) }
        return points
    }
}
