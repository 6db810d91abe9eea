/// A number that is never NaN and never infinite.
///
/// Comparisons with NaN are false both ways, so one NaN bound would make a guardrail that passes
/// everything. Thresholds and measurements go through this type before they are compared.
package struct FiniteDouble: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let value: Double

    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        self.value = value == 0 ? 0 : value  // one zero: -0 and 0 must encode alike
    }

    /// Reads a decimal number; refuses hexadecimal, `inf`, `nan` and what overflows.
    package init?(_ text: String) {
        let allowed = text.utf8.allSatisfy {
            (48...57).contains($0) || [43, 45, 46, 69, 101].contains($0)  // + - . E e
        }
        guard allowed, text.utf8.contains(where: { (48...57).contains($0) }),
            let parsed = Double(text)
        else { return nil }
        self.init(parsed)
    }

    package var description: String { value.description }
    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

extension FiniteDouble: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let finite = FiniteDouble(try container.decode(Double.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a finite number is needed")
        }
        self = finite
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
