import Foundation
package import RolloutCore

extension ZoneOffsets {
    /// What this machine knows of a zone around a moment: the offset in force and the changes of
    /// the next ten days, which is further than a window looks. A zone that is unknown has none,
    /// and forbids.
    package static func system(_ name: String, around moment: Timestamp) -> ZoneOffsets {
        guard let zone = TimeZone(identifier: name) else {
            return ZoneOffsets(zone: name, release: TimeZone.timeZoneDataVersion, offsets: [])
        }
        var offsets: [Offset] = []
        var date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1_000)
        offsets.append(
            Offset(from: moment, seconds: Int64(zone.secondsFromGMT(for: date))))
        let end = date.addingTimeInterval(10 * 86_400)
        while let next = zone.nextDaylightSavingTimeTransition(after: date), next > date, next < end
        {
            let milliseconds = (next.timeIntervalSince1970 * 1_000).rounded()
            guard let exact = Int64(exactly: milliseconds) else { break }
            offsets.append(
                Offset(
                    from: Timestamp(milliseconds: exact),
                    seconds: Int64(zone.secondsFromGMT(for: next))))
            date = next
        }
        return ZoneOffsets(
            zone: name, release: TimeZone.timeZoneDataVersion, offsets: offsets)
    }
}

extension WindowClock {
    /// A window with the clock that this machine puts on its wall.
    package init(_ policy: WindowPolicy, around moment: Timestamp) {
        self.init(policy: policy, zone: .system(policy.timeZone, around: moment))
    }
}
