/// A JSON value with exactly one byte form, so that digests of it mean something.
///
/// `JSONDecoder` takes the first of two equal keys and `JSONSerialization` the last; this takes
/// neither. See `parse`, `pretty` and `compact`.
package enum CanonicalJSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Only for numbers above `Int64.max`.
    case unsigned(UInt64)
    /// Finite; a whole number below 2^53 is printed as an integer.
    case decimal(Double)
    case string(String)
    case array([CanonicalJSON])
    case object([String: CanonicalJSON])

    /// The member of an object; `nil` for anything else.
    package subscript(key: String) -> CanonicalJSON? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }
}

extension CanonicalJSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(arrayLiteral elements: CanonicalJSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, CanonicalJSON)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}

/// Why bytes are not canonical JSON, or a value has no JSON form.
package struct CanonicalJSONError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        case invalidUTF8, tooLarge, tooDeep, duplicateKey, syntax, number, loneSurrogate
        case notFinite, notCanonical, shape
    }

    package let code: Code
    /// Byte offset of the fault; 0 when it has no place.
    package let offset: Int
    package let message: String

    package var description: String {
        offset > 0 ? "JSON at byte \(offset): \(message)" : "JSON: \(message)"
    }
}
