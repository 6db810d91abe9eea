/// One key of a mapping: its name, what its value may be, and what holds when it is left out.
struct Field<Value: Sendable>: Sendable {
    enum Absence: Sendable {
        case refused
        /// The value that holds then, and how it would be written.
        case value(Value, written: CanonicalJSON?)
    }

    let key: String
    let shape: Shape<Value>
    let absence: Absence
    let doc: String

    static func required(_ key: String, _ shape: Shape<Value>, _ doc: String) -> Field {
        Field(key: key, shape: shape, absence: .refused, doc: doc)
    }

    static func defaulted(
        _ key: String, _ shape: Shape<Value>, _ value: Value, written: CanonicalJSON, _ doc: String
    ) -> Field {
        Field(key: key, shape: shape, absence: .value(value, written: written), doc: doc)
    }

    static func optional<Wrapped: Sendable>(
        _ key: String, _ shape: Shape<Wrapped>, _ doc: String
    ) -> Field where Value == Wrapped? {
        Field(
            key: key, shape: shape.map { Optional($0) }, absence: .value(nil, written: nil),
            doc: doc)
    }
}

/// A field of any type, as a list of fields holds it.
protocol AnyField: Sendable {
    var key: String { get }
    var schema: CanonicalJSON { get }
    var isRequired: Bool { get }
    var expected: String { get }
    /// The boxed value; `nil` when a finding was added.
    func slot(_ item: Item?, _ findings: inout Findings) -> (any Sendable)?
}

struct Box<Value: Sendable>: Sendable { let value: Value }

extension Field: AnyField {
    var expected: String { shape.expected }

    var isRequired: Bool {
        if case .refused = absence { true } else { false }
    }

    var schema: CanonicalJSON {
        guard case .object(var members) = shape.schema else { return shape.schema }
        members["description"] = .string(doc)
        if case .value(_, .some(let written)) = absence { members["default"] = written }
        return .object(members)
    }

    func slot(_ item: Item?, _ findings: inout Findings) -> (any Sendable)? {
        if let item { return shape.read(item, &findings).map { Box(value: $0) } }
        guard case .value(let value, _) = absence else { return nil }
        return Box(value: value)
    }
}

/// The error of asking a row for a field whose value was refused; its finding is already there.
struct RefusedField: Error {}

/// The fields of one mapping after they were read.
struct Row {
    let mark: Mark
    let entries: [String: Item.Entry]
    fileprivate let slots: [String: any Sendable]

    func callAsFunction<Value>(_ field: Field<Value>) throws(RefusedField) -> Value {
        guard let box = slots[field.key] as? Box<Value> else { throw RefusedField() }
        return box.value
    }

    func has(_ field: some AnyField) -> Bool { entries[field.key] != nil }

    /// Where the value is; the mapping itself when the key was left out.
    func mark(_ field: some AnyField) -> Mark { entries[field.key]?.value.mark ?? mark }
    func keyMark(_ field: some AnyField) -> Mark { entries[field.key]?.keyMark ?? mark }
    func item(_ field: some AnyField) -> Item? { entries[field.key]?.value }
}

extension Shape {
    /// A mapping with known keys. An unknown key is an error: nothing is left out in silence.
    static func object(
        _ name: String, _ fields: [any AnyField],
        build: @escaping @Sendable (Row, inout Findings) throws(RefusedField) -> Value?
    ) -> Shape {
        let properties = Dictionary(fields.map { ($0.key, $0.schema) }) { first, _ in first }
        let schema: CanonicalJSON = [
            "type": "object", "additionalProperties": false, "properties": .object(properties),
            "required": .array(fields.filter(\.isRequired).map { .string($0.key) }),
        ]
        return Shape(expected: name, schema: schema) { item, findings in
            guard case .mapping(let entries) = item.content else {
                let keys = fields.prefix(3).map { "\($0.key): …" }.joined(separator: ", ")
                findings.refuse(item, expected: name, fix: "write {\(keys)}")
                return nil
            }
            let before = findings.diagnostics.count
            let outer = findings.key
            refuseUnknown(entries, of: name, fields, &findings)
            let row = read(entries, fields, at: item.mark, of: name, &findings)
            findings.key = outer
            guard let value = try? build(row, &findings) else { return nil }
            let errors = findings.diagnostics.dropFirst(before).contains(where: \.isError)
            return errors ? nil : value
        }
    }

    private static func read(
        _ entries: [Item.Entry], _ fields: [any AnyField], at mark: Mark, of name: String,
        _ findings: inout Findings
    ) -> Row {
        let byKey = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
        var slots: [String: any Sendable] = [:]
        for field in fields {
            let entry = byKey[field.key]
            findings.key = field.key
            if entry == nil, field.isRequired {
                findings.add(
                    "\(name) needs the key \(field.key.quoted)", at: mark, found: "nothing",
                    expected: field.expected, fix: "add \(field.key): with \(field.expected)")
            }
            slots[field.key] = field.slot(entry?.value, &findings)
        }
        return Row(mark: mark, entries: byKey, slots: slots)
    }

    private static func refuseUnknown(
        _ entries: [Item.Entry], of name: String, _ fields: [any AnyField],
        _ findings: inout Findings
    ) {
        let known = fields.map(\.key)
        for entry in entries where !known.contains(entry.key) && !findings.isFull {
            let meant = entry.key.nearest(of: known)
            let hint =
                meant.map { "did you mean \($0.quoted)?" }
                ?? "\(name) has \(known.joined(separator: ", "))"
            findings.add(
                "unknown key \(entry.key.quoted); \(hint)", at: entry.keyMark, found: entry.key,
                expected: known.joined(separator: ", "),
                fix: meant.map { "write \($0)" } ?? "delete the key")
        }
    }
}
