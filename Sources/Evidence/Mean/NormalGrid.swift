/// The normal likelihood ratios of a relative difference against each alternative of the grid.
package enum NormalGrid {
    /// (d_j D - d_j²/2)/V for each d_j. `variance` is that of `difference`, and both are in units
    /// of stable's mean.
    package static func logFactors(difference: Double, variance: Double) -> [Double] {
        EffectGrid.relative.map { ($0 * difference - $0 * $0 / 2) / variance }
    }
}
