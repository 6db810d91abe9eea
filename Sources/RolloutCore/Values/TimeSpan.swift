/// A length of time in whole milliseconds.
package struct TimeSpan: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let zero = TimeSpan(milliseconds: 0)

    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func seconds(_ count: Int64) -> TimeSpan {
        TimeSpan(milliseconds: count.multipliedReportingOverflow(by: 1_000).partialValue)
    }

    /// Reads `250ms`, `30s`, `15m`, `24h`, `7d`: a whole number and one unit. `nil` otherwise.
    package init?(_ text: String) {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !digits.isEmpty, digits.count <= 12, let count = Int64(String(digits) ?? "") else {
            return nil
        }
        let unit: Int64
        switch String(text.dropFirst(digits.count)) {
        case "ms": unit = 1
        case "s": unit = 1_000
        case "m": unit = 60_000
        case "h": unit = 3_600_000
        case "d": unit = 86_400_000
        default: return nil
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        milliseconds = product
    }

    /// The largest unit that divides it: `90m`, `7d`.
    package var description: String {
        let units: [(Int64, String)] = [
            (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"),
        ]
        for (unit, suffix) in units where milliseconds != 0 && milliseconds % unit == 0 {
            return "\(milliseconds / unit)\(suffix)"
        }
        return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
    }

    /// For people: two units at the most, `1 d 4 h`, `38 min`, `4.2 s`.
    package var spoken: String {
        let seconds = milliseconds / 1_000
        switch seconds {
        case ..<10: return "\(milliseconds / 1_000).\(abs(milliseconds % 1_000) / 100) s"
        case ..<120: return "\(seconds) s"
        case ..<7_200: return "\(seconds / 60) min"
        case ..<172_800:
            let minutes = seconds / 60 % 60
            return minutes == 0 ? "\(seconds / 3_600) h" : "\(seconds / 3_600) h \(minutes) min"
        default:
            let hours = seconds / 3_600 % 24
            return hours == 0 ? "\(seconds / 86_400) d" : "\(seconds / 86_400) d \(hours) h"
        }
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.milliseconds < right.milliseconds
    }
    package static func + (left: Self, right: Self) -> Self {
        TimeSpan(milliseconds: left.milliseconds &+ right.milliseconds)
    }
    package static func - (left: Self, right: Self) -> Self {
        TimeSpan(milliseconds: left.milliseconds &- right.milliseconds)
    }
}

extension TimeSpan: Codable {
    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}
