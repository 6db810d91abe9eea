/// How many requests servers are ready to answer: whole requests a minute, at least one.
package struct RequestRate: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let perMinute: Int

    /// A hundred million requests a second.
    package static let perMinuteMax = 6_000_000_000

    /// `nil` outside of 1...`perMinuteMax`.
    package init?(perMinute: Int) {
        guard (1...Self.perMinuteMax).contains(perMinute) else { return nil }
        self.perMinute = perMinute
    }

    /// `400/s`, `90/min`
    package var description: String { Self.spoken(perMinute) }

    /// A number of requests a minute, in whole requests a second where that says the same.
    package static func spoken(_ perMinute: Int) -> String {
        perMinute.isMultiple(of: 60)
            ? "\(grouped(perMinute / 60))/s" : "\(grouped(perMinute))/min"
    }

    /// Whether servers that are ready for so much can answer a share of a minute's requests.
    package func carries(_ share: Share, of minute: Int) -> Bool {
        Double(minute) * share.fraction <= Double(perMinute)
    }

    package static func < (left: Self, right: Self) -> Bool { left.perMinute < right.perMinute }
}

extension RequestRate: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let rate = RequestRate(perMinute: try container.decode(Int.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a rate is 1 to 6000000000 requests a minute")
        }
        self = rate
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(perMinute)
    }
}
