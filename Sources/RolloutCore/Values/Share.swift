/// A part of the traffic in whole basis points, 0 to 10,000.
///
/// Never a floating-point number: `Int(0.29 * 100)` is 28, and shares must add up.
package struct Share: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let zero = Share(clamping: 0)
    package static let all = Share(clamping: 10_000)

    package let basisPoints: Int

    /// `nil` outside of 0...10,000.
    package init?(basisPoints: Int) {
        guard (0...10_000).contains(basisPoints) else { return nil }
        self.basisPoints = basisPoints
    }

    /// The nearest share to a number of basis points.
    package init(clamping basisPoints: Int) {
        self.basisPoints = min(max(basisPoints, 0), 10_000)
    }

    /// What is left for the other version.
    package var complement: Share { Share(clamping: 10_000 - basisPoints) }

    /// As a fraction of one.
    package var fraction: Double { Double(basisPoints) / 10_000 }

    /// `5%`, `0.25%`
    package var description: String {
        let (whole, rest) = basisPoints.quotientAndRemainder(dividingBy: 100)
        if rest == 0 { return "\(whole)%" }
        return rest % 10 == 0
            ? "\(whole).\(rest / 10)%" : "\(whole).\(rest < 10 ? "0" : "")\(rest)%"
    }

    package static func < (left: Self, right: Self) -> Bool { left.basisPoints < right.basisPoints }
}

extension Share: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let share = Share(basisPoints: try container.decode(Int.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a share is 0 to 10000 basis points")
        }
        self = share
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(basisPoints)
    }
}

extension Share {
    /// Splits 10,000 basis points in proportion to weights, by largest remainder.
    ///
    /// The parts always add up to 10,000; ties go to the earlier weight. Weights that are negative
    /// or all zero give `nil`, because no split of them means anything.
    package static func split(_ weights: [Int]) -> [Share]? {
        guard weights.allSatisfy({ $0 >= 0 && $0 <= 1_000_000_000 }) else { return nil }
        let total = weights.reduce(0, +)
        guard total > 0 else { return nil }
        var parts = weights.map { $0 * 10_000 / total }
        let missing = 10_000 - parts.reduce(0, +)
        let byRemainder = weights.indices.sorted {
            let (left, right) = (weights[$0] * 10_000 % total, weights[$1] * 10_000 % total)
            return left == right ? $0 < $1 : left > right
        }
        for index in byRemainder.prefix(missing) { parts[index] += 1 }
        return parts.map(Share.init(clamping:))
    }
}
