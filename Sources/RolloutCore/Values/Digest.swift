/// The SHA-256 of an artifact, a file or a record: 64 lower-case hexadecimal digits.
package struct Digest: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let hex: String

    /// `nil` unless the text is 64 of 0-9 a-f.
    package init?(hex: String) {
        guard hex.utf8.count == 64,
            hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        self.hex = hex
    }

    /// The first twelve digits, for people.
    package var short: String { String(hex.prefix(12)) }
    package var description: String { hex }

    package static func < (left: Self, right: Self) -> Bool {
        left.hex.utf8.lexicographicallyPrecedes(right.hex.utf8)
    }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = Digest(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a digest is 64 hexadecimal digits")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
