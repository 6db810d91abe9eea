/// A name that is safe as a path part, a header value, a metric label and an SQL parameter.
///
/// Matches `^[a-z0-9][a-z0-9._-]{0,62}$`, compared as bytes. `Subject` keeps a region from being
/// passed where a rollout is meant.
package struct Identifier<Subject>: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: String

    /// - Throws: `InvalidIdentifier` when the text is outside of the grammar.
    package init(_ text: String) throws(InvalidIdentifier) {
        guard Self.accepts(text) else { throw InvalidIdentifier(text: text) }
        rawValue = text
    }

    /// Whether the text matches `^[a-z0-9][a-z0-9._-]{0,62}$`.
    package static func accepts(_ text: String) -> Bool {
        var length = 0
        for byte in text.utf8 {
            length += 1
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                if length == 1 { return false }
            default: return false
            }
            if length > 63 { return false }
        }
        return length > 0
    }

    package var description: String { rawValue }

    package static func < (left: Self, right: Self) -> Bool {
        left.rawValue.utf8.lexicographicallyPrecedes(right.rawValue.utf8)
    }
}

/// The error of a name outside of the grammar; carries the text found.
package struct InvalidIdentifier: Error, Hashable, CustomStringConvertible {
    package let text: String

    package var description: String {
        "\"\(text)\" is not a name; use 1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit"
    }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension Identifier: CodingKeyRepresentable {
    package var codingKey: any CodingKey { IdentifierKey(stringValue: rawValue) }

    package init?(codingKey: some CodingKey) {
        guard let identifier = try? Self(codingKey.stringValue) else { return nil }
        self = identifier
    }
}

private struct IdentifierKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

package enum RolloutSubject {}
package enum RegionSubject {}
package enum VersionSubject {}
package enum GuardrailSubject {}
package enum PolicySubject {}
package enum RouterSubject {}
package enum SignalSubject {}
package enum ConflictGroupSubject {}

/// `compression-selector`: the folder below `rollouts/`.
package typealias RolloutName = Identifier<RolloutSubject>
/// `eu-west`
package typealias RegionName = Identifier<RegionSubject>
/// `2.4.0`, or `rules-1` for a fallback that is not numbered.
package typealias VersionName = Identifier<VersionSubject>
/// `accuracy-drop`
package typealias GuardrailName = Identifier<GuardrailSubject>
/// The file name, without ending, of a file below `policies/`.
package typealias PolicyName = Identifier<PolicySubject>
/// A router that `gatewright.yaml` defines.
package typealias RouterName = Identifier<RouterSubject>
/// A signal source that `gatewright.yaml` defines.
package typealias SignalName = Identifier<SignalSubject>
/// `edge-gpus`: what several rollouts share, so that one of them at a time may move.
package typealias ConflictGroupName = Identifier<ConflictGroupSubject>
