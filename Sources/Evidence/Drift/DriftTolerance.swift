/// How far live traffic may be from the training reference before that counts as drift.
///
/// Any difference becomes significant in the end, so a distance is allowed, and only what is proven
/// beyond it is a breach.
package struct DriftTolerance: Codable, Sendable, Hashable {
    /// The largest allowed distance between distribution functions (or between the shares of a
    /// category), 0...1.
    package let distance: Double
    /// The probability that the reference is farther from the truth than is allowed for; it adds to
    /// the level of each decision.
    package let referenceLevel: Double

    /// - Throws: `InvalidEvidence` unless 0 < distance < 1 and 0 < referenceLevel < 1.
    package init(
        distance: Double = 0.1, referenceLevel: Double = 0.001
    ) throws(InvalidEvidence) {
        guard distance > 0, distance < 1, referenceLevel > 0, referenceLevel < 1 else {
            throw InvalidEvidence(
                .outOfRange, found: "a distance of \(distance) at level \(referenceLevel)",
                expected: "both between 0 and 1")
        }
        self.distance = distance
        self.referenceLevel = referenceLevel
    }

    private enum CodingKeys: String, CodingKey { case distance, referenceLevel }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            distance: container.decode(Double.self, forKey: .distance),
            referenceLevel: container.decode(Double.self, forKey: .referenceLevel))
    }

    /// How far the distribution function of `rows` reference rows may be from the truth with
    /// probability 1 - level: √(ln(2/level)/(2n)) (Massart 1990).
    package static func referenceError(rows: Int, level: Double) -> Double {
        guard rows > 0 else { return 1 }
        return (LogDomain.log(2 / Probability.level(level)) / (2 * Double(rows))).squareRoot()
    }

    /// How far the empirical distribution function of the first t rows may be from the truth, for
    /// all t at once with probability 1 - alpha: 0.85 √((ln ln(et) + 0.8 ln(1612/α))/t) (Howard and
    /// Ramdas 2022, equation 2).
    package static func bandRadius(rows: Int, alpha: Double) -> Double {
        guard rows > 0 else { return 1 }
        let t = Double(rows)
        let iterated = LogDomain.log(1 + LogDomain.log(t))
        let confidence = 0.8 * LogDomain.log(1_612 / Probability.level(alpha))
        return 0.85 * ((max(iterated, 0) + confidence) / t).squareRoot()
    }
}
