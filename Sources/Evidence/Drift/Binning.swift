/// Edges of bins, as numpy computes them.
package enum Binning {
    /// At most this many bins are made, whatever a rule asks for.
    package static let mostBins = 100_000

    /// The quantile at `probability` of ascending values, interpolated linearly between order
    /// statistics (Hyndman and Fan 1996, type 7; `numpy.quantile`). `nil` of nothing.
    package static func quantile(ofSorted sorted: [Double], _ probability: Double) -> Double? {
        guard let last = sorted.last, probability >= 0, probability <= 1 else { return nil }
        let position = probability * Double(sorted.count - 1)
        guard let index = Int(exactly: position.rounded(.down)), index + 1 < sorted.count else {
            return last
        }
        let (low, high) = (sorted[index], sorted[index + 1])
        let part = position - Double(index)
        // numpy's _lerp goes from the nearer end.
        return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part)
    }

    /// The inner edges of `bins` bins with equal parts of the reference: what is below the first or
    /// not below the last is in the outer bins, which are unbounded.
    ///
    /// - Parameter repeating: keep edges that repeat because values do; their bins are empty.
    package static func quantileEdges(
        ofSorted sorted: [Double], bins: Int, repeating: Bool = false
    ) -> [Double] {
        guard bins > 1, bins <= mostBins else { return [] }
        var edges: [Double] = []
        for index in 1..<bins {
            guard let edge = quantile(ofSorted: sorted, Double(index) / Double(bins)) else {
                return []
            }
            if repeating || edges.last != edge { edges.append(edge) }
        }
        return edges
    }

    /// How `numpy.histogram_bin_edges` chooses a width.
    package enum WidthRule: String, Sendable, Hashable, CaseIterable {
        /// range/(log₂ n + 1) (Sturges 1926)
        case sturges
        /// Sturges widened by skewness (Doane 1976)
        case doane
        /// range/√n
        case sqrt
        /// range/(2 n^⅓) (Rice)
        case rice
        /// (24 √π/n)^⅓ σ (Scott 1979)
        case scott
        /// 2 IQR n^-⅓ (Freedman and Diaconis 1981)
        case fd
        /// The smaller of `fd` and `sturges`, or `sturges` when `fd` is 0.
        case auto
    }

    /// Edges of equally wide bins over the range of ascending values (`numpy.histogram_bin_edges`).
    ///
    /// - Parameter integers: values are of an integer type, whose bins are at least 1 wide
    ///   (numpy 2).
    /// - Returns: ascending edges, one more than bins; `nil` of nothing or an infinite range.
    package static func edges(
        ofSorted sorted: [Double], rule: WidthRule, integers: Bool = false
    ) -> [Double]? {
        guard let first = sorted.first, let last = sorted.last, (last - first).isFinite else {
            return nil
        }
        let width = self.width(ofSorted: sorted, rule: rule, range: last - first)
        return edges(low: first, high: last, width: width, integers: integers)
    }

    /// The edges that `edges(ofSorted:rule:.sturges)` gives, from what they depend on.
    package static func sturgesEdges(
        low: Double, high: Double, count: Int, integers: Bool = false
    ) -> [Double]? {
        guard count > 0, low <= high, (high - low).isFinite else { return nil }
        let width = (high - low) / (Elementary.log2(Double(count)) + 1)
        return edges(low: low, high: high, width: width, integers: integers)
    }

    private static func edges(
        low: Double, high: Double, width: Double, integers: Bool
    ) -> [Double]? {
        let (first, last) = high > low ? (low, high) : (low - 0.5, high + 0.5)
        // Values without spread get one bin, by numpy's rule for a width of 0.
        guard width > 0 else { return equalEdges(from: first, to: last, bins: 1) }
        let count = ((last - first) / (integers ? max(width, 1) : width)).rounded(.up)
        guard count.isFinite, let bins = Int(exactly: min(count, Double(mostBins))) else {
            return nil
        }
        return equalEdges(from: first, to: last, bins: bins)
    }

    /// `bins` equally wide bins (`numpy.linspace`). `nil` for fewer than 1.
    package static func equalEdges(from low: Double, to high: Double, bins: Int) -> [Double]? {
        guard bins >= 1, bins <= mostBins, low <= high, (high - low).isFinite else { return nil }
        let step = (high - low) / Double(bins)
        var edges = (0..<bins).map { Double($0) * step + low }
        edges.append(high)
        return edges
    }

    private static func width(
        ofSorted sorted: [Double], rule: WidthRule, range: Double
    ) -> Double {
        let n = Double(sorted.count)
        let sturges = range / (Elementary.log2(n) + 1)
        switch rule {
        case .sturges: return sturges
        case .sqrt: return range / n.squareRoot()
        case .rice: return range / (2 * Elementary.power(n, 1 / 3))
        case .scott:
            let deviation = SampleMoments(sorted).deviation
            return Elementary.power(24 * Double.pi.squareRoot() / n, 1 / 3) * deviation
        case .fd: return freedmanDiaconis(sorted)
        case .auto:
            let width = freedmanDiaconis(sorted)
            return width > 0 ? min(width, sturges) : sturges
        case .doane:
            guard sorted.count > 2 else { return 0 }
            let scale = (6 * (n - 2) / ((n + 1) * (n + 3))).squareRoot()
            guard let skewness = SampleMoments(sorted).skewness else { return 0 }
            return range
                / (1 + Elementary.log2(n) + Elementary.log2(1 + abs(skewness) / scale))
        }
    }

    private static func freedmanDiaconis(_ sorted: [Double]) -> Double {
        let upper = quantile(ofSorted: sorted, 0.75) ?? 0
        let lower = quantile(ofSorted: sorted, 0.25) ?? 0
        return 2 * (upper - lower) * Elementary.power(Double(sorted.count), -1 / 3)
    }

    /// Counts of ascending values between ascending edges: [a, b), the last closed; what is outside
    /// of all edges is not counted (`numpy.histogram`).
    package static func counts(ofSorted sorted: [Double], edges: [Double]) -> [Double] {
        guard edges.count > 1, let last = edges.last else { return [] }
        var positions = edges.dropLast().map { SortedSample.countBelow($0, in: sorted) }
        positions.append(SortedSample.countNotAbove(last, in: sorted))
        return zip(positions, positions.dropFirst()).map { Double($1 - $0) }
    }

    /// Counts of ascending values in bins with unbounded ends: below the first edge, [a, b), and
    /// from the last edge up; one more than inner edges.
    package static func counts(ofSorted sorted: [Double], innerEdges: [Double]) -> [Double] {
        var positions = [0]
        positions += innerEdges.map { SortedSample.countBelow($0, in: sorted) }
        positions.append(sorted.count)
        return zip(positions, positions.dropFirst()).map { Double($1 - $0) }
    }
}

/// Mean and central moments of values, in two passes.
package struct SampleMoments: Sendable, Hashable {
    package let mean: Double
    /// √(Σ(x - mean)²/n)
    package let deviation: Double
    /// The mean of ((x - mean)/deviation)³; `nil` without spread.
    package let skewness: Double?

    /// Not-a-number of nothing.
    package init(_ values: [Double]) {
        let n = Double(values.count)
        let mean = Self.sum(values[...]) { $0 } / n
        let deviation = (Self.sum(values[...]) { ($0 - mean) * ($0 - mean) } / n).squareRoot()
        self.mean = mean
        self.deviation = deviation
        skewness =
            deviation > 0
            ? Self.sum(values[...]) {
                let z = ($0 - mean) / deviation
                return z * z * z
            } / n : nil
    }

    /// Added up in halves, so that the error does not grow with the number of values.
    private static func sum(_ values: ArraySlice<Double>, _ term: (Double) -> Double) -> Double {
        guard values.count > 128 else {
            var sum = 0.0
            for value in values { sum += term(value) }
            return sum
        }
        let middle = values.startIndex + values.count / 2
        return sum(values[..<middle], term) + sum(values[middle...], term)
    }
}
