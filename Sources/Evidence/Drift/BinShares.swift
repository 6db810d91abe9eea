/// What an empty bin counts as before logarithms are taken.
package enum EmptyBins: Sendable, Hashable {
    /// As they are: a bin that only one side has makes PSI and KL infinite.
    case kept
    /// No share is below this; no renormalising (deepchecks: 0.01; most PSI code: 1e-4).
    case floored(Double)
    /// Only empty bins are raised to this.
    case filled(Double)
    /// Per side, empty bins become m/10⁶ when the smallest non-empty share m is at most 10⁻⁴, and
    /// 10⁻⁴ otherwise; no renormalising (Evidently 0.7, `get_binned_data(feel_zeroes=True)`).
    case evidently
    /// Counts get this much added in each bin: (count + c)/(n + c·B).
    case added(Double)
}

/// The parts of two samples that fall into the same bins, and how far apart they are.
///
/// Distances are descriptions: what counts as large depends on the number of rows.
package struct BinShares: Sendable, Hashable {
    package let reference: [Double]
    package let current: [Double]

    /// - Parameters:
    ///   - reference: counts of each bin, 0 or more; as many as `current`.
    ///   - emptyBins: what a bin without rows counts as.
    /// - Returns: `nil` unless both sides have as many bins, finite counts and at least one row.
    package init?(reference: [Double], current: [Double], emptyBins: EmptyBins = .kept) {
        guard reference.count == current.count,
            let left = Self.shares(reference, emptyBins),
            let right = Self.shares(current, emptyBins)
        else { return nil }
        self.reference = left
        self.current = right
    }

    private static func shares(_ counts: [Double], _ emptyBins: EmptyBins) -> [Double]? {
        var total = 0.0
        for count in counts {
            guard count >= 0, count.isFinite else { return nil }
            total += count
        }
        guard total > 0, total.isFinite else { return nil }
        switch emptyBins {
        case .kept: return counts.map { $0 / total }
        case .floored(let floor): return counts.map { max($0 / total, floor) }
        case .filled(let fill): return counts.map { $0 > 0 ? $0 / total : fill }
        case .added(let part):
            return counts.map { ($0 + part) / (total + part * Double(counts.count)) }
        case .evidently:
            let shares = counts.map { $0 / total }
            let smallest = shares.filter { $0 > 0 }.min() ?? 0
            let fill = smallest <= 0.0001 ? smallest / 1_000_000 : 0.0001
            return shares.map { $0 > 0 ? $0 : fill }
        }
    }

    private func sum(_ term: (Double, Double) -> Double) -> Double {
        var sum = 0.0
        for (r, c) in zip(reference, current) { sum += term(r, c) }
        return sum
    }

    private var normalised: [(Double, Double)] {
        let left = reference.reduce(0, +)
        let right = current.reduce(0, +)
        return zip(reference, current).map { ($0 / left, $1 / right) }
    }

    /// Population stability index, Σ (r - c) ln(r/c); infinite when one side lacks a bin.
    package var psi: Double {
        sum { r, c in
            if r == c { return 0 }
            return r > 0 && c > 0 ? (r - c) * Elementary.log(r / c) : .infinity
        }
    }

    /// Kullback-Leibler divergence of the reference from the current shares, Σ r ln(r/c), in nats;
    /// both are normalised first (as `scipy.stats.entropy(r, c)` does).
    package var klReferenceGivenCurrent: Double {
        normalised.reduce(0) { $0 + Self.relativeEntropy($1.0, $1.1) }
    }

    /// The other direction, Σ c ln(c/r), in nats.
    package var klCurrentGivenReference: Double {
        normalised.reduce(0) { $0 + Self.relativeEntropy($1.1, $1.0) }
    }

    /// Jensen-Shannon divergence in nats, 0...ln 2 (Lin 1991, equation 4.1).
    package var jsDivergenceLn: Double {
        let (left, right) = normalised.reduce((0.0, 0.0)) { sums, pair in
            let middle = (pair.0 + pair.1) / 2
            return (
                sums.0 + Self.relativeEntropy(pair.0, middle),
                sums.1 + Self.relativeEntropy(pair.1, middle)
            )
        }
        return max(0, (left + right) / 2)
    }

    /// Jensen-Shannon divergence in bits, 0...1.
    package var jsDivergenceBits: Double { jsDivergenceLn / LogDomain.log2 }
    /// The square root of the divergence in nats, 0...0.8326 (scipy's default, Evidently).
    package var jsDistanceLn: Double { jsDivergenceLn.squareRoot() }
    /// The square root of the divergence in bits, 0...1 (NannyML).
    package var jsDistanceBits: Double { jsDivergenceBits.squareRoot() }

    /// Total variation, half of Σ|r - c|, 0...1.
    package var totalVariation: Double { sum { abs($0 - $1) } / 2 }
    /// The largest |r - c| (NannyML's and Vertex's L-infinity).
    package var largestDifference: Double {
        zip(reference, current).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    /// Hellinger distance √(½ Σ(√r - √c)²), 0...1.
    package var hellinger: Double {
        let squares = sum { r, c in
            let difference = r.squareRoot() - c.squareRoot()
            return difference * difference
        }
        return (squares / 2).squareRoot()
    }
    /// √(1 - Σ √(rc)): Hellinger's distance when the shares add up to 1 (Evidently).
    package var bhattacharyyaHellinger: Double {
        max(0, 1 - sum { ($0 * $1).squareRoot() }).squareRoot()
    }

    /// p ln(p/q), 0 for p = 0 and infinite for q = 0 (scipy's `rel_entr`).
    private static func relativeEntropy(_ p: Double, _ q: Double) -> Double {
        guard p > 0 else { return 0 }
        return q > 0 ? p * Elementary.log(p / q) : .infinity
    }
}
