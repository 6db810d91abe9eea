/// A JSON value as it was written. Numbers stay text, so that 64 bits are not rounded.
indirect enum StrictJSON: Sendable, Hashable {
    case object([Member])
    case array([StrictJSON])
    case string(String)
    case number(String)
    case bool(Bool)
    case null

    struct Member: Sendable, Hashable {
        let name: String
        let value: StrictJSON
    }

    /// What a person reads when another kind was expected.
    var described: String {
        switch self {
        case .object: "an object"
        case .array: "a list"
        case .string(let text): "\"\(text.quotable)\""
        case .number(let text): text.quotable
        case .bool(let value): "\(value)"
        case .null: "null"
        }
    }
}

struct StrictJSONError: Error, Hashable {
    let byte: Int
    let problem: String
}

/// Reads JSON by RFC 8259 and refuses what parsers disagree on: doubled keys, lone surrogates,
/// invalid UTF-8, deep nesting (T8, T9).
struct StrictJSONParser {
    private let bytes: ArraySlice<UInt8>
    private var index: Int
    /// Our deepest item has three levels.
    private static let depthLimit = 16
    private static let memberLimit = 64

    /// - Throws: `StrictJSONError` with the byte it happened at.
    static func parse(_ bytes: ArraySlice<UInt8>) throws(StrictJSONError) -> StrictJSON {
        var parser = StrictJSONParser(bytes: bytes, index: bytes.startIndex)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        if parser.peek != nil { throw parser.error("nothing may follow the value") }
        return value
    }

    private var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

    private func error(_ problem: String) -> StrictJSONError {
        StrictJSONError(byte: index - bytes.startIndex, problem: problem)
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 32 || byte == 9 || byte == 10 || byte == 13 { index += 1 }
    }

    private mutating func take(_ expected: Unicode.Scalar) throws(StrictJSONError) {
        guard let byte = peek, byte == UInt8(ascii: expected) else {
            throw error("expected \"\(expected)\"")
        }
        index += 1
    }

    private mutating func value(depth: Int) throws(StrictJSONError) -> StrictJSON {
        guard depth < Self.depthLimit else {
            throw error("nested deeper than \(Self.depthLimit) levels")
        }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some(let byte) where byte == UInt8(ascii: "-") || (48...57).contains(byte):
            return .number(try number())
        default: throw error("expected a JSON value")
        }
    }

    private mutating func object(depth: Int) throws(StrictJSONError) -> StrictJSON {
        try take("{")
        var members: [StrictJSON.Member] = []
        skipSpace()
        if peek == UInt8(ascii: "}") {
            index += 1
            return .object([])
        }
        while true {
            skipSpace()
            let name = try string()
            if members.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
                throw error("key \"\(name.quotable)\" is there twice")
            }
            guard members.count < Self.memberLimit else {
                throw error("more than \(Self.memberLimit) keys")
            }
            skipSpace()
            try take(":")
            members.append(StrictJSON.Member(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            guard peek == UInt8(ascii: ",") else { break }
            index += 1
        }
        try take("}")
        return .object(members)
    }

    private mutating func array(depth: Int) throws(StrictJSONError) -> StrictJSON {
        try take("[")
        var elements: [StrictJSON] = []
        skipSpace()
        if peek == UInt8(ascii: "]") {
            index += 1
            return .array([])
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            guard peek == UInt8(ascii: ",") else { break }
            index += 1
        }
        try take("]")
        return .array(elements)
    }

    private mutating func word(_ text: String, _ value: StrictJSON) throws(StrictJSONError)
        -> StrictJSON
    {
        guard bytes[index...].prefix(text.utf8.count).elementsEqual(text.utf8) else {
            throw error("expected \(text)")
        }
        index += text.utf8.count
        return value
    }

    private mutating func number() throws(StrictJSONError) -> String {
        let start = index
        if peek == UInt8(ascii: "-") { index += 1 }
        if peek == UInt8(ascii: "0") { index += 1 } else { try digits() }
        if peek == UInt8(ascii: ".") {
            index += 1
            try digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            index += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
        guard index - start <= 64 else { throw error("a number of more than 64 characters") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func digits() throws(StrictJSONError) {
        let start = index
        while let byte = peek, (48...57).contains(byte) { index += 1 }
        if index == start { throw error("expected a digit") }
    }

    private mutating func string() throws(StrictJSONError) -> String {
        try take("\"")
        var start = index
        var collected: [UInt8] = []
        while true {
            guard let byte = peek else { throw error("a string has no end") }
            switch byte {
            case UInt8(ascii: "\""):
                collected.append(contentsOf: bytes[start..<index])
                guard let text = String(validating: collected, as: UTF8.self) else {
                    throw error("a string is not valid UTF-8")
                }
                index += 1
                return text
            case UInt8(ascii: "\\"):
                collected.append(contentsOf: bytes[start..<index])
                index += 1
                try escape(into: &collected)
                start = index
            case ..<32: throw error("a control character in a string must be escaped")
            default: index += 1
            }
        }
    }

    private mutating func escape(into collected: inout [UInt8]) throws(StrictJSONError) {
        guard let byte = peek else { throw error("a string has no end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): collected.append(byte)
        case UInt8(ascii: "b"): collected.append(8)
        case UInt8(ascii: "f"): collected.append(12)
        case UInt8(ascii: "n"): collected.append(10)
        case UInt8(ascii: "r"): collected.append(13)
        case UInt8(ascii: "t"): collected.append(9)
        case UInt8(ascii: "u"): try unicode(into: &collected)
        default: throw error("an unknown escape")
        }
    }

    private mutating func unicode(into collected: inout [UInt8]) throws(StrictJSONError) {
        var code = try fourDigits()
        if (0xD800...0xDBFF).contains(code) {
            try take("\\")
            try take("u")
            let low = try fourDigits()
            guard (0xDC00...0xDFFF).contains(low) else { throw error("half a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
        collected.append(contentsOf: UTF8.encode(scalar) ?? .init())
    }

    private mutating func fourDigits() throws(StrictJSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("expected four hexadecimal digits")
            }
            code = code << 4 | UInt32(truncatingIfNeeded: digit)
            index += 1
        }
        return code
    }
}

extension String {
    /// Short, and without anything that could draw outside of its line in a log or a terminal.
    var quotable: String {
        var text = ""
        for scalar in unicodeScalars.prefix(80) {
            text += scalar.isPlain ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        }
        return unicodeScalars.count > 80 ? text + "…" : text
    }

    /// Whether it could stand in one line of a commit message.
    var isPlain: Bool { unicodeScalars.allSatisfy(\.isPlain) }
}

extension Unicode.Scalar {
    fileprivate var isPlain: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned,
            .surrogate:
            false
        default: true
        }
    }
}
