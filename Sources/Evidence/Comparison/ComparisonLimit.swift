/// The line in the plane of failure rates up to which a candidate is good enough:
/// candidate <= ratio · stable + margin.
package struct ComparisonLimit: Sendable, Hashable {
    package let ratio: Double
    package let margin: Double

    /// - Throws: `InvalidEvidence` unless 0 < ratio <= 1000, -1 < margin < 1 and some pair of rates
    ///   strictly between 0 and 1 lies on the line.
    package init(ratio: Double, margin: Double) throws(InvalidEvidence) {
        guard ratio > 0, ratio <= 1_000, margin > -1, margin < 1, ratio + margin > 1e-9 else {
            throw InvalidEvidence(
                .outOfRange, found: "ratio \(ratio) and margin \(margin)",
                expected: "ratio in 0...1000, margin in -1...1, and a line through possible rates")
        }
        self.ratio = ratio
        self.margin = margin
    }

    /// The candidate may fail this much more often, as a difference of rates: 0.03 is 3 points.
    package static func rise(points: Double) throws(InvalidEvidence) -> ComparisonLimit {
        try ComparisonLimit(ratio: 1, margin: points)
    }

    /// The candidate may fail more often by this fraction of stable's rate.
    package static func relativeRise(_ fraction: Double) throws(InvalidEvidence) -> ComparisonLimit
    {
        try ComparisonLimit(ratio: 1 + fraction, margin: 0)
    }

    /// The candidate may succeed less often by this fraction of stable's success rate.
    package static func relativeDropOfSuccess(
        _ fraction: Double
    ) throws(InvalidEvidence) -> ComparisonLimit {
        try ComparisonLimit(ratio: 1 - fraction, margin: fraction)
    }

    /// The candidate must succeed more often by this fraction of stable's success rate.
    package static func relativeGainOfSuccess(
        _ fraction: Double
    ) throws(InvalidEvidence) -> ComparisonLimit {
        try relativeDropOfSuccess(-fraction)
    }
}

extension ComparisonLimit: Codable {
    private enum CodingKeys: String, CodingKey { case ratio, margin }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            ratio: container.decode(Double.self, forKey: .ratio),
            margin: container.decode(Double.self, forKey: .margin))
    }
}
