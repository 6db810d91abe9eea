extension CanonicalJSON {
    /// The largest input that `parse` reads unless told otherwise: 4 MiB, as for outside answers.
    package static let sizeLimit = 4 << 20
    /// Records nest about ten deep; the bound only keeps the recursion off the end of the stack.
    package static let depthLimit = 128

    /// Reads JSON strictly, in any layout.
    ///
    /// - Throws: `CanonicalJSONError` for duplicate keys, invalid UTF-8, lone surrogates, numbers
    ///   that are not written in their one form, trailing bytes, and what is too large or deep.
    package static func parse(
        _ bytes: some Collection<UInt8>, sizeLimit: Int = sizeLimit
    ) throws(CanonicalJSONError) -> CanonicalJSON {
        guard bytes.count <= sizeLimit else {
            throw CanonicalJSONError(
                code: .tooLarge, offset: 0,
                message: "\(bytes.count) bytes; at most \(sizeLimit) are read")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw CanonicalJSONError(code: .invalidUTF8, offset: 0, message: "invalid UTF-8")
        }
        var parser = JSONParser(bytes: Array(bytes))
        return try parser.document()
    }

    /// Reads JSON and refuses it unless its bytes are exactly the `pretty` or the `compact` form.
    package static func parseCanonical(
        _ bytes: some Collection<UInt8>, sizeLimit: Int = sizeLimit
    ) throws(CanonicalJSONError) -> CanonicalJSON {
        let value = try parse(bytes, sizeLimit: sizeLimit)
        guard value.pretty.elementsEqual(bytes) || value.compact.elementsEqual(bytes) else {
            throw CanonicalJSONError(
                code: .notCanonical, offset: 0,
                message: "not in canonical form; write it again with sorted keys and no extra space"
            )
        }
        return value
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(
        _ code: CanonicalJSONError.Code, _ message: String
    ) -> CanonicalJSONError {
        CanonicalJSONError(code: code, offset: position, message: message)
    }

    mutating func document() throws(CanonicalJSONError) -> CanonicalJSON {
        let value = try value(depth: 0)
        skipSpace()
        guard next == nil else { throw fault(.syntax, "bytes after the end of the value") }
        return value
    }

    private mutating func value(depth: Int) throws(CanonicalJSONError) -> CanonicalJSON {
        guard depth < CanonicalJSON.depthLimit else {
            throw fault(.tooDeep, "nested more than \(CanonicalJSON.depthLimit) deep")
        }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            return try number()
        case nil: throw fault(.syntax, "the text ends where a value should be")
        default: throw fault(.syntax, "a value was expected")
        }
    }

    private mutating func object(depth: Int) throws(CanonicalJSONError) -> CanonicalJSON {
        position += 1
        var members: [String: CanonicalJSON] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw fault(.syntax, "a key was expected") }
            let start = position
            let key = try string()
            skipSpace()
            guard take(":") else { throw fault(.syntax, "\":\" was expected after a key") }
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: key) == nil else {
                position = start
                throw fault(.duplicateKey, "the key \"\(key.printable)\" is written twice")
            }
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw fault(.syntax, "\",\" or \"}\" was expected") }
        }
    }

    private mutating func array(depth: Int) throws(CanonicalJSONError) -> CanonicalJSON {
        position += 1
        var elements: [CanonicalJSON] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw fault(.syntax, "\",\" or \"]\" was expected") }
        }
    }

    private mutating func number() throws(CanonicalJSONError) -> CanonicalJSON {
        let start = position
        while let byte = next, isNumberByte(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let value: CanonicalJSON
        if let whole = Int64(text) {
            value = .integer(whole)
        } else if let whole = UInt64(text) {
            value = .unsigned(whole)
        } else if let decimal = Double(text), decimal.isFinite {
            value = .decimal(decimal)
        } else {
            position = start
            throw fault(.number, "\(text) is not a number that can be kept")
        }
        guard value.compact.elementsEqual(bytes[start..<position]) else {
            position = start
            throw fault(
                .number,
                "\(text) is written another way than the canonical "
                    + (String(validating: value.compact, as: UTF8.self) ?? ""))
        }
        return value
    }

    private func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 43, 45, 46, 69, 101: true
        default: false
        }
    }

    private mutating func string() throws(CanonicalJSONError) -> String {
        position += 1
        // Most strings have no escapes and stand in the input as they are.
        let start = position
        skipPlain()
        if take("\"") { return String(decoding: bytes[start..<position - 1], as: UTF8.self) }
        var content = Array(bytes[start..<position])
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw fault(.invalidUTF8, "invalid UTF-8")
                }
                return text
            case UInt8(ascii: "\\"):
                content.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20: throw fault(.syntax, "a control character must be escaped")
            default:
                let start = position
                skipPlain()
                content += bytes[start..<position]
            }
        }
        throw fault(.syntax, "the text ends inside of a string")
    }

    private mutating func skipPlain() {
        while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""),
            byte != UInt8(ascii: "\\")
        {
            position += 1
        }
    }

    private mutating func escape() throws(CanonicalJSONError) -> Unicode.Scalar {
        position += 1
        guard let byte = next else { throw fault(.syntax, "the text ends inside of an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw fault(.syntax, "an unknown escape")
        }
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take("\\"), take("u") else {
            throw fault(.loneSurrogate, "half of a surrogate pair")
        }
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault(.loneSurrogate, "half of a surrogate pair") }
        return scalar
    }

    private mutating func hexadecimal() throws(CanonicalJSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault(.syntax, "four hexadecimal digits were expected")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func word(
        _ word: String, _ value: CanonicalJSON
    ) throws(CanonicalJSONError) -> CanonicalJSON {
        guard bytes[position...].starts(with: word.utf8) else {
            throw fault(.syntax, "a value was expected")
        }
        position += word.utf8.count
        return value
    }

    private mutating func skipSpace() {
        while let byte = next,
            byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D
        { position += 1 }
    }

    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard let byte = next, Unicode.Scalar(byte) == mark else { return false }
        position += 1
        return true
    }
}
