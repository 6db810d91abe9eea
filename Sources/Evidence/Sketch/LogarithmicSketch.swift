/// Quantiles within a relative error, in buckets that grow by a constant factor (DDSketch: Masson,
/// Rim and Lee 2019). Merging adds counts, so regions and replicas merge without loss.
package struct LogarithmicSketch: Codable, Sendable, Hashable {
    package let relativeAccuracy: Double
    private var positive: [Int: Int] = [:]
    private var negative: [Int: Int] = [:]
    package private(set) var zeros = 0
    package private(set) var count = 0
    package private(set) var sum = 0.0
    package private(set) var minimum: Double?
    package private(set) var maximum: Double?

    /// - Throws: `InvalidEvidence` unless 0 < relativeAccuracy < 1.
    package init(relativeAccuracy: Double) throws(InvalidEvidence) {
        guard relativeAccuracy > 0, relativeAccuracy < 1 else {
            throw InvalidEvidence(
                .outOfRange, found: "a relative accuracy of \(relativeAccuracy)",
                expected: "more than 0 and less than 1, such as 0.01")
        }
        self.relativeAccuracy = relativeAccuracy
    }

    package var gamma: Double { 1 + growth }

    /// γ - 1, without the rounding of γ.
    private var growth: Double { 2 * relativeAccuracy / (1 - relativeAccuracy) }

    /// Buckets in a doubling. Logarithms are taken to base 2 and multiplied by this, as DataDog's
    /// implementations do, so that a value just at an edge falls into the same bucket as theirs.
    private var bucketsPerDoubling: Double {
        1 / LogDomain.log1p(growth) * LogDomain.log(2)
    }

    /// Magnitudes up to this count as zero: below it numbers lose their precision.
    private var smallest: Double { .leastNormalMagnitude * gamma }

    /// Takes in a value; what is not finite is refused.
    package mutating func add(_ value: Double, times: Int = 1) throws(InvalidEvidence) {
        guard value.isFinite, times >= 0 else {
            throw InvalidEvidence(
                .notFinite, found: "\(value), \(times) times",
                expected: "a finite value, 0 times or more")
        }
        guard times > 0 else { return }
        count = try Counter.sum(count, times)
        sum += value * Double(times)
        minimum = min(minimum ?? value, value)
        maximum = max(maximum ?? value, value)
        if value > smallest {
            positive[key(value), default: 0] += times
        } else if value < -smallest {
            negative[key(-value), default: 0] += times
        } else {
            zeros += times
        }
    }

    /// - Throws: `InvalidEvidence` for another accuracy.
    package mutating func merge(_ other: LogarithmicSketch) throws(InvalidEvidence) {
        guard relativeAccuracy == other.relativeAccuracy else { throw .differentLimits }
        count = try Counter.sum(count, other.count)
        sum += other.sum
        zeros += other.zeros
        positive.merge(other.positive, uniquingKeysWith: +)
        negative.merge(other.negative, uniquingKeysWith: +)
        minimum = [minimum, other.minimum].compactMap(\.self).min()
        maximum = [maximum, other.maximum].compactMap(\.self).max()
    }

    /// The value of rank q(n - 1), within the relative accuracy; `nil` without values or for
    /// q outside 0...1.
    package func quantile(_ q: Double) -> Double? {
        guard count > 0, (0...1).contains(q) else { return nil }
        let rank = q * Double(count - 1)
        var seen = 0.0
        for (key, bucket) in negative.sorted(by: { $0.key > $1.key }) {
            seen += Double(bucket)
            if seen > rank { return -value(key) }
        }
        seen += Double(zeros)
        if seen > rank { return 0 }
        for (key, bucket) in positive.sorted(by: { $0.key < $1.key }) {
            seen += Double(bucket)
            if seen > rank { return value(key) }
        }
        return maximum
    }

    /// Bucket i holds γ^(i-1) < x ≤ γ^i.
    private func key(_ value: Double) -> Int {
        let doublings = LogDomain.log(value) / LogDomain.log(2)
        let exact = (doublings * bucketsPerDoubling).rounded(.up)
        return Int(exactly: exact) ?? 0
    }

    /// The point of a bucket that is equally far, relatively, from both its ends.
    private func value(_ key: Int) -> Double {
        Elementary.power(2, Double(key) / bucketsPerDoubling) * (2 / (1 + gamma))
    }
}
