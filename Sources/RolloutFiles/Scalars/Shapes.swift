import Foundation
import RolloutCore

private func pattern(_ pattern: String, _ examples: CanonicalJSON...) -> CanonicalJSON {
    ["type": "string", "pattern": .string(pattern), "examples": .array(examples)]
}

extension Shape where Value == FiniteDouble {
    static func number(_ range: ClosedRange<Double>? = nil) -> Shape {
        let expected =
            range.map {
                "a number from \(CanonicalJSON.text(of: $0.lowerBound)) to "
                    + CanonicalJSON.text(of: $0.upperBound)
            } ?? "a number"
        var schema: [String: CanonicalJSON] = ["type": "number"]
        if let range {
            schema["minimum"] = .decimal(range.lowerBound)
            schema["maximum"] = .decimal(range.upperBound)
        }
        return .scalar(expected, example: "0.5", schema: .object(schema)) {
            scalar throws(Refusal) in
            let number = try Number.decimal(scalar)
            if let range, !range.contains(number.value) { throw Refusal("out of range") }
            return number
        }
    }

    /// `95%`, kept as 0.95.
    static func percent(_ range: ClosedRange<Double> = 0...1, example: String = "95%") -> Shape {
        .scalar(
            "a percentage such as \(example)", example: example,
            schema: pattern("^-?[0-9]+(\\.[0-9]+)?%$", .string(example))
        ) { scalar throws(Refusal) in
            let fraction = try Number.hundredths(scalar, unit: "%")
            guard range.contains(fraction.value) else {
                let (low, high) = (range.lowerBound * 100, range.upperBound * 100)
                throw Refusal(
                    "\(CanonicalJSON.text(of: low))% to \(CanonicalJSON.text(of: high))%")
            }
            return fraction
        }
    }

    /// `3pp`, kept as 0.03.
    static var points: Shape {
        .scalar(
            "percentage points such as 3pp", example: "3pp",
            schema: pattern("^[0-9]+(\\.[0-9]+)?pp$", "3pp")
        ) { scalar throws(Refusal) in
            let fraction = try Number.hundredths(scalar, unit: "pp")
            guard (0...1).contains(fraction.value) else { throw Refusal("out of range") }
            return fraction
        }
    }
}

extension Shape where Value == Int {
    static func whole(_ range: ClosedRange<Int>) -> Shape {
        .scalar(
            "a whole number from \(range.lowerBound) to \(range.upperBound)",
            example: "\(min(max(100, range.lowerBound), range.upperBound))",
            schema: [
                "type": "integer", "minimum": .integer(Int64(range.lowerBound)),
                "maximum": .integer(Int64(range.upperBound)),
            ]
        ) { scalar throws(Refusal) in try Number.whole(scalar, in: range) }
    }
}

extension Shape where Value == Int64 {
    static var size: Shape {
        .scalar(
            "a size such as 31MB", example: "31MB",
            schema: pattern("^[0-9]+([KMG]i?)?B$", "31MB")
        ) { scalar throws(Refusal) in try Number.size(scalar) }
    }
}

extension Shape where Value == Share {
    static var share: Shape {
        .scalar(
            "a share such as 5%", example: "5%",
            schema: pattern("^[0-9]+(\\.[0-9]{1,2})?%$", "5%")
        ) { scalar throws(Refusal) in
            let share = try Number.share(scalar)
            guard share > .zero else { throw Refusal("a share is above 0%") }
            return share
        }
    }
}

extension Shape where Value == RequestRate {
    static var rate: Shape {
        .scalar(
            "requests by time, such as 400/s", example: "400/s",
            schema: pattern("^[1-9][0-9]*/(s|min)$", "400/s", "90/min")
        ) { scalar throws(Refusal) in try Number.rate(scalar) }
    }
}

extension Shape where Value == TimeSpan {
    /// More than nothing and at most ten years.
    static func span(_ example: String) -> Shape {
        .scalar(
            "a duration such as \(example)", example: example,
            schema: pattern("^[0-9]+(ms|s|m|h|d)$", .string(example))
        ) { scalar throws(Refusal) in
            let span = try Number.span(scalar)
            guard span > .zero, span.milliseconds <= 3_660 * 86_400_000 else {
                throw Refusal("more than 0 and at most 3660d")
            }
            return span
        }
    }
}

extension Shape where Value == Bool {
    static var bool: Shape {
        .scalar(
            "true or false", example: "true", schema: ["type": "boolean"]
        ) { scalar throws(Refusal) in
            guard scalar.isPlain else { throw Refusal("in quotes it is text") }
            switch scalar.text {
            case "true": return true
            case "false": return false
            default: throw Refusal()
            }
        }
    }
}

extension Shape where Value == Timestamp {
    /// A moment in UTC, or a day, which means its first moment in the given zone.
    static func moment(startOfDayIn zone: TimeZone = .gmt) -> Shape {
        .scalar(
            "a time in UTC such as 2026-11-20T14:00:00Z, or a day such as 2026-11-20",
            example: "2026-11-20T14:00:00Z",
            schema: pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z)?$", "2026-11-20T14:00:00Z")
        ) { scalar throws(Refusal) in
            if let moment = Timestamp(scalar.text) { return moment }
            guard scalar.text.utf8.count == 10, let day = Timestamp("\(scalar.text)T12:00:00Z")
            else { throw Refusal("RFC 3339 with Z") }
            return Calendar.startOfDay(day, in: zone)
        }
    }
}

