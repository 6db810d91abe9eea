/// Boundaries that are stitched over epochs of geometrically growing intrinsic time.
package enum StitchedBoundary {
    /// Polynomial stitching for sub-gamma sums with scale c (Howard et al. 2021, theorem 1 and
    /// equation (3.15)); v below `minimum` counts as `minimum`. `nil` for what is out of domain.
    package static func polynomial(
        v: Double, alpha: Double, minimum: Double, c: Double = 0, s: Double = 1.4, eta: Double = 2
    ) -> Double? {
        guard minimum > 0, alpha > 0, s > 1, eta > 1, !v.isNaN else { return nil }
        let v = max(v, minimum)
        let k1 = (Elementary.power(eta, 0.25) + Elementary.power(eta, -0.25)) / 2.0.squareRoot()
        let k2 = (eta.squareRoot() + 1) / 2
        let constant = Elementary.log(
            RiemannZeta.value(s) / Elementary.power(Elementary.log(eta), s))
        let ell =
            s * Elementary.log(Elementary.log(eta * v / minimum)) + constant - Elementary.log(alpha)
        let linear = k2 * c * ell
        return (k1 * k1 * v * ell + linear * linear).squareRoot() + linear
    }

    /// Double stitching over time and quantiles (Howard and Ramdas 2022, theorem 3): t times the
    /// radius above quantile p, uniform over p and t.
    package static func double(
        quantile p: Double, t: Double, alpha: Double, tunedTo: Double, delta: Double = 0.5,
        s: Double = 1.4, eta: Double = 2
    ) -> Double? {
        guard p > 0, p < 1, alpha > 0, tunedTo >= 1, delta > 0, s > 1, eta > 1, !t.isNaN else {
            return nil
        }
        let tunedTo = tunedTo.rounded(.towardZero)
        let t = max(t, tunedTo)
        let logit = Elementary.log(p / (1 - p))
        let shifted = logit + 2 * delta * (tunedTo * eta / t).squareRoot()
        let r = p >= 0.5 ? p : min(0.5, 1 / (1 + Elementary.exp(-shifted)))
        let variance = r * (1 - r)
        let j = (t / tunedTo).squareRoot() * abs(logit) / (2 * delta) + 1
        let zeta = RiemannZeta.value(s)
        let spent =
            2 * zeta * (2 * zeta + 1) / (alpha * Elementary.power(Elementary.log(eta), s))
        let ell =
            s * Elementary.log(Elementary.log(eta * t / tunedTo)) + s * Elementary.log(j)
            + Elementary.log(spent)
        let k1 = (Elementary.power(eta, 0.25) + Elementary.power(eta, -0.25)) / 2.0.squareRoot()
        let linear = (eta.squareRoot() + 1) / 2 * (1 - 2 * p) / 3 * ell
        return delta * (eta * t * variance / tunedTo).squareRoot()
            + (k1 * k1 * variance * t * ell + linear * linear).squareRoot() + linear
    }
}

/// How far an empirical distribution function is ever from the true one, uniformly over points
/// and over t ≥ `start` (Howard and Ramdas 2022, theorem 2): A √((log log(e t/start) + C)/t).
package struct EmpiricalProcessBand: Sendable, Hashable {
    package let start: Double
    package let scale: Double
    package let constant: Double

    /// `nil` unless 0 < alpha < 1, start ≥ 1 and scale > 1/√2.
    package init?(alpha: Double, start: Double, scale: Double = 0.85) {
        guard alpha > 0, alpha < 1, start >= 1, scale > 0.5.squareRoot(), scale.isFinite,
            let constant = Self.constant(alpha: alpha, scale: scale)
        else { return nil }
        self.start = start
        self.scale = scale
        self.constant = constant
    }

    /// Infinite before `start`.
    package func radius(t: Double) -> Double {
        guard t >= start else { return t.isNaN ? .nan : .infinity }
        return scale * ((Elementary.log1p(Elementary.log(t / start)) + constant) / t).squareRoot()
    }

    /// The simple bound of the constant that the theorem gives for A = 0.85 and start = 1.
    package static func closedForm(t: Double, alpha: Double) -> Double {
        let iterated = Elementary.log1p(Elementary.log(t))
        return 0.85 * ((iterated + 0.8 * Elementary.log(1_612 / alpha)) / t).squareRoot()
    }

    /// The smallest C whose crossing probability, minimised over the epochs' spacing, is alpha.
    private static func constant(alpha: Double, scale: Double) -> Double? {
        func crossing(_ c: Double) -> Double {
            guard
                let widest = Root.find(
                    low: 1, high: 2 * scale * scale,
                    { ($0 / 2).squareRoot() + (2 * ($0 - 1) / c).squareRoot() - scale })
            else { return .infinity }
            return Minimum.find(low: 1, high: widest, bits: 24) { eta in
                let gap = scale - (2 * (eta - 1) / c).squareRoot()
                let gamma = 2 / eta * gap * gap
                if gamma <= 1 { return .infinity }
                return 4 * Elementary.exp(-gamma * c)
                    * (1 + 1 / ((gamma - 1) * Elementary.log(eta)))
            }.value
        }
        var (low, high) = (5.0, 5.0)
        for _ in 0..<60 where crossing(high) > alpha { high *= 2 }
        for _ in 0..<60 where crossing(low) < alpha { low /= 2 }
        return Root.find(low: low, high: high, relativePrecision: 1e-14) {
            Elementary.log(crossing($0) / alpha)
        }
    }
}
