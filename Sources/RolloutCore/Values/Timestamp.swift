/// A moment in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Hashable, Comparable, Sendable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func + (left: Self, right: TimeSpan) -> Self {
        Timestamp(milliseconds: left.milliseconds &+ right.milliseconds)
    }
    package static func - (left: Self, right: TimeSpan) -> Self {
        Timestamp(milliseconds: left.milliseconds &- right.milliseconds)
    }
    /// The time from `right` to `left`; negative when `left` is earlier.
    package static func - (left: Self, right: Self) -> TimeSpan {
        TimeSpan(milliseconds: left.milliseconds &- right.milliseconds)
    }
    package static func < (left: Self, right: Self) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-11-20T14:02:11.250Z`.
    package var description: String {
        let days = milliseconds.floorDivided(by: 86_400_000)
        // Wrapping, because the first day that an Int64 can name begins before its smallest value.
        let rest = milliseconds &- days &* 86_400_000
        let (year, month, day) = civil(fromDays: days)
        let clock = [rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60].map { padded($0, 2) }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(clock.joined(separator: ":")).\(padded(rest % 1_000, 3))Z"
    }

    /// Reads RFC 3339 in UTC only: `2026-11-20T14:02:11Z` or with one to three decimals.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 24, bytes.last == UInt8(ascii: "Z") else {
            return nil
        }
        for (index, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")] {
            guard bytes[index] == Array(mark.utf8)[0] else { return nil }
        }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (48...57).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var thousandths: Int64 = 0
        if bytes.count > 20 {
            let decimals = bytes.count - 21
            guard bytes[19] == UInt8(ascii: "."), decimals > 0,
                let digits = number(20..<(20 + decimals))
            else { return nil }
            thousandths = decimals == 1 ? digits * 100 : decimals == 2 ? digits * 10 : digits
        }
        let days = daysFromCivil(year: year, month: month, day: day)
        guard civil(fromDays: days) == (year, month, day) else { return nil }
        milliseconds =
            days * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1_000 + thousandths
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let parsed = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a time is RFC 3339 in UTC")
        }
        self = parsed
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

// Days and dates of the proleptic Gregorian calendar: Howard Hinnant, "chrono-compatible
// low-level date algorithms" (2013), days_from_civil and civil_from_days.
private func daysFromCivil(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted.floorDivided(by: 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
}

private func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
    let shifted = days + 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
}

extension Int64 {
    /// Division that rounds down, also below zero.
    func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