extension Calendar {
    /// The first moment of the day that is written as this UTC noon; 00:00, or later after a gap.
    fileprivate static func startOfDay(_ noon: Timestamp, in zone: TimeZone) -> Timestamp {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let date = Date(timeIntervalSince1970: Double(noon.milliseconds) / 1_000)
        let day = calendar.dateComponents([.year, .month, .day], from: date)
        calendar.timeZone = zone
        guard let local = calendar.date(from: day) else { return noon }
        let seconds = calendar.startOfDay(for: local).timeIntervalSince1970
        guard let whole = Int64(exactly: seconds.rounded()) else { return noon }
        return Timestamp(milliseconds: whole * 1_000)
    }
}

extension Shape where Value == String {
    /// Words that some readers take for truth values or for nothing.
    private static var ambiguous: Set<String> {
        ["", "~", "null", "true", "false", "on", "off", "yes", "no", "y", "n"]
    }

    /// Text for people: 1 to `limit` characters.
    static func text(limit: Int = 500, example: String = "text in quotes") -> Shape {
        .scalar(
            "text", example: example,
            schema: ["type": "string", "minLength": 1, "maxLength": .integer(Int64(limit))]
        ) { scalar throws(Refusal) in
            if scalar.isPlain, ambiguous.contains(scalar.text.lowercased()) {
                throw Refusal(
                    scalar.text.isEmpty ? nil : "write it in quotes if the word itself is meant")
            }
            guard !scalar.text.isEmpty else { throw Refusal("the text is empty") }
            guard scalar.text.unicodeScalars.count <= limit else {
                throw Refusal("longer than \(limit) characters")
            }
            return scalar.text
        }
    }

    /// Text that a check must accept.
    static func matching(
        _ expected: String, example: String, pattern: String,
        _ accepts: @escaping @Sendable (String) -> Bool
    ) -> Shape {
        .scalar(
            expected, example: example,
            schema: ["type": "string", "pattern": .string(pattern), "examples": [.string(example)]]
        ) { scalar throws(Refusal) in
            guard accepts(scalar.text) else { throw Refusal() }
            return scalar.text
        }
    }

    /// A key of free data, such as `hde.level`.
    static var freeKey: Shape {
        .matching(
            "a name of letters, digits, . _ -", example: "hde.level",
            pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
        ) { text in
            (1...128).contains(text.utf8.count) && !".-_".utf8.contains(text.utf8.first ?? 0)
                && text.utf8.allSatisfy {
                    switch $0 {
                    case 48...57, 65...90, 97...122, 45, 46, 95: true
                    default: false
                    }
                }
        }
    }

    /// The one text that is right here.
    static func constant(_ only: String) -> Shape {
        .scalar(only, example: only, schema: ["const": .string(only)]) { scalar throws(Refusal) in
            guard scalar.text == only else { throw Refusal() }
            return only
        }
    }
}

extension Shape {
    /// A name: `^[a-z0-9][a-z0-9._-]{0,62}$`.
    static func name<Subject>(_ what: String, example: String) -> Shape
    where Value == Identifier<Subject> {
        .scalar(
            what, example: example,
            schema: pattern("^[a-z0-9][a-z0-9._-]{0,62}$", .string(example))
        ) { scalar throws(Refusal) in
            do throws(InvalidIdentifier) {
                return try Identifier<Subject>(scalar.text)
            } catch {
                throw Refusal("1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit")
            }
        }
    }

    /// One word of a known set.
    static func choice(_ type: Value.Type = Value.self) -> Shape
    where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
        let words = Value.allCases.map(\.rawValue)
        let expected = words.count == 1 ? words.joined() : "one of \(words.joined(separator: ", "))"
        return Shape(
            expected: expected,
            schema: ["type": "string", "enum": .array(words.map { .string($0) })]
        ) { item, findings in
            guard case .scalar(let scalar) = item.content else {
                findings.refuse(item, expected: expected, fix: "write one of them")
                return nil
            }
            if let value = Value(rawValue: scalar.text) { return value }
            let meant = scalar.text.nearest(of: words)
            findings.refuse(
                item, expected: expected, because: meant.map { "did you mean \($0)?" },
                fix: "write \(meant ?? words.joined(separator: " or "))")
            return nil
        }
    }
}

extension Shape where Value == RolloutName {
    static var rollout: Shape {
        .name("a rollout name", example: "compression-selector")
    }
}
extension Shape where Value == RegionName {
    static var region: Shape {
        .name("a region name", example: "eu-west")
    }
}
extension Shape where Value == VersionName {
    static var version: Shape {
        .name("a version", example: "2.4.0")
    }
}
extension Shape where Value == PolicyName {
    static var policy: Shape {
        .name("a policy name", example: "default")
    }
}
extension Shape where Value == GuardrailName {
    static var guardrail: Shape {
        .name("a guardrail name", example: "accuracy-drop")
    }
}
extension Shape where Value == RouterName {
    static var router: Shape {
        .name("a router name", example: "gateway")
    }
}
extension Shape where Value == ConflictGroupName {
    static var conflictGroup: Shape {
        .name("a name of what is shared", example: "edge-gpus")
    }
}
extension Shape where Value == SignalName {
    static var signal: Shape {
        .name("a signal name", example: "gateway")
    }
}
