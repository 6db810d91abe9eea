/// A name or path as it stands in a tree: bytes, which need not be text.
///
/// Two names that Swift strings hold equal (`é` as one or two scalars) are two names here.
package struct EntryName: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// `nil` when the bytes are not valid UTF-8.
    package var text: String? { String(validating: bytes, as: UTF8.self) }
}

extension EntryName: CustomStringConvertible {
    /// Printable ASCII as it is, everything else escaped: safe in a log and on a terminal.
    package var description: String {
        if let text { return text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined() }
        return bytes.map { byte in
            let printable = (0x20..<0x7f).contains(byte) && byte != UInt8(ascii: "\\")
            return printable
                ? String(Unicode.Scalar(byte))
                : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

extension EntryName: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
