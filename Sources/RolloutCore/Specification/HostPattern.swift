/// A host by its name or number, or every host below a name: `models.example.org`,
/// `*.example.org`, `10.0.3.7`.
package struct HostPattern: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` for anything but letters, digits, `-`, `_` and single dots, after a leading `*.` or none.
    package init?(_ text: String) {
        let name = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            !label.isEmpty
                && label.utf8.allSatisfy {
                    switch $0 {
                    case 45, 48...57, 65...90, 95, 97...122: true
                    default: false
                    }
                }
        }
        guard text.utf8.count <= 253, isName else { return nil }
        description = text.lowercased()
    }

    /// Whether a host is meant, letter by letter: another spelling of the same number is not.
    package func covers(_ host: String) -> Bool {
        let host = host.lowercased()
        return description.hasPrefix("*.")
            ? host.hasSuffix(description.dropFirst()) && host.utf8.count >= description.utf8.count
            : host == description
    }
}

extension HostPattern: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let pattern = HostPattern(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a host is a name, or *. and a name")
        }
        self = pattern
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
