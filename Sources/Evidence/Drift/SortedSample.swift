/// Finite values in ascending order.
package struct SortedSample: Sendable, Hashable {
    package let values: [Double]

    /// Sorts; what is not finite is left out, as Evidently does.
    package init(_ values: [Double]) {
        var kept = values
        if !values.allSatisfy(\.isFinite) { kept = values.filter(\.isFinite) }
        self.values = Self.ascending(kept)
    }

    /// Radix sort on order-preserving bits, 11 at a time: a report sorts hundreds of columns.
    private static func ascending(_ values: [Double]) -> [Double] {
        guard values.count > 256, values.count < Int(UInt32.max) else { return values.sorted() }
        let sign: UInt64 = 1 << 63
        var keys = values.map { value in
            let bits = value.bitPattern
            return bits & sign == 0 ? bits | sign : ~bits
        }
        var buffer = [UInt64](repeating: 0, count: keys.count)
        // How often each digit occurs at each of the six places, in one pass.
        let size = 2_048
        var tallies = [Int](repeating: 0, count: 6 * size)
        keys.withUnsafeBufferPointer { keys in
            tallies.withUnsafeMutableBufferPointer { tallies in
                for key in keys {
                    for place in 0..<6 { tallies[place * size + digit(key, place)] += 1 }
                }
            }
        }
        for place in 0..<6 {
            let range = place * size..<(place + 1) * size
            if tallies[range].contains(keys.count) { continue }
            var sum = 0
            for index in range { (tallies[index], sum) = (sum, sum + tallies[index]) }
            keys.withUnsafeBufferPointer { keys in
                buffer.withUnsafeMutableBufferPointer { buffer in
                    tallies.withUnsafeMutableBufferPointer { tallies in
                        for key in keys {
                            let index = place * size + digit(key, place)
                            buffer[tallies[index]] = key
                            tallies[index] += 1
                        }
                    }
                }
            }
            swap(&keys, &buffer)
        }
        return keys.map { Double(bitPattern: $0 & sign != 0 ? $0 ^ sign : ~$0) }
    }

    package var count: Int { values.count }
    package var moments: SampleMoments { SampleMoments(values) }

    @inline(__always)
    private static func digit(_ key: UInt64, _ place: Int) -> Int {
        Int(truncatingIfNeeded: key >> UInt64(truncatingIfNeeded: place * 11)) & 2_047
    }

    /// How many different values there are, counted up to `limit`.
    package func distinct(upTo limit: Int = .max) -> Int {
        var (count, previous) = (0, Double.nan)
        for value in values where value != previous {
            count += 1
            previous = value
            if count >= limit { break }
        }
        return count
    }

    package func isWhole() -> Bool { values.allSatisfy { $0 == $0.rounded() } }

    /// How many of ascending values are below `edge`.
    package static func countBelow(_ edge: Double, in sorted: [Double]) -> Int {
        partition(sorted) { $0 < edge }
    }

    /// How many of ascending values are not above `edge`.
    package static func countNotAbove(_ edge: Double, in sorted: [Double]) -> Int {
        partition(sorted) { $0 <= edge }
    }

    private static func partition(_ sorted: [Double], _ isBefore: (Double) -> Bool) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(sorted[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// How far apart the distribution functions of two samples are.
package struct SampleDistances: Sendable, Hashable {
    /// max(F_reference - F_current) and max(F_current - F_reference), 0...1 each.
    package let above: Double
    package let below: Double
    /// Where each is first reached.
    package let aboveLocation: Double
    package let belowLocation: Double
    /// ∫|F_reference - F_current| dx, in the values' unit (`scipy.stats.wasserstein_distance`).
    package let wasserstein: Double
    /// √(2 ∫(F_reference - F_current)² dx) (`scipy.stats.energy_distance`).
    package let energy: Double

    /// In one pass over both samples. `nil` when one is empty.
    package init?(_ reference: SortedSample, _ current: SortedSample) {
        let (left, right) = (reference.values, current.values)
        guard let firstLeft = left.first, let firstRight = right.first else { return nil }
        let (n, m) = (Double(left.count), Double(right.count))
        var (i, j) = (0, 0)
        var (above, below) = (-Double.infinity, -Double.infinity)
        var isBelowAtReference = false
        var position = min(firstLeft, firstRight)
        var (aboveAt, belowAt) = (position, position)
        var (area, square, difference) = (0.0, 0.0, 0.0)
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                while i < left.count || j < right.count {
                    let next =
                        i == left.count
                        ? right[j] : j == right.count ? left[i] : min(left[i], right[j])
                    let gap = next - position
                    area += abs(difference) * gap
                    square += difference * difference * gap
                    position = next
                    let start = i
                    while i < left.count, left[i] == next { i += 1 }
                    while j < right.count, right[j] == next { j += 1 }
                    difference = Double(i) / n - Double(j) / m
                    if difference > above { (above, aboveAt) = (difference, next) }
                    // Of equally low places the first that is a value of the reference (SciPy).
                    if -difference > below
                        || (-difference == below && i > start && !isBelowAtReference)
                    {
                        (below, belowAt, isBelowAtReference) = (-difference, next, i > start)
                    }
                }
            }
        }
        (self.above, self.below) = (above, below)
        (aboveLocation, belowLocation) = (aboveAt, belowAt)
        wasserstein = area
        energy = (2 * square).squareRoot()
    }

    /// The two-sample Kolmogorov-Smirnov statistic, 0...1.
    package var kolmogorovSmirnov: Double { max(above, below) }
    /// Where it is reached, and 1 when the reference's function is above there, else -1 (scipy).
    package var location: Double { below > above ? belowLocation : aboveLocation }
    package var sign: Int { below > above ? -1 : 1 }
}
