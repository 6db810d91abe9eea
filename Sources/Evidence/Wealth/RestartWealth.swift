/// The half of the evidence budget that starts afresh now and then, so that harm which begins late
/// is not hidden behind a long healthy past.
///
/// Each restart puts 1/budget of the stake in play: Q_j <- (Q_j + w/G) f_j. What is never staked
/// only lowers E, so the guarantee holds over the whole rollout.
package struct RestartWealth: Sendable, Hashable {
    /// How many restarts the stake is divided over, such as the hours of the longest rollout.
    package let budget: Int
    package private(set) var spent = 0
    /// Log-wealth of each alternative; `nil` before the first restart.
    package private(set) var logs: [Double]?

    /// `nil` without a budget.
    /// - Throws: `InvalidEvidence` unless the budget is 1 to 1,000,000.
    static func optional(budget: Int?) throws(InvalidEvidence) -> RestartWealth? {
        guard let budget else { return nil }
        return try RestartWealth(budget: budget)
    }

    init(budget: Int) throws(InvalidEvidence) {
        guard (1...1_000_000).contains(budget) else {
            throw InvalidEvidence(
                .outOfRange, found: "\(budget) restarts", expected: "1 to 1,000,000")
        }
        self.budget = budget
    }

    /// log of the sum of Q; `nil` before the first restart.
    package var logE: Double? { logs.flatMap(LogDomain.logSumExp) }

    /// Not below `logE`, and cheaper.
    var upperBound: Double {
        guard let logs, let high = logs.max() else { return 0 }
        return high + LogDomain.log(Double(logs.count))
    }

    /// Stakes one more part; does nothing once the budget is spent.
    mutating func restart(points: Int) {
        guard spent < budget else { return }
        spent += 1
        let stake = -LogDomain.log(Double(budget)) - LogDomain.log(Double(points))
        guard var current = logs else {
            logs = Array(repeating: stake, count: points)
            return
        }
        for index in current.indices {
            current[index] = LogDomain.logAddExp(current[index], stake)
        }
        logs = current
    }

    /// Multiplies the wealth of one alternative.
    mutating func add(_ factor: Double, at index: Int) {
        guard let count = logs?.count, index < count else { return }
        logs?[index] += factor
    }

    mutating func multiply(byLogs factors: [Double]) {
        guard var current = logs, current.count == factors.count else { return }
        for index in current.indices { current[index] += factors[index] }
        logs = current
    }
}

extension RestartWealth: Codable {
    private enum CodingKeys: String, CodingKey { case budget, spent, logs }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(budget: container.decode(Int.self, forKey: .budget))
        spent = try container.decode(Int.self, forKey: .spent)
        logs = try container.decodeIfPresent([Double].self, forKey: .logs)
        guard (0...budget).contains(spent), logs?.allSatisfy(\.isFinite) ?? (spent == 0) else {
            throw DecodingError.dataCorruptedError(
                forKey: .spent, in: container,
                debugDescription: "restarts are spent within the budget, with finite log-wealth")
        }
    }
}
