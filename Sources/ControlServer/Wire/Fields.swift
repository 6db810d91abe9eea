import RolloutCore

/// The members of one JSON object, read by name; what is left over is an error.
struct Fields {
    /// `item 3`, `item 3: version`
    let place: String
    private var members: [String: StrictJSON] = [:]

    init(_ value: StrictJSON, place: String) throws(APIError) {
        self.place = place
        guard case .object(let list) = value else {
            throw APIError.invalid("\(place): found \(value.described), expected an object")
        }
        for member in list { members[member.name] = member.value }
    }

    /// Refuses members that nobody has read, so that a misspelt one is not lost in silence.
    func finish(known: String) throws(APIError) {
        guard let name = members.keys.min() else { return }
        throw APIError.invalid(
            "\(place): unknown field \"\(name.quotable)\", expected one of: \(known)")
    }

    mutating func take(_ name: String) -> StrictJSON? { members.removeValue(forKey: name) }

    func mismatch(_ name: String, _ found: StrictJSON?, expected: String) -> APIError {
        APIError.invalid(
            "\(place): field \"\(name)\": found \(found?.described ?? "nothing"), expected \(expected)"
        )
    }

    /// Reads one member with a parser that gives `nil` for what it does not take.
    mutating func required<Value>(
        _ name: String, _ expected: String, _ parse: (StrictJSON) -> Value?
    ) throws(APIError) -> Value {
        let found = take(name)
        guard let found, let value = parse(found) else {
            throw mismatch(name, found, expected: expected)
        }
        return value
    }

    /// As `required`; a member that is missing or null is `nil`.
    mutating func optional<Value>(
        _ name: String, _ expected: String, _ parse: (StrictJSON) -> Value?
    ) throws(APIError) -> Value? {
        guard let found = take(name), found != .null else { return nil }
        guard let value = parse(found) else { throw mismatch(name, found, expected: expected) }
        return value
    }

    mutating func string(_ name: String) throws(APIError) -> String {
        try required(name, "a string") { $0.text }
    }

    mutating func identifier<Subject>(_ name: String) throws(APIError) -> Identifier<Subject> {
        try required(name, "1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit") {
            try? $0.text.map { try Identifier<Subject>($0) }
        }
    }

    mutating func time(_ name: String) throws(APIError) -> Timestamp {
        try required(name, "a time in UTC such as 2026-11-20T14:02:11.250Z") {
            $0.text.flatMap { Timestamp($0) }
        }
    }

    mutating func version(_ name: String) throws(APIError) -> VersionReference {
        let found = try required(name, "an object with version and digest") { $0 }
        var fields = try Fields(found, place: "\(place): field \"\(name)\"")
        let reference = VersionReference(
            version: try fields.identifier("version"),
            digest: try fields.required("digest", "64 hexadecimal digits") {
                $0.text.flatMap { Digest(hex: $0) }
            })
        try fields.finish(known: "version, digest")
        return reference
    }
}

extension StrictJSON {
    var truth: Bool? { if case .bool(let truth) = self { truth } else { nil } }
    var text: String? { if case .string(let text) = self { text } else { nil } }

    /// Whole numbers only: `1.0` and `1e3` are not.
    func whole<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
        guard case .number(let text) = self else { return nil }
        return Number(text)
    }

    var finite: FiniteDouble? {
        if case .number(let text) = self { FiniteDouble(text) } else { nil }
    }
}
