/// Live traffic counted on the bins of a frozen reference: constant size, whatever the order of
/// rows, and added up over replicas and regions.
package struct FeatureHistogram: Codable, Sendable, Hashable {
    /// Rows of each bin of the reference, the missing values last.
    package private(set) var counts: [Int]

    package init(for reference: FeatureReference) {
        counts = [Int](repeating: 0, count: reference.counts.count + 1)
    }

    /// - Throws: `InvalidEvidence` unless there is a count of 0 or more for each bin.
    package init(counts: [Int], for reference: FeatureReference) throws(InvalidEvidence) {
        self.init(for: reference)
        try merge(counts)
    }

    package var total: Int { counts.reduce(0, +) }

    /// Counts one row; not-a-number is a missing value.
    /// - Throws: `InvalidEvidence` when the feature is not numeric.
    package mutating func add(
        _ value: Double, on reference: FeatureReference
    ) throws(InvalidEvidence) {
        try add(bin: reference.bin(of: value))
    }

    /// Counts one row; `nil` is a missing value.
    /// - Throws: `InvalidEvidence` when the feature is not categorical.
    package mutating func add(
        _ category: String?, on reference: FeatureReference
    ) throws(InvalidEvidence) {
        try add(bin: reference.bin(of: category))
    }

    private mutating func add(bin: Int?) throws(InvalidEvidence) {
        guard let bin, counts.indices.contains(bin) else {
            throw InvalidEvidence(
                .unmergeable, found: "a value of another kind or another reference",
                expected: "a value of the reference's kind")
        }
        counts[bin] = try Counter.sum(counts[bin], 1)
    }

    /// Adds the counts of another histogram on the same bins.
    package mutating func merge(_ other: FeatureHistogram) throws(InvalidEvidence) {
        try merge(other.counts)
    }

    private mutating func merge(_ added: [Int]) throws(InvalidEvidence) {
        guard added.count == counts.count, added.allSatisfy({ $0 >= 0 }) else {
            throw InvalidEvidence(
                .unmergeable, found: "\(added.count) counts",
                expected: "\(counts.count) counts of 0 or more")
        }
        var merged = counts
        var total = 0
        for (index, count) in added.enumerated() {
            merged[index] = try Counter.sum(merged[index], count)
            total = try Counter.sum(total, merged[index])
        }
        counts = merged
    }
}
