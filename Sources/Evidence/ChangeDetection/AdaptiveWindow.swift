/// ADWIN2 (Bifet and Gavaldà 2007), with the bounds and the bucket order of river 0.26: a window
/// that drops its older part when the means of the two parts differ.
package struct AdaptiveWindow: ChangeDetector, Hashable {
    package struct Settings: Codable, Sendable, Hashable {
        package var delta = 0.002
        /// Looks for a cut at each so many values.
        package var clock = 32
        package var maxBuckets = 5
        package var minWindow = 5
        package var grace = 10

        package init() {}
    }

    private struct Bucket: Codable, Sendable, Hashable {
        var total: Double
        var variance: Double
    }

    package let settings: Settings
    /// Row i holds buckets of 2^i values, oldest first.
    private var rows: [[Bucket]] = [[]]
    package private(set) var width = 0.0
    package private(set) var total = 0.0
    /// Sum of squared deviations in the window.
    package private(set) var variance = 0.0
    private var ticks = 0
    private var hasChanged = false

    package init(_ settings: Settings = Settings()) { self.settings = settings }

    package mutating func update(_ value: Double) -> Change {
        if hasChanged { self = AdaptiveWindow(settings) }
        ticks += 1
        insert(value)
        if settings.clock > 0, ticks.isMultiple(of: settings.clock),
            width > Double(settings.grace)
        {
            while cut() { hasChanged = true }
        }
        return hasChanged ? .drift : .none
    }

    private mutating func insert(_ value: Double) {
        rows[0].append(Bucket(total: value, variance: 0))
        width += 1
        if width > 1 {
            let deviation = value - total / (width - 1)
            variance += (width - 1) * deviation * deviation / width
        }
        total += value
        var (row, size) = (0, 1.0)
        while row < rows.count, rows[row].count > max(settings.maxBuckets, 1) {
            let (first, second) = (rows[row][0], rows[row][1])
            rows[row].removeFirst(2)
            let difference = (first.total - second.total) / size
            let merged = Bucket(
                total: first.total + second.total,
                variance: first.variance + second.variance
                    + size * size * difference * difference / (2 * size))
            if row + 1 == rows.count { rows.append([]) }
            rows[row + 1].append(merged)
            row += 1
            size *= 2
        }
    }

    /// Drops the oldest bucket if the window is not of one piece.
    private mutating func cut() -> Bool {
        var (n0, n1, u0, u1) = (0.0, width, 0.0, total)
        let least = Double(settings.minWindow)
        for row in rows.indices.reversed() {
            let size = Double(1 << min(row, 62))
            for (place, bucket) in rows[row].enumerated() {
                n0 += size
                n1 -= size
                u0 += bucket.total
                u1 -= bucket.total
                if row == 0, place == rows[0].count - 1 { return false }
                guard n0 >= least, n1 >= least, abs(u0 / n0 - u1 / n1) > bound(n0, n1) else {
                    continue
                }
                dropOldest()
                return true
            }
        }
        return false
    }

    private func bound(_ n0: Double, _ n1: Double) -> Double {
        let least = Double(settings.minWindow)
        let m = 1 / (n0 - least + 1) + 1 / (n1 - least + 1)
        let d = LogDomain.log(2 * LogDomain.log(width) / settings.delta)
        return (2 * m * (variance / width) * d).squareRoot() + 2.0 / 3 * m * d
    }

    private mutating func dropOldest() {
        guard let row = rows.lastIndex(where: { !$0.isEmpty }) else { return }
        let size = Double(1 << min(row, 62))
        let oldest = rows[row].removeFirst()
        width -= size
        total -= oldest.total
        guard width > 0 else {
            variance = 0
            return
        }
        let difference = oldest.total / size - total / width
        variance -= oldest.variance + size * width * difference * difference / (size + width)
        while rows.count > 1, rows.last?.isEmpty ?? false { rows.removeLast() }
    }
}
