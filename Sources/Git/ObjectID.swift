/// The SHA-1 name of a git object: twenty bytes, written as forty lower-case hexadecimal digits.
package struct ObjectID: Hashable, Sendable {
    // Three integers instead of an array: ids are compared and hashed all the time.
    private let high: UInt64
    private let middle: UInt64
    private let low: UInt32

    /// `nil` unless there are exactly twenty bytes.
    package init?(bytes: some Sequence<UInt8>) {
        var high: UInt64 = 0
        var middle: UInt64 = 0
        var low: UInt32 = 0
        var count = 0
        for byte in bytes {
            switch count {
            case 0..<8: high = high << 8 | UInt64(byte)
            case 8..<16: middle = middle << 8 | UInt64(byte)
            case 16..<20: low = low << 8 | UInt32(byte)
            default: return nil
            }
            count += 1
        }
        guard count == 20 else { return nil }
        (self.high, self.middle, self.low) = (high, middle, low)
    }

    /// `nil` unless the text is forty of 0-9 a-f.
    package init?(hex: String) {
        guard hex.utf8.count == 40 else { return nil }
        var bytes: [UInt8] = []
        var upper: UInt8?
        for digit in hex.utf8 {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = upper {
                bytes.append(first << 4 | value)
                upper = nil
            } else {
                upper = value
            }
        }
        self.init(bytes: bytes)
    }

    /// The twenty bytes.
    package var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: middle >> UInt64(56 - 8 * $0)) }
            + (0..<4).map { UInt8(truncatingIfNeeded: low >> UInt32(24 - 8 * $0)) }
    }

    /// Forty digits.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// The first ten digits, for people.
    package var short: String { String(hex.prefix(10)) }
}

extension ObjectID: CustomStringConvertible {
    package var description: String { hex }
}

extension ObjectID: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        (left.high, left.middle, left.low) < (right.high, right.middle, right.low)
    }
}

extension ObjectID: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = ObjectID(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a git object id is forty hexadecimal digits")
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
