/// What a value may be: how it is read and how its JSON Schema looks, from one description.
struct Shape<Value: Sendable>: Sendable {
    /// Completes "expected …".
    let expected: String
    let schema: CanonicalJSON
    /// `nil` when a finding was added.
    let read: @Sendable (Item, inout Findings) -> Value?
}

/// Why a scalar is not taken; completes "found x, expected y (…)".
struct Refusal: Error {
    let because: String?
    init(_ because: String? = nil) { self.because = because }
}

extension Shape {
    /// One piece of text with a grammar of its own.
    static func scalar(
        _ expected: String, example: String, schema: CanonicalJSON,
        parse: @escaping @Sendable (Item.Scalar) throws(Refusal) -> Value
    ) -> Shape {
        Shape(expected: expected, schema: schema) { item, findings in
            let fix = "write \(example)"
            guard case .scalar(let scalar) = item.content else {
                findings.refuse(item, expected: expected, fix: fix)
                return nil
            }
            do throws(Refusal) {
                return try parse(scalar)
            } catch {
                findings.refuse(item, expected: expected, because: error.because, fix: fix)
                return nil
            }
        }
    }

    /// A list of values. A list of names is refused when one is written twice.
    static func list<Element: Sendable & Hashable>(
        _ element: Shape<Element>, count: ClosedRange<Int>, unique: Bool = true
    ) -> Shape where Value == [Element] {
        let expected = "a list of \(count.lowerBound) to \(count.upperBound)"
        let schema: CanonicalJSON = [
            "type": "array", "items": element.schema, "minItems": .integer(Int64(count.lowerBound)),
            "maxItems": .integer(Int64(count.upperBound)), "uniqueItems": .bool(unique),
        ]
        return Shape(expected: expected, schema: schema) { item, findings in
            guard case .sequence(let items) = item.content else {
                findings.refuse(
                    item, expected: "a list", fix: "put the value in brackets: [value]")
                return nil
            }
            guard count.contains(items.count) else {
                findings.add(
                    "\(findings.key): found \(items.count) entries, expected \(expected)",
                    at: item.mark, found: "\(items.count)", expected: expected,
                    fix: items.count < count.lowerBound ? "add an entry" : "remove entries")
                return nil
            }
            let key = findings.key
            var values: [Element] = []
            for entry in items {
                findings.key = key
                guard let value = element.read(entry, &findings) else { continue }
                if unique, values.contains(value) {
                    findings.add(
                        "\(key): \(entry.found) is written twice", at: entry.mark,
                        found: entry.found, expected: "each entry once", fix: "keep one of the two")
                    continue
                }
                values.append(value)
            }
            return values.count == items.count ? values : nil
        }
    }

    /// A mapping whose keys are data, such as regions.
    static func map<Key: Hashable & Sendable, Element: Sendable>(
        _ key: Shape<Key>, _ element: Shape<Element>, count: ClosedRange<Int>
    ) -> Shape where Value == [Key: Element] {
        let schema: CanonicalJSON = [
            "type": "object", "propertyNames": key.schema, "additionalProperties": element.schema,
            "minProperties": .integer(Int64(count.lowerBound)),
            "maxProperties": .integer(Int64(count.upperBound)),
        ]
        return Shape(expected: "a mapping", schema: schema) { item, findings in
            guard case .mapping(let entries) = item.content, count.contains(entries.count) else {
                findings.refuse(
                    item, expected: "a mapping of \(count.lowerBound) to \(count.upperBound) keys",
                    fix: "write {key: value}")
                return nil
            }
            let outer = findings.key
            var values: [Key: Element] = [:]
            for entry in entries {
                let keyItem = Item(
                    content: .scalar(Item.Scalar(text: entry.key, isPlain: true)),
                    mark: entry.keyMark)
                findings.key = outer
                let name = key.read(keyItem, &findings)
                findings.key = entry.key
                let value = element.read(entry.value, &findings)
                if let name, let value { values[name] = value }
            }
            return values.count == entries.count ? values : nil
        }
    }

    /// The same text, seen as another type.
    func map<Other: Sendable>(_ transform: @escaping @Sendable (Value) -> Other) -> Shape<Other> {
        Shape<Other>(expected: expected, schema: schema) { item, findings in
            read(item, &findings).map(transform)
        }
    }

    /// One of two forms: a mapping is read by `other`, everything else by this.
    func orMapping(_ other: Shape) -> Shape {
        Shape(
            expected: "\(expected), or \(other.expected)",
            schema: ["oneOf": [schema, other.schema]]
        ) { item, findings in
            if case .mapping = item.content { return other.read(item, &findings) }
            return read(item, &findings)
        }
    }

    /// One of two forms: a list is read by `other`, everything else by this.
    func orList(_ other: Shape) -> Shape {
        Shape(
            expected: "\(expected), or \(other.expected)",
            schema: ["oneOf": [schema, other.schema]]
        ) { item, findings in
            if case .sequence = item.content { return other.read(item, &findings) }
            return read(item, &findings)
        }
    }
}
