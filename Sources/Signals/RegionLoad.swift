import RolloutCore

/// How many requests the callers of a region send: the busiest minute of the last day.
///
/// What was counted in a minute is only ever too little (an observation was late, or lost on a full
/// disk), so the busiest one is the nearest to the truth.
struct RegionLoad: Codable, Sendable, Hashable {
    /// Requests by minute since the epoch: late answers are still counted where they belong.
    private var minutes: [Int: Int] = [:]
    /// The busiest minute of each hour.
    private var hours: [Int: Int] = [:]

    private static let minutesMax = 10
    private static let hoursMax = 24

    mutating func add(_ at: Timestamp) {
        let minute = Int(at.milliseconds / 60_000)
        let count = (minutes[minute] ?? 0) + 1
        minutes[minute] = count
        let hour = minute / 60
        hours[hour] = max(hours[hour] ?? 0, count)
        // The oldest go by their number and not by their age: one clock that is a day ahead must not
        // make anybody forget the rest.
        if minutes.count > Self.minutesMax { Self.dropOldest(&minutes) }
        if hours.count > Self.hoursMax { Self.dropOldest(&hours) }
    }

    var busiest: Int? { hours.values.max() }

    private static func dropOldest(_ counts: inout [Int: Int]) {
        if let oldest = counts.keys.min() { counts[oldest] = nil }
    }
}
