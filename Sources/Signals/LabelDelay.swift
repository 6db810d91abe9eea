import RolloutCore

/// How long labels take, of both versions: a histogram with four buckets to the octave.
struct LabelDelay: Codable, Sendable, Hashable {
    /// With fewer labels nothing is known of how long they take.
    static let labelsMin = 20
    private static let bucketsMax = 160

    private var counts: [Int] = []
    private var total = 0
    /// The longest that the 95 % point ever was: it never falls, so a cohort that was too young to
    /// be counted does not become old enough because quick labels came.
    private(set) var lag: TimeSpan?

    /// - Parameter most: labels that take longer are not waited for.
    mutating func observe(_ delay: TimeSpan, most: TimeSpan?) {
        let milliseconds = max(delay.milliseconds, 0)
        let bucket = min(Self.bucket(milliseconds), Self.bucketsMax - 1)
        while counts.count <= bucket { counts.append(0) }
        counts[bucket] += 1
        total += 1
        guard total >= Self.labelsMin else { return }
        var (seen, index) = (0, 0)
        while index < counts.count - 1 {
            seen += counts[index]
            if seen * 20 >= total * 19 { break }
            index += 1
        }
        let point = min(Self.upperEdge(index), most ?? Self.upperEdge(index))
        lag = max(lag ?? point, point)
    }

    /// Four buckets to the octave, of milliseconds + 4: buckets 0 to 3 are 4 to 7 and so on.
    private static func bucket(_ milliseconds: Int64) -> Int {
        let value = milliseconds.addingReportingOverflow(4).partialValue
        guard value > 0 else { return bucketsMax - 1 }
        let exponent = 63 - value.leadingZeroBitCount
        let quarter = Int((value >> Int64(exponent - 2)) & 3)
        return (exponent - 2) * 4 + quarter
    }

    /// The first delay that is beyond a bucket.
    static func upperEdge(_ bucket: Int) -> TimeSpan {
        let next = bucket + 1
        let (octave, quarter) = (next / 4, next % 4)
        guard octave < 60 else { return TimeSpan(milliseconds: .max / 4) }
        return TimeSpan(milliseconds: (Int64(4 + quarter) << Int64(octave)) - 4)
    }
}
