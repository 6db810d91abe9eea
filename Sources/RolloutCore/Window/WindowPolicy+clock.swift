/// A zone's offsets from UTC around some moment: what a window needs to know of it.
///
/// Offsets are data, so that a record can be judged again after governments have changed their
/// minds about summer time.
package struct ZoneOffsets: Codable, Sendable, Hashable {
    package struct Offset: Codable, Sendable, Hashable {
        package let from: Timestamp
        package let seconds: Int64

        package init(from: Timestamp, seconds: Int64) {
            self.from = from
            self.seconds = seconds
        }
    }

    package let zone: String
    /// The release of the time zone database, such as `2026a`.
    package let release: String
    /// In rising order; the first holds for everything before it too.
    package let offsets: [Offset]

    package init(zone: String, release: String, offsets: [Offset]) {
        self.zone = zone
        self.release = release
        self.offsets = offsets
    }

    /// Seconds that clocks on the wall are ahead of UTC; `nil` when the zone is unknown.
    func seconds(at moment: Timestamp) -> Int64? {
        (offsets.last { $0.from <= moment } ?? offsets.first)?.seconds
    }
}

/// A window, and the clock on its wall.
package struct WindowClock: Codable, Sendable, Hashable {
    package let policy: WindowPolicy
    package let zone: ZoneOffsets

    package init(policy: WindowPolicy, zone: ZoneOffsets) {
        self.policy = policy
        self.zone = zone
    }

    /// Whether its interval covers a moment. A clock that is put back goes through an hour twice,
    /// and both belong to the interval; an hour that is left out never comes.
    package func covers(_ moment: Timestamp) -> Bool? {
        guard let seconds = zone.seconds(at: moment), let interval = policy.allow ?? policy.deny
        else { return nil }
        let local = moment.milliseconds &+ seconds &* 1_000
        let day = local.floorDivided(by: Self.dayMilliseconds)
        let minute = (local &- day &* Self.dayMilliseconds) / 60_000
        // 1970-01-01 was a Thursday.
        let weekday = Int((day &+ 3) - ((day &+ 3).floorDivided(by: 7)) * 7) + 1
        return interval.days.contains(weekday)
            && (Int64(interval.from)..<Int64(interval.to)).contains(minute)
    }

    package func isExpired(at moment: Timestamp) -> Bool {
        policy.expires.map { moment >= $0 } ?? false
    }

    /// Whether it forbids an increase by itself. A zone that nobody knows forbids.
    package func forbids(at moment: Timestamp) -> Bool {
        guard !isExpired(at: moment) else { return false }
        guard let covers = covers(moment) else { return true }
        return policy.deny == nil ? !covers : covers
    }

    static let dayMilliseconds: Int64 = 86_400_000
    /// A week and the two days that a change of clocks may push an edge into.
    private static let daysAhead = 9

    /// Every moment after `now` at which `forbids` may change, for nine days.
    func edges(after now: Timestamp) -> [Timestamp] {
        guard let interval = policy.allow ?? policy.deny else { return [] }
        let offsets = Set(zone.offsets.map(\.seconds))
        let today = now.milliseconds.floorDivided(by: Self.dayMilliseconds)
        var edges = zone.offsets.map(\.from) + [policy.expires].compactMap { $0 }
        for day in -1...Self.daysAhead {
            for minute in [interval.from, interval.to] {
                let wall = (today + Int64(day)) * Self.dayMilliseconds + Int64(minute) * 60_000
                edges += offsets.map { Timestamp(milliseconds: wall - $0 * 1_000) }
            }
        }
        return edges.filter { $0 > now }
    }
}

/// What the windows of a rollout say together at one moment. Deny wins; of several that allow, one
/// is enough.
package struct WindowsNow: Sendable, Hashable {
    /// The windows that forbid an increase; empty when none does.
    package let closed: [WindowPolicy]
    /// When an increase is next allowed; `nil` when that is further away than nine days.
    package let opens: Timestamp?

    package init(_ windows: [WindowClock], at now: Timestamp) {
        closed = Self.closed(windows, now)
        opens =
            closed.isEmpty
            ? nil
            : windows.flatMap { $0.edges(after: now) }.sorted()
                .first { Self.closed(windows, $0).isEmpty }
    }

    private static func closed(_ windows: [WindowClock], _ now: Timestamp) -> [WindowPolicy] {
        let live = windows.filter { !$0.isExpired(at: now) }
        let denying = live.filter { $0.policy.deny != nil && $0.forbids(at: now) }
        let allowing = live.filter { $0.policy.allow != nil }
        let isAllowed = allowing.isEmpty || allowing.contains { !$0.forbids(at: now) }
        return (denying + (isAllowed ? [] : allowing)).map(\.policy)
    }

    /// The strongest of what the closed windows ask of a candidate on its way.
    package var inFlight: WindowPolicy.InFlightRule? {
        [.rollback, .hold, .continue].first { rule in closed.contains { $0.inFlight == rule } }
    }
}
