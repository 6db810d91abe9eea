/// Minima of functions of one variable.
package enum Minimum {
    /// Where `f` is smallest between `low` and `high`, and its value there: Brent 1973, chapter 5,
    /// started from the upper end.
    /// - Parameter bits: how many bits of the place are wanted; at most half of a double's matter.
    package static func find(
        low: Double, high: Double, bits: Int, _ f: (Double) -> Double
    ) -> (place: Double, value: Double) {
        let tolerance = Elementary.power(2, Double(1 - min(26, bits)))
        let golden = Double(Float(0.3819660))
        var (low, high) = (low, high)
        var (x, w, v) = (high, high, high)
        var fx = f(x)
        var (fw, fv) = (fx, fx)
        var (delta, before) = (0.0, 0.0)
        for _ in 0..<500 {
            let middle = (low + high) / 2
            let fraction = tolerance * abs(x) + tolerance / 4
            if abs(x - middle) <= 2 * fraction - (high - low) / 2 { break }
            var isParabolic = false
            if abs(before) > fraction {
                let r = (x - w) * (fx - fv)
                var q = (x - v) * (fx - fw)
                var p = (x - v) * q - (x - w) * r
                q = 2 * (q - r)
                if q > 0 { p = -p }
                q = abs(q)
                let last = before
                before = delta
                isParabolic =
                    !(abs(p) >= abs(q * last / 2) || p <= q * (low - x)
                    || p >= q * (high - x))
                if isParabolic {
                    delta = p / q
                    let u = x + delta
                    if u - low < 2 * fraction || high - u < 2 * fraction {
                        delta = middle - x < 0 ? -fraction : fraction
                    }
                }
            }
            if !isParabolic {
                before = x >= middle ? low - x : high - x
                delta = golden * before
            }
            let u = abs(delta) >= fraction ? x + delta : delta > 0 ? x + fraction : x - fraction
            let fu = f(u)
            if fu <= fx {
                if u >= x { low = x } else { high = x }
                (v, w, x) = (w, x, u)
                (fv, fw, fx) = (fw, fx, fu)
            } else {
                if u < x { low = u } else { high = u }
                if fu <= fw || w == x {
                    (v, w) = (w, u)
                    (fv, fw) = (fw, fu)
                } else if fu <= fv || v == x || v == w {
                    (v, fv) = (u, fu)
                }
            }
        }
        return (x, fx)
    }
}
