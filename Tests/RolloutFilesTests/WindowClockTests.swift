import Foundation
import RolloutCore
import RolloutFiles
import Testing

/// J9: every zone, around every change of its clocks from 2024 to 2030, against Foundation's own
/// calendar.
@Suite struct WindowClockTests {
    static let zones = TimeZone.knownTimeZoneIdentifiers

    private func moment(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

    private func window(
        _ zone: String, allow: WeeklyInterval? = nil, deny: WeeklyInterval? = nil,
        inFlight: WindowPolicy.InFlightRule = .hold, expires: Timestamp? = nil
    ) throws -> WindowPolicy {
        WindowPolicy(
            name: try PolicyName("w"), allow: allow, deny: deny, timeZone: zone, inFlight: inFlight,
            owner: "sre", reason: "r", expires: expires)
    }

    @Test("J9: agrees with the calendar around every change of clocks")
    func agreesWithTheCalendarAroundEveryChangeOfClocks() throws {
        let start = try moment("2024-01-01T00:00:00Z")
        let end = try moment("2031-01-01T00:00:00Z")
        let interval = WeeklyInterval(days: [1, 2, 3, 4, 7], from: 90, to: 16 * 60 + 30)
        var changes = 0
        for name in Self.zones {
            let zone = try #require(TimeZone(identifier: name))
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = zone
            let policy = try window(name, allow: interval)
            var moments: [Timestamp] = []
            var date = Date(timeIntervalSince1970: Double(start.milliseconds) / 1_000)
            while let next = zone.nextDaylightSavingTimeTransition(after: date),
                next.timeIntervalSince1970 * 1_000 < Double(end.milliseconds)
            {
                changes += 1
                let at = try #require(
                    Int64(exactly: (next.timeIntervalSince1970 * 1_000).rounded()))
                for offset in [-90_000_000, -5_400_000, -1, 0, 1, 1_800_000, 3_600_000, 7_200_000] {
                    moments.append(Timestamp(milliseconds: at + Int64(offset)))
                }
                date = next
            }
            // Zones that never change their clocks, and a leap day.
            moments.append(try moment("2028-02-29T12:00:00Z"))
            for moment in moments {
                let clock = WindowClock(policy, around: moment)
                let day = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1_000)
                let parts = calendar.dateComponents([.weekday, .hour, .minute], from: day)
                let weekday = try #require(parts.weekday)
                let minute = try #require(parts.hour) * 60 + (try #require(parts.minute))
                let expected =
                    interval.days.contains(weekday == 1 ? 7 : weekday - 1)
                    && (interval.from..<interval.to).contains(minute)
                #expect(clock.covers(moment) == expected, "\(name) \(moment)")
                #expect(clock.forbids(at: moment) != expected, "\(name) \(moment)")
            }
        }
        #expect(changes > 1_500)
    }

    /// When a window opens, it is open, and it was not a millisecond before.
    @Test func opensWhenItSays() throws {
        var zones = Self.zones.filter {
            $0.hasPrefix("E") || $0.hasPrefix("Am") || $0.hasPrefix("Au")
        }
        zones.append("Asia/Kathmandu")
        let interval = WeeklyInterval(days: [1, 2, 3, 4], from: 9 * 60, to: 16 * 60)
        for (index, name) in zones.enumerated() {
            for month in 0..<24 {
                let now = Timestamp(
                    milliseconds: 1_704_067_200_000 + Int64(month) * 2_629_746_000
                        + Int64(index) * 7_919_000)
                for deny in [false, true] {
                    let policy = try window(
                        name, allow: deny ? nil : interval, deny: deny ? interval : nil)
                    let clock = WindowClock(policy, around: now)
                    let windows = WindowsNow([clock], at: now)
                    guard !windows.closed.isEmpty else { continue }
                    let opens = try #require(windows.opens, "\(name) \(now)")
                    #expect(opens > now)
                    func closed(_ at: Timestamp) -> Bool {
                        !WindowsNow([WindowClock(policy, around: at)], at: at).closed.isEmpty
                    }
                    #expect(!closed(opens), "\(name) \(now) \(opens)")
                    #expect(closed(opens - TimeSpan(milliseconds: 1)), "\(name) \(now) \(opens)")
                    let between = Timestamp(
                        milliseconds: (now.milliseconds + opens.milliseconds) / 2)
                    #expect(closed(between) || between < now, "\(name) \(now) \(between)")
                }
            }
        }
    }

    @Test("J9: the hour that comes twice belongs to it twice")
    func theHourThatComesTwiceBelongsToItTwice() throws {
        // Clocks in Madrid went from 03:00 back to 02:00 on 2026-10-25, at 01:00 UTC.
        let policy = try window(
            "Europe/Madrid", deny: WeeklyInterval(days: [7], from: 120, to: 180))
        for (time, forbids) in [
            ("2026-10-24T23:59:59Z", false), ("2026-10-25T00:00:00Z", true),
            ("2026-10-25T00:59:59Z", true), ("2026-10-25T01:00:00Z", true),
            ("2026-10-25T01:59:59Z", true), ("2026-10-25T02:00:00Z", false),
        ] {
            let at = try moment(time)
            #expect(WindowClock(policy, around: at).forbids(at: at) == forbids, "\(time)")
        }
        // On 2026-03-29 the hour from 02:00 to 03:00 did not come: that window never was.
        for hour in 0..<24 {
            let at = try moment("2026-03-29T\(hour < 10 ? "0" : "")\(hour):30:00Z")
            #expect(!WindowClock(policy, around: at).forbids(at: at))
        }
    }

    @Test func denyWinsAndOneOfSeveralAllowsIsEnough() throws {
        let now = try moment("2026-11-21T12:00:00Z")  // a Saturday
        func clock(_ days: [Int], deny: Bool = false, expires: Timestamp? = nil) throws
            -> WindowClock
        {
            let all = WeeklyInterval(days: days, from: 0, to: 1_440)
            return WindowClock(
                try window(
                    "UTC", allow: deny ? nil : all, deny: deny ? all : nil, expires: expires),
                around: now)
        }
        func isOpen(_ windows: [WindowClock]) -> Bool {
            WindowsNow(windows, at: now).closed.isEmpty
        }
        #expect(isOpen([]))
        #expect(try isOpen([clock([6])]))
        #expect(try !isOpen([clock([1])]))
        #expect(try isOpen([clock([1]), clock([6])]))
        #expect(try !isOpen([clock([6]), clock([6], deny: true)]))
        #expect(try isOpen([clock([6]), clock([7], deny: true)]))
        #expect(try isOpen([clock([1], expires: now)]))
        #expect(try !isOpen([clock([1], expires: now + .seconds(1))]))
    }

    @Test func anUnknownZoneForbids() throws {
        let now = try moment("2026-11-21T12:00:00Z")
        let all = WeeklyInterval(days: [1, 2, 3, 4, 5, 6, 7], from: 0, to: 1_440)
        for policy in [try window("Mars/Olympus", allow: all), try window("IST5", deny: all)] {
            let clock = WindowClock(policy, around: now)
            #expect(clock.forbids(at: now))
            #expect(WindowsNow([clock], at: now).opens == nil)
        }
    }
}
