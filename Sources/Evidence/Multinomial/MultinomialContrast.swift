/// A sum of weights that add up to zero, times the logarithms of what each arm's rate is to the
/// asked one: with weights 1 and -1 the logarithm of a ratio of rates.
package struct MultinomialContrast: Sendable, Hashable {
    package let weights: [Double]

    /// `nil` unless two weights or more add up to zero and not all are zero.
    package init?(weights: [Double]) {
        let size = weights.reduce(0) { $0 + abs($1) }
        guard weights.count > 1, size > 0, size.isFinite,
            abs(weights.reduce(0, +)) <= 1e-12 * size
        else { return nil }
        self.weights = weights
    }

    /// All values that rates have whose likelihood of the counts is at least e^`least`, as one
    /// look says it; the reals where counts of zero leave a side open.
    ///
    /// On the edge of that convex set shares are (c + t w)/n for one t a side (by Lagrange's
    /// multipliers), so a root in one variable finds each end.
    func interval(counts: [Int], shares: [Double], least: Double) -> (lower: Double, upper: Double)?
    {
        guard counts.count == weights.count, shares.count == weights.count else { return nil }
        let total = counts.reduce(0.0) { $0 + Double($1) }
        guard total > 0 else { return (-.infinity, .infinity) }
        func end(_ sign: Double) -> Double {
            let pulls = zip(counts, weights).map { (count: Double($0), weight: sign * $1) }
            // Nothing was counted where the contrast pulls away: it may go all the way.
            if pulls.contains(where: { $0.count == 0 && $0.weight != 0 }) {
                return sign * .infinity
            }
            let most = pulls.filter { $0.weight < 0 }.map { -$0.count / $0.weight }.min() ?? 0
            func excess(_ part: Double) -> Double {
                pulls.reduce(-least) { sum, pull in
                    pull.count > 0
                        ? sum + pull.count
                            * Elementary.log((pull.count + part * most * pull.weight) / total)
                        : sum
                }
            }
            guard let part = Root.find(low: 0, high: 1 - 1e-15, excess) else {
                // Not even the likeliest shares are likely enough; or only beyond the edge.
                return excess(0) < 0 ? .nan : sign * .infinity
            }
            return zip(pulls, zip(weights, shares)).reduce(0.0) { sum, parts in
                let (pull, (weight, share)) = parts
                guard weight != 0 else { return sum }
                let found = (pull.count + part * most * pull.weight) / total
                return sum + weight * Elementary.log(found / share)
            }
        }
        let (lower, upper) = (end(-1), end(1))
        return lower.isNaN || upper.isNaN ? nil : (lower, upper)
    }
}

extension MultinomialSequence {
    /// What one look says of a contrast. `nil` for another number of arms, or where this look
    /// excludes every value.
    package func interval(
        of contrast: MultinomialContrast, at counts: [Int]
    ) -> (lower: Double, upper: Double)? {
        guard counts.count == shares.count, counts.allSatisfy({ $0 >= 0 }) else { return nil }
        let asked = zip(counts, shares).reduce(0.0) { $0 + Double($1.0) * LogDomain.log($1.1) }
        return contrast.interval(
            counts: counts, shares: shares,
            least: logOdds(counts) + asked + LogDomain.log(alpha))
    }
}
