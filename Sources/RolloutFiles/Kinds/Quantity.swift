import RolloutCore

/// A number with the unit it was written in.
struct Quantity: Hashable, Sendable {
    enum Unit: String, Sendable, Hashable {
        case number = "a plain number"
        case percent = "a percentage such as 5%"
        case points = "percentage points such as 3pp"
        case duration = "a duration such as 15ms"
        case size = "a size such as 50MB"
    }

    let unit: Unit
    /// Fraction for `%` and `pp`, milliseconds for durations, bytes for sizes.
    let value: FiniteDouble
}

extension Shape where Value == Quantity {
    /// `0.2`, `95%`, `3pp`, `15ms` or `50MB`.
    static var quantity: Shape {
        .scalar(
            "a number with its unit, such as 95%, 3pp, 15ms, 50MB or 0.2",
            example: "it in the unit that the metric has",
            schema: [
                "oneOf": [
                    ["type": "number"],
                    [
                        "type": "string",
                        "pattern": "^-?[0-9]+(\\.[0-9]+)?(%|pp|ms|s|m|h|d|[KMG]?i?B)$",
                    ],
                ]
            ]
        ) { scalar throws(Refusal) in
            let text = scalar.text
            if text.hasSuffix("%") {
                return Quantity(unit: .percent, value: try Number.hundredths(scalar, unit: "%"))
            }
            if text.hasSuffix("pp") {
                return Quantity(unit: .points, value: try Number.hundredths(scalar, unit: "pp"))
            }
            if text.hasSuffix("B") {
                return try finite(.size, Double(Number.size(scalar)))
            }
            if let unit = text.utf8.last, "smhd".utf8.contains(unit),
                text.utf8.first.map({ (48...57).contains($0) }) == true
            {
                return try finite(.duration, Double(Number.span(scalar).milliseconds))
            }
            return Quantity(unit: .number, value: try Number.decimal(scalar))
        }
    }

    private static func finite(
        _ unit: Quantity.Unit, _ value: Double
    ) throws(Refusal) -> Quantity {
        guard let value = FiniteDouble(value) else { throw Refusal("the number is too large") }
        return Quantity(unit: unit, value: value)
    }
}
