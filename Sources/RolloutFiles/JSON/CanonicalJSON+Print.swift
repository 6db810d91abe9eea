extension CanonicalJSON {
    /// Two-space indent, one key a line, a newline at the end: for records that people read.
    package var pretty: [UInt8] {
        var printer = JSONPrinter(indents: true)
        printer.print(self, depth: 0)
        printer.bytes.append(UInt8(ascii: "\n"))
        return printer.bytes
    }

    /// No white space at all: for digests and for one record a line.
    package var compact: [UInt8] {
        var printer = JSONPrinter(indents: false)
        printer.print(self, depth: 0)
        return printer.bytes
    }

    /// The one text of a finite number: shortest decimals that read back as the same number.
    static func text(of number: Double) -> String {
        if number == 0 { return "0" }
        let text = number.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

private struct JSONPrinter {
    let indents: Bool
    var bytes: [UInt8] = []

    mutating func print(_ value: CanonicalJSON, depth: Int) {
        switch value {
        case .null: write("null")
        case .bool(let flag): write(flag ? "true" : "false")
        case .integer(let number): write(String(number))
        case .unsigned(let number): write(String(number))
        case .decimal(let number): write(CanonicalJSON.text(of: number))
        case .string(let text): write(quoted: text)
        case .array(let elements):
            block("[", "]", count: elements.count, depth: depth) { printer, index in
                printer.print(elements[index], depth: depth + 1)
            }
        case .object(let members):
            // By bytes: String order is by canonical equivalence and would move with Unicode.
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            block("{", "}", count: sorted.count, depth: depth) { printer, index in
                printer.write(quoted: sorted[index].key)
                printer.write(printer.indents ? ": " : ":")
                printer.print(sorted[index].value, depth: depth + 1)
            }
        }
    }

    private mutating func block(
        _ open: String, _ close: String, count: Int, depth: Int,
        element: (inout JSONPrinter, Int) -> Void
    ) {
        write(open)
        for index in 0..<count {
            if index > 0 { write(",") }
            newline(depth + 1)
            element(&self, index)
        }
        if count > 0 { newline(depth) }
        write(close)
    }

    private mutating func newline(_ depth: Int) {
        guard indents else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
    }

    private mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func write(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        defer { bytes.append(UInt8(ascii: "\"")) }
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else {
            return write(text)
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): write("\\\"")
            case UInt8(ascii: "\\"): write("\\\\")
            case 0x08: write("\\b")
            case 0x09: write("\\t")
            case 0x0A: write("\\n")
            case 0x0C: write("\\f")
            case 0x0D: write("\\r")
            case 0..<0x20:
                write(byte < 16 ? "\\u000" : "\\u00")
                write(String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
    }
}
