/// Whether traffic is split as asked, as a Dirichlet-multinomial test of the counts: exact.
///
/// Has a rollback side only, which proves that the data cannot be trusted. Counts should be of what
/// is assigned at random: users when they stick to an arm.
package struct SplitProcess: EvidenceProcess {
    /// Parts of the traffic asked for now, adding up to 1.
    package private(set) var shares: [Double]
    /// Counts of each arm while these shares held.
    package private(set) var counts: [Int]
    /// log E of the shares that held before; each change begins a new factor.
    package private(set) var earlierLogE = 0.0
    /// The largest log E so far, at least 0.
    package private(set) var peak = 0.0
    private(set) var earlierCandidate = 0
    private(set) var earlierOthers = 0

    /// How firmly the alternatives gather around the shares asked for.
    package static let concentration = 1_000.0
    /// An arm that was asked for less is tested as if asked for one basis point, so that stragglers
    /// after a change of shares are no proof at once.
    static let smallestShare = 1e-4

    /// - Parameter shares: of each arm, the candidate first; any scale.
    /// - Throws: `InvalidEvidence` unless there are 2 to 64 finite shares of at least 0, not all 0.
    package init(shares: [Double]) throws(InvalidEvidence) {
        self.shares = try Self.normalised(shares)
        counts = Array(repeating: 0, count: shares.count)
    }

    /// Takes in new units of each arm, under the shares that held for them.
    package mutating func observe(
        counts added: [Int], shares asked: [Double]? = nil
    ) throws(InvalidEvidence) {
        var next = self
        if let asked { try next.change(to: Self.normalised(asked)) }
        guard added.count == next.counts.count, added.allSatisfy({ $0 >= 0 }) else {
            throw InvalidEvidence(
                .counts, found: "counts \(added)",
                expected: "\(next.counts.count) counts of 0 or more")
        }
        var total = 0
        for (index, count) in added.enumerated() {
            next.counts[index] = try Counter.sum(next.counts[index], count)
            total = try Counter.sum(total, next.counts[index])
        }
        _ = try Counter.sum(total, try Counter.sum(earlierCandidate, earlierOthers))
        next.peak = max(next.peak, next.logE)
        self = next
    }

    /// log E now: the product over all shares that held.
    package var logE: Double {
        earlierLogE + Self.logE(counts: counts, shares: shares, concentration: Self.concentration)
    }

    /// Has no restarts: wrong shares show from the first request.
    package mutating func restart() {}

    /// Counts units, which are independent by design.
    package mutating func assume(designEffect: Double) {}

    package var rollbackLogE: Double? { logE }

    /// log of Γ(K)/Γ(K+n) Π Γ(k t_i + c_i)/(Γ(k t_i) t_i^c_i) for shares t that add up to 1.
    package static func logE(counts: [Int], shares: [Double], concentration: Double) -> Double {
        // Stirling's terms are written out so that those as large as the counts cancel before
        // they are rounded: c log((k t + c)/(t (K + n))) is log1p of the deviation from the share.
        let total = counts.reduce(0.0) { $0 + Double($1) }
        var sum = 0.0
        for (count, share) in zip(counts, shares) {
            let (count, prior) = (Double(count), concentration * share)
            let deviation = (count - total * share) / (share * (concentration + total))
            sum += count * LogDomain.log1p(deviation)
            sum += (prior - 0.5) * LogDomain.log1p(count / prior)
            sum += LogDomain.stirlingRemainder(prior + count) - LogDomain.stirlingRemainder(prior)
        }
        sum -= (concentration - 0.5) * LogDomain.log1p(total / concentration)
        sum -= LogDomain.stirlingRemainder(concentration + total)
        return sum + LogDomain.stirlingRemainder(concentration)
    }

    private mutating func change(to asked: [Double]) throws(InvalidEvidence) {
        guard asked != shares else { return }
        guard asked.count == shares.count else {
            throw InvalidEvidence(
                .outOfRange, found: "\(asked.count) shares", expected: "\(shares.count) shares")
        }
        earlierLogE = logE
        earlierCandidate = try Counter.sum(earlierCandidate, counts.first ?? 0)
        for count in counts.dropFirst() { earlierOthers = try Counter.sum(earlierOthers, count) }
        shares = asked
        counts = Array(repeating: 0, count: asked.count)
    }

    private static func normalised(_ shares: [Double]) throws(InvalidEvidence) -> [Double] {
        let total = shares.reduce(0, +)
        guard (2...64).contains(shares.count), shares.allSatisfy({ $0 >= 0 }), total > 0,
            total.isFinite
        else {
            throw InvalidEvidence(
                .outOfRange, found: "shares \(shares)",
                expected: "2 to 64 finite shares of 0 or more, not all 0")
        }
        let raised = shares.map { max($0 / total, smallestShare) }
        let raisedTotal = raised.reduce(0, +)
        return raised.map { $0 / raisedTotal }
    }
}

extension SplitProcess {
    private enum CodingKeys: String, CodingKey {
        case shares, counts, earlierLogE, peak, earlierCandidate, earlierOthers
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(shares: container.decode([Double].self, forKey: .shares))
        // As stored: a second normalising could round the shares to others.
        shares = try container.decode([Double].self, forKey: .shares)
        counts = [Int](repeating: 0, count: shares.count)
        earlierLogE = try container.decode(Double.self, forKey: .earlierLogE)
        peak = try container.decode(Double.self, forKey: .peak)
        earlierCandidate = try container.decode(Int.self, forKey: .earlierCandidate)
        earlierOthers = try container.decode(Int.self, forKey: .earlierOthers)
        let stored = try container.decode([Int].self, forKey: .counts)
        let before = try Counter.sum(earlierCandidate, earlierOthers)
        guard stored.count == counts.count, before >= 0, earlierCandidate >= 0, peak.isFinite,
            earlierLogE.isFinite, shares.allSatisfy({ $0 > 0 && $0 < 1 })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .counts, in: container,
                debugDescription: "a split has a count of 0 or more and a share for each arm")
        }
        let restored = peak
        try observe(counts: stored)
        peak = restored
    }
}
