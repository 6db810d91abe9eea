import Evidence

extension SeededRandom {
    /// Successes among many trials at a cost that does not grow with them: rejection from a
    /// transformed uniform (Hörmann 1993, BTRS), exact up to rounding.
    ///
    /// A method of its own, because the figures of the studies were drawn with `binomial`.
    package mutating func successes(_ trials: Int, _ probability: Double) -> Int {
        guard trials > 0, probability > 0 else { return 0 }
        guard probability < 1 else { return trials }
        if probability > 0.5 { return trials - successes(trials, 1 - probability) }
        let count = Double(trials)
        // Below, the proposal is not wide enough, and waiting times are quick.
        guard count * probability >= 10 else { return binomial(trials, probability) }
        let deviation = (count * probability * (1 - probability)).squareRoot()
        let b = 1.15 + 2.53 * deviation
        let a = -0.0873 + 0.0248 * b + 0.01 * probability
        let centre = count * probability + 0.5
        let quick = 0.92 - 4.2 / b
        let alpha = (2.83 + 5.1 / b) * deviation
        let mode = ((count + 1) * probability).rounded(.down)
        let odds = LogDomain.log(probability / (1 - probability))
        let peak = LogDomain.logGamma(mode + 1) + LogDomain.logGamma(count - mode + 1)
        while true {
            let u = uniform() - 0.5
            let v = uniform()
            let edge = 0.5 - abs(u)
            guard edge > 0 else { continue }
            let drawn = ((2 * a / edge + b) * u + centre).rounded(.down)
            guard drawn >= 0, drawn <= count, let successes = Int(exactly: drawn) else { continue }
            if edge >= 0.07, v <= quick { return successes }
            let bound = LogDomain.log(v * alpha / (a / (edge * edge) + b))
            let mass =
                peak - LogDomain.logGamma(drawn + 1) - LogDomain.logGamma(count - drawn + 1)
                + (drawn - mode) * odds
            if bound <= mass { return successes }
        }
    }
}
