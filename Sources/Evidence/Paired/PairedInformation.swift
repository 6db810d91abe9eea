extension Information {
    /// For each pair, when the candidate alone fails on the part `worse` of them and stable alone
    /// on the part `better`: the growth of the best bet against "the failure rate is at most
    /// `margin` higher" (rollback) or "at least `margin` higher" (promote). 0 when the rates are on
    /// the side of the null.
    ///
    /// max over λ of E log(1 + λ g) with g = ∓(margin + D), D = 1, 0, -1 (Kelly 1956; the dual of
    /// the divergence from the nearest distribution with this mean).
    package static func divergence(
        better: Double, worse: Double, margin: Double, side: EvidenceSide
    ) -> Double {
        guard better >= 0, worse >= 0, better + worse <= 1, margin > -1, margin < 1 else {
            return 0
        }
        let sign = side == .rollback ? -1.0 : 1
        let outcomes = [
            (better, sign * (margin + 1)), (1 - better - worse, sign * margin),
            (worse, sign * (margin - 1)),
        ]
        guard outcomes.reduce(0, { $0 + $1.0 * $1.1 }) > 0 else { return 0 }
        // The largest bet keeps 1 + λ g above 0 for every outcome; the slope falls in λ.
        let most = (1 - 1e-12) / (1 - sign * margin)
        let bet = Bisection.boundary(0, most) { bet in
            outcomes.reduce(0) { $0 + $1.0 * $1.1 / (1 + bet * $1.1) } > 0
        }
        return max(
            0, outcomes.reduce(0) { $0 + ($1.0 > 0 ? $1.0 * LogDomain.log1p(bet * $1.1) : 0) })
    }
}
