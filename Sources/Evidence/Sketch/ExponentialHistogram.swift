/// Counts in exponential buckets, as OpenTelemetry and Prometheus export latencies. Merges over
/// regions, at the coarser of two scales, without loss beyond that scale's width.
package struct ExponentialHistogram: Sendable, Hashable {
    package private(set) var buckets: ExponentialBuckets
    /// Buckets on a side before the scale is made coarser.
    package let bucketsMax: Int
    /// Magnitudes up to this count as zero.
    package let zeroThreshold: Double
    package private(set) var zeros = 0
    package private(set) var positive: [Int: Int] = [:]
    package private(set) var negative: [Int: Int] = [:]
    package private(set) var count = 0

    /// - Parameters:
    ///   - scale: to begin with, -10...20; 20 adapts itself to the data.
    ///   - bucketsMax: 2 to 4096 on each side; the default is OpenTelemetry's.
    package init(
        scale: Int = 20, bucketsMax: Int = 160, zeroThreshold: Double = 0
    ) throws(InvalidEvidence) {
        guard (2...4_096).contains(bucketsMax), zeroThreshold >= 0, zeroThreshold.isFinite else {
            throw InvalidEvidence(
                .outOfRange, found: "\(bucketsMax) buckets, zero up to \(zeroThreshold)",
                expected: "2 to 4096 buckets, and a finite threshold of 0 or more")
        }
        buckets = try ExponentialBuckets(scale: scale)
        self.bucketsMax = bucketsMax
        self.zeroThreshold = zeroThreshold
    }

    /// - Throws: `InvalidEvidence` for what is not finite, or a negative count; nothing is changed.
    package mutating func add(_ value: Double, times: Int = 1) throws(InvalidEvidence) {
        guard value.isFinite, times >= 0 else {
            throw InvalidEvidence(
                .notFinite, found: "\(value), \(times) times",
                expected: "a finite value, 0 times or more")
        }
        guard value.magnitude > zeroThreshold, let index = buckets.index(value.magnitude) else {
            count = try Counter.sum(count, times)
            zeros += times
            return
        }
        try add(bucket: index, isNegative: value < 0, times: times)
    }

    /// Takes in a bucket that was exported at this histogram's scale.
    package mutating func add(
        bucket index: Int, isNegative: Bool = false, times: Int
    ) throws(InvalidEvidence) {
        // Indices of finite numbers, at the finest scale.
        guard times >= 0, index.magnitude <= 1 << 31 else {
            throw InvalidEvidence(
                .counts, found: "\(times) in bucket \(index)",
                expected: "a count of 0 or more in a bucket of finite numbers")
        }
        count = try Counter.sum(count, times)
        guard times > 0 else { return }
        if isNegative {
            negative[index, default: 0] += times
        } else {
            positive[index, default: 0] += times
        }
        fit()
    }

    /// - Throws: `InvalidEvidence` for another zero threshold, or too large a sum.
    package mutating func merge(_ other: ExponentialHistogram) throws(InvalidEvidence) {
        guard zeroThreshold == other.zeroThreshold else { throw .differentLimits }
        let total = try Counter.sum(count, other.count)
        let scale = min(buckets.scale, other.buckets.scale)
        try downscale(to: scale)
        var coarse = other
        try coarse.downscale(to: scale)
        positive.merge(coarse.positive, uniquingKeysWith: +)
        negative.merge(coarse.negative, uniquingKeysWith: +)
        zeros += other.zeros
        count = total
        fit()
    }

    /// Makes buckets wider; each holds whole buckets of before. Does nothing at a finer scale.
    package mutating func downscale(to scale: Int) throws(InvalidEvidence) {
        let steps = buckets.scale - scale
        guard steps > 0 else { return }
        buckets = try ExponentialBuckets(scale: scale)
        func coarser(_ counts: [Int: Int]) -> [Int: Int] {
            Dictionary(counts.map { ($0.key >> steps, $0.value) }, uniquingKeysWith: +)
        }
        positive = coarser(positive)
        negative = coarser(negative)
    }

    /// Between how many values exceed `limit`: the certain ones, and with them those in a bucket
    /// that holds the limit. One number when the limit is an edge. `nil` for a limit of NaN.
    ///
    /// Fits `ProportionProcess.observe(trials:failures:)`: "p99 at most 300 ms" is at most 1 %
    /// above 300 ms.
    package func countAbove(_ limit: Double) -> ClosedRange<Int>? {
        guard !limit.isNaN else { return nil }
        var (certain, possible) = (0, 0)
        func add(_ times: Int, above low: Double, upTo high: Double) {
            if low >= limit { certain += times }
            if high > limit { possible += times }
        }
        for (index, times) in positive {
            add(times, above: buckets.edge(index), upTo: buckets.edge(index + 1))
        }
        for (index, times) in negative {
            // Holds -upper edge ≤ x < -lower edge.
            let (low, high) = (-buckets.edge(index + 1), -buckets.edge(index))
            if low > limit { certain += times }
            if high > limit { possible += times }
        }
        if -zeroThreshold > limit { certain += zeros }
        if zeroThreshold > limit { possible += zeros }
        return min(certain, possible)...possible
    }

    /// The bucket that holds the value of rank q(n - 1): its two edges. `nil` without values or
    /// for q outside 0...1.
    package func quantileRange(_ q: Double) -> ClosedRange<Double>? {
        guard count > 0, (0...1).contains(q) else { return nil }
        let rank = q * Double(count - 1)
        var seen = 0.0
        for (index, times) in negative.sorted(by: { $0.key > $1.key }) {
            seen += Double(times)
            if seen > rank { return -buckets.edge(index + 1)...(-buckets.edge(index)) }
        }
        seen += Double(zeros)
        if seen > rank { return -zeroThreshold...zeroThreshold }
        let sorted = positive.sorted { $0.key < $1.key }
        for (index, times) in sorted {
            seen += Double(times)
            if seen > rank { return buckets.edge(index)...buckets.edge(index + 1) }
        }
        return sorted.last.map { buckets.edge($0.key)...buckets.edge($0.key + 1) }
    }

    /// The value in the middle of that bucket, on a scale of logarithms.
    package func quantile(_ q: Double) -> Double? {
        quantileRange(q).map { range in
            let (low, high) = (range.lowerBound, range.upperBound)
            guard low != -high else { return 0 }
            let size = low.magnitude.squareRoot() * high.magnitude.squareRoot()
            guard size.isFinite, size > 0 else { return low.isFinite && low != 0 ? low : high }
            return low < 0 ? -size : size
        }
    }

    private mutating func fit() {
        func width(_ counts: [Int: Int]) -> Int {
            guard let low = counts.keys.min(), let high = counts.keys.max() else { return 0 }
            return high - low + 1
        }
        while max(width(positive), width(negative)) > bucketsMax, buckets.scale > -10 {
            // At scale -10 all Doubles lie in two buckets.
            do { try downscale(to: buckets.scale - 1) } catch { return }
        }
    }
}

extension ExponentialHistogram: Codable {
    private enum CodingKeys: String, CodingKey {
        case scale, bucketsMax, zeroThreshold, zeros, positive, negative
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(buckets.scale, forKey: .scale)
        try container.encode(bucketsMax, forKey: .bucketsMax)
        try container.encode(zeroThreshold, forKey: .zeroThreshold)
        try container.encode(zeros, forKey: .zeros)
        try container.encode(positive, forKey: .positive)
        try container.encode(negative, forKey: .negative)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            scale: container.decode(Int.self, forKey: .scale),
            bucketsMax: container.decode(Int.self, forKey: .bucketsMax),
            zeroThreshold: container.decode(Double.self, forKey: .zeroThreshold))
        let zeros = try container.decode(Int.self, forKey: .zeros)
        guard zeros >= 0 else { throw InvalidEvidence.counts(trials: zeros, failures: 0) }
        (self.zeros, count) = (zeros, zeros)
        for (key, isNegative) in [(CodingKeys.positive, false), (.negative, true)] {
            for (index, times) in try container.decode([Int: Int].self, forKey: key) {
                try add(bucket: index, isNegative: isNegative, times: times)
            }
        }
    }
}
