/// What a feature looked like when its model was trained: frozen bins and their counts, stored with
/// a model version. Live traffic is counted on the same bins for as long as the version lives.
package struct FeatureReference: Codable, Sendable, Hashable {
    package enum Kind: String, Codable, Sendable, Hashable { case numeric, categorical }

    package let kind: Kind
    /// Inner edges of numeric bins, ascending. Bins are [a, b); the outer two have no end.
    package let edges: [Double]
    /// Categories with a bin of their own, ascending; all others share the bin after them.
    package let categories: [String]
    /// Rows in each bin: one more than edges, or than categories.
    package let counts: [Int]
    /// Rows without a value, or with not-a-number.
    package let missing: Int
    /// Of finite numbers; `nil` for categories, and without any.
    package let summary: Summary?

    package struct Summary: Codable, Sendable, Hashable {
        package let minimum: Double
        package let maximum: Double
        package let mean: Double
        /// √(Σ(x - mean)²/n)
        package let deviation: Double
    }

    /// The most bins, so that a reference and its histograms stay small.
    package static let mostBins = 256

    /// Bins with equal parts of the reference.
    ///
    /// - Parameters:
    ///   - values: not-a-number is a missing value; infinities fall into the outer bins.
    ///   - bins: 2 to 256; fewer are made when values repeat.
    /// - Throws: `InvalidEvidence` without a finite value, or for another number of bins.
    package init(numeric values: [Double], bins: Int = 10) throws(InvalidEvidence) {
        let finite = SortedSample(values)
        guard let minimum = finite.values.first, let maximum = finite.values.last,
            (2...Self.mostBins).contains(bins)
        else {
            throw InvalidEvidence(
                .outOfRange, found: "\(finite.count) finite values for \(bins) bins",
                expected: "at least one finite value and 2 to \(Self.mostBins) bins")
        }
        kind = .numeric
        edges = Binning.quantileEdges(ofSorted: finite.values, bins: bins)
        categories = []
        let moments = finite.moments
        summary = Summary(
            minimum: minimum, maximum: maximum, mean: moments.mean, deviation: moments.deviation)
        var counts = [Int](repeating: 0, count: edges.count + 1)
        var missing = 0
        for value in values {
            if value.isNaN {
                missing += 1
            } else {
                counts[SortedSample.countNotAbove(value, in: edges)] += 1
            }
        }
        self.counts = counts
        self.missing = missing
    }

    /// A bin for each category that has at least `leastShare` of the rows, the others together.
    ///
    /// - Parameter values: `nil` is a missing value.
    /// - Throws: `InvalidEvidence` without any value.
    package init(
        categorical values: [String?], leastShare: Double = 0.005
    ) throws(InvalidEvidence) {
        var tally: [String: Int] = [:]
        var missing = 0
        for value in values {
            if let value { tally[value, default: 0] += 1 } else { missing += 1 }
        }
        try self.init(tally: tally, missing: missing, leastShare: leastShare)
    }

    /// The same from counts of each category.
    package init(
        tally: [String: Int], missing: Int, leastShare: Double = 0.005
    ) throws(InvalidEvidence) {
        let total = tally.values.reduce(0.0) { $0 + Double($1) }
        guard total > 0, missing >= 0, tally.values.allSatisfy({ $0 >= 0 }), total < 1e15 else {
            throw InvalidEvidence(
                .counts, found: "\(tally.count) categories with \(total) rows",
                expected: "counts of 0 or more, and at least one row")
        }
        let ranked = tally.filter { Double($0.value) >= leastShare * total && $0.value > 0 }
            .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let kept = ranked.prefix(Self.mostBins - 1).sorted { $0.key < $1.key }
        kind = .categorical
        edges = []
        categories = kept.map(\.key)
        let known = kept.reduce(0) { $0 + $1.value }
        counts = kept.map(\.value) + [tally.values.reduce(0, +) - known]
        self.missing = missing
        summary = nil
    }

    /// Rows of all bins, missing ones included.
    package var total: Int { counts.reduce(missing, +) }

    /// The bin of a number, of `counts.count + 1` where the last is for missing values; `nil` for a
    /// categorical feature.
    package func bin(of value: Double) -> Int? {
        guard kind == .numeric else { return nil }
        return value.isNaN ? counts.count : SortedSample.countNotAbove(value, in: edges)
    }

    /// The bin of a category; a number of a categorical feature is written as a category.
    package func bin(of category: String?) -> Int? {
        guard kind == .categorical else { return nil }
        guard let category else { return counts.count }
        var (low, high) = (0, categories.count)
        while low < high {
            let middle = (low + high) / 2
            if categories[middle] < category { low = middle + 1 } else { high = middle }
        }
        return low < categories.count && categories[low] == category ? low : categories.count
    }

    /// Shares of the events that drift is judged by: for numbers those up to each inner edge and
    /// to the missing ones, for categories those of each bin.
    static func events(_ kind: Kind, _ counts: [Int]) -> [Int] {
        guard kind == .numeric else { return counts }
        var sum = 0
        return counts.dropLast().map {
            sum += $0
            return sum
        }
    }

    /// Counts of all bins, the missing values last.
    var allCounts: [Int] { counts + [missing] }
}

extension FeatureReference {
    private enum CodingKeys: String, CodingKey {
        case kind, edges, categories, counts, missing, summary
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decode(Kind.self, forKey: .kind)
        edges = try container.decode([Double].self, forKey: .edges)
        categories = try container.decode([String].self, forKey: .categories)
        counts = try container.decode([Int].self, forKey: .counts)
        missing = try container.decode(Int.self, forKey: .missing)
        summary = try container.decodeIfPresent(Summary.self, forKey: .summary)
        let bins = kind == .numeric ? edges.count + 1 : categories.count + 1
        let isAscending =
            zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 } && edges.allSatisfy(\.isFinite)
            && zip(categories, categories.dropFirst()).allSatisfy { $0 < $1 }
        let isCounted =
            missing >= 0 && counts.allSatisfy { $0 >= 0 }
            && counts.reduce(Double(missing)) { $0 + Double($1) } < 1e15
        guard counts.count == bins, bins <= Self.mostBins, isAscending, isCounted,
            kind == .numeric ? categories.isEmpty : edges.isEmpty
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .counts, in: container,
                debugDescription: "a reference has ascending bins with a count of 0 or more each")
        }
    }
}
