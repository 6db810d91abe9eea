import Foundation
import RolloutCore

/// `policies/windows/NAME.yaml`
enum WindowFile {
    static let allow = Field<WeeklyInterval?>.optional(
        "allow", WeeklyShape.shape, "When shares may rise.")
    static let deny = Field<WeeklyInterval?>.optional(
        "deny", WeeklyShape.shape, "When shares may not rise.")
    static let timeZone = Field.required("timeZone", zoneShape, "An IANA name.")
    static let inFlight = Field.defaulted(
        "inFlight", .choice(WindowPolicy.InFlightRule.self), .hold, written: "hold",
        "What happens to a candidate on its way when the window closes.")
    static let owner = Field.required("owner", .text(limit: 120), "Who to ask.")
    static let reason = Field.required("reason", .text(), "Why it is there.")
    static let expires = Field<Item?>.optional(
        "expires",
        Shape<Item>(expected: momentShape.expected, schema: momentShape.schema) { item, _ in item },
        "When it no longer applies; a day begins in the window's own zone.")

    private static let momentShape = Shape<Timestamp>.moment()

    private static let spec = Shape<@Sendable (PolicyName) -> WindowPolicy>.object(
        "spec", [allow, deny, timeZone, inFlight, owner, reason, expires]
    ) { row, findings throws(RefusedField) in
        let (allow, deny, zone) = (try row(allow), try row(deny), try row(timeZone))
        if (allow == nil) == (deny == nil) {
            findings.add(
                "a window has either allow or deny", at: row.mark,
                found: allow == nil ? "neither" : "both", expected: "one of the two",
                fix: allow == nil
                    ? "add allow: \"Mon-Thu 09:00-16:00\"" : "put deny in a window of its own")
            return nil
        }
        var end: Timestamp?
        if let item = try row(expires) {
            findings.key = "expires"
            end = Shape<Timestamp>.moment(startOfDayIn: TimeZone(identifier: zone) ?? .gmt)
                .read(item, &findings)
        }
        let (inFlight, owner, reason) = (try row(inFlight), try row(owner), try row(reason))
        return { [end] name in
            WindowPolicy(
                name: name, allow: allow, deny: deny, timeZone: zone, inFlight: inFlight,
                owner: owner, reason: reason, expires: end)
        }
    }

    static let shape = Shape<WindowPolicy>.policy(.window, spec: spec) { $1($0) }

    /// Abbreviations are refused: `IST` is India, Ireland or Israel, and Foundation picks one.
    private static let zoneShape = Shape<String>.matching(
        "an IANA time zone such as Europe/Madrid", example: "Europe/Madrid",
        pattern: "^(UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+)$"
    ) { text in
        text == "UTC"
            || (text.utf8.contains(UInt8(ascii: "/"))
                && TimeZone.knownTimeZoneIdentifiers.contains(text))
    }
}

/// `Mon-Thu 09:00-16:00`, `Sat,Sun 00:00-24:00`
enum WeeklyShape {
    static let shape = Shape<WeeklyInterval>.scalar(
        "days and hours such as \"Mon-Thu 09:00-16:00\"", example: "\"Mon-Thu 09:00-16:00\"",
        schema: [
            "type": "string",
            "pattern": "^[A-Z][a-z]{2}([-,][A-Z][a-z]{2})* [0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$",
        ]
    ) { scalar throws(Refusal) in
        let parts = scalar.text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw Refusal() }
        let hours = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard hours.count == 2, let from = minutes(hours[0]), let to = minutes(hours[1]) else {
            throw Refusal("hours are 00:00 to 24:00")
        }
        guard from < to else {
            throw Refusal("the end must be after the beginning; use two windows across midnight")
        }
        return WeeklyInterval(days: try days(parts[0]), from: from, to: to)
    }

    private static let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    private static func days(_ text: Substring) throws(Refusal) -> [Int] {
        var days: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
                .map { name in names.firstIndex { $0 == name } }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1]
            else { throw Refusal("days are Mon Tue Wed Thu Fri Sat Sun") }
            guard first <= last else { throw Refusal("days run from Monday to Sunday") }
            for day in first...last where !days.insert(day + 1).inserted {
                throw Refusal("a day is named twice")
            }
        }
        return days.sorted()
    }

    private static func minutes(_ text: Substring) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
        let digits = [bytes[0], bytes[1], bytes[3], bytes[4]].map { Int($0) - 48 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let (hour, minute) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
        guard minute < 60, hour * 60 + minute <= 1_440 else { return nil }
        return hour * 60 + minute
    }
}

/// `policies/stop.yaml`
enum StopFile {
    static let owner = Field.required("owner", .text(limit: 120), "Who to ask.")
    static let reason = Field.required("reason", .text(), "Why everything stands still.")
    static let since = Field<Timestamp?>.optional(
        "since", .moment(), "From when; at once if left out.")
    static let expires = Field<Timestamp?>.optional(
        "expires", .moment(), "Until when; until the file is gone if left out.")

    static let shape = Shape<StopOrder>.document(
        .stop, metadata: PolicyMetadata.field, spec: spec
    ) { _, stop, _, _ in stop }

    private static let spec = Shape<StopOrder>.object("spec", [owner, reason, since, expires]) {
        row, findings throws(RefusedField) in
        let (since, expires) = (try row(since), try row(expires))
        if let since, let expires, expires <= since {
            findings.add(
                "the stop expires before it begins", at: row.mark(Self.expires),
                found: "\(expires)", expected: "after \(since)", fix: "write a later time")
        }
        return StopOrder(
            owner: try row(owner), reason: try row(reason), since: since, expires: expires)
    }
}
