import Foundation

/// Walks over JSON bytes without building a tree. A body is scanned once per request, and only a
/// handful of its fields matter here, so decoding all of it would be most of the gateway's work.
///
/// It checks brackets, strings and separators, not the grammar of numbers: the model server does.
struct JSONScanner {
    /// Nesting is kept in the bits of one word.
    static let depthMax = 64

    let bytes: UnsafeRawBufferPointer
    private(set) var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { at >= bytes.count }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            at += 1
        }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let byte = next, UInt32(byte) == character.value else { return false }
        at += 1
        return true
    }

    mutating func isAtObject() -> Bool {
        skipSpace()
        return next == UInt8(ascii: "{")
    }

    /// The bytes between the quotes, escapes as they are.
    mutating func string() -> Range<Int>? {
        guard take("\"") else { return nil }
        let start = at
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                return start..<(at - 1)
            case UInt8(ascii: "\\"): at += 2
            case 0..<0x20: return nil
            default: at += 1
            }
        }
        return nil
    }

    /// The bytes of any value.
    mutating func value() -> Range<Int>? {
        skipSpace()
        let start = at
        switch next {
        case UInt8(ascii: "\""): guard string() != nil else { return nil }
        case UInt8(ascii: "{"), UInt8(ascii: "["): guard skipNested() else { return nil }
        default:
            while let byte = next, Self.isLiteral(byte) { at += 1 }
            guard at > start else { return nil }
        }
        return start..<at
    }

    /// Calls `member` for each key; it must move past the value and say whether to go on.
    mutating func members(
        _ member: (_ key: Range<Int>, _ scanner: inout JSONScanner) -> Bool
    ) -> Bool {
        guard take("{") else { return false }
        if take("}") { return true }
        repeat {
            guard let key = string(), take(":"), member(key, &self) else { return false }
        } while take(",")
        return take("}")
    }

    /// Calls `element` for each element; it must move past it and say whether to go on.
    mutating func elements(_ element: (_ scanner: inout JSONScanner) -> Bool) -> Bool {
        guard take("[") else { return false }
        if take("]") { return true }
        repeat { guard element(&self) else { return false } } while take(",")
        return take("]")
    }

    func holds(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes[range]) }
    }

    /// The text of a string's inside, escapes resolved; `nil` when it is not valid.
    func text(_ range: Range<Int>) -> String? {
        if !bytes[range].contains(UInt8(ascii: "\\")) {
            return String(validating: bytes[range], as: UTF8.self)
        }
        let quoted = Data([UInt8(ascii: "\"")] + bytes[range] + [UInt8(ascii: "\"")])
        return try? JSONDecoder().decode(String.self, from: quoted)
    }

    /// A string's text, or a number or word as it is written; `nil` for `null` and for the rest.
    func scalar(_ range: Range<Int>) -> String? {
        guard let first = bytes[range].first else { return nil }
        switch first {
        case UInt8(ascii: "\""): return text((range.lowerBound + 1)..<(range.upperBound - 1))
        case UInt8(ascii: "{"), UInt8(ascii: "["): return nil
        default: return holds(range, "null") ? nil : String(validating: bytes[range], as: UTF8.self)
        }
    }

    private mutating func skipNested() -> Bool {
        var objects: UInt64 = 0
        var depth = 0
        while let byte = next {
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < Self.depthMax else { return false }
                objects = objects &<< 1 | (byte == UInt8(ascii: "{") ? 1 : 0)
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard (objects & 1 == 1) == (byte == UInt8(ascii: "}")) else { return false }
                objects = objects &>> 1
                depth -= 1
                if depth == 0 {
                    at += 1
                    return true
                }
            case UInt8(ascii: "\""):
                guard string() != nil else { return false }
                continue
            default: break
            }
            at += 1
        }
        return false
    }

    private static func isLiteral(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}
