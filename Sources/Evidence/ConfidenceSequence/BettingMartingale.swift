/// The wealth of one who bets against a mean of observations in [0, 1].
package struct BettingMartingale: Sendable, Hashable {
    /// Bets that the mean is higher, and that it is lower; the wealth is spread evenly over each list.
    package var upward: [BettingStrategy]
    package var downward: [BettingStrategy]
    /// The share of the wealth that bets upwards.
    package var theta = 0.5
    /// Whether the two wealths are added, or the larger one counts.
    package var isSum = false
    /// How much of what could be lost is bet at most.
    package var truncationScale = 0.5
    /// Whether `truncationScale` is relative to what can be lost under the mean, or a bet.
    package var truncatesByMean = true
    /// The size of the population, when drawing without replacement.
    package var population: Int?

    package init(upward: [BettingStrategy], downward: [BettingStrategy]? = nil) {
        self.upward = upward
        self.downward = downward ?? upward
    }

    /// The hedged capital process of level alpha with its usual bets.
    package init(
        hedgedAt alpha: Double, theta: Double = 0.5, fixed: Int? = nil,
        prior: BettingStrategy.Prior = BettingStrategy.Prior()
    ) {
        self.init(
            upward: [.predictableMixture(alpha: alpha * theta, fixed: fixed, prior: prior)],
            downward: [.predictableMixture(alpha: alpha * (1 - theta), fixed: fixed, prior: prior)])
        self.theta = theta
    }

    /// Bets of `count` evenly spaced shares each way ("dKelly").
    package init(diversifiedOver count: Int, theta: Double = 0.5) {
        let shares = (0..<max(count, 0)).map { Double($0 + 1) / Double(count + 1) }
        self.init(upward: shares.map { .constant(share: $0) })
        self.theta = theta
        isSum = true
        truncationScale = 1
    }

    /// The wealth after each observation, when the mean is `mean`; infinite where that mean has
    /// become impossible. Observations outside [0, 1] can make it negative.
    package func wealth(_ x: [Double], mean: Double) -> [Double] {
        let means = conditionalMeans(x, mean)
        let up = theta > 0 ? capital(x, means, isUp: true) : []
        let down = theta < 1 ? capital(x, means, isUp: false) : []
        return means.indices.map { index in
            if means[index] < 0 || means[index] > 1 { return .infinity }
            if theta >= 1 { return up[index] }
            if theta <= 0 { return down[index] }
            let (a, b) = (theta * up[index], (1 - theta) * down[index])
            return isSum ? a + b : max(a, b)
        }
    }

    /// What the mean of the rest is, if that of all is `mean`.
    package func conditionalMeans(_ x: [Double], _ mean: Double) -> [Double] {
        guard let population else { return Array(repeating: mean, count: x.count) }
        var sum = 0.0
        return x.enumerated().map { index, value in
            defer { sum += value }
            return (Double(population) * mean - sum) / (Double(population) - Double(index))
        }
    }

    private func capital(_ x: [Double], _ means: [Double], isUp: Bool) -> [Double] {
        let strategies = isUp ? upward : downward
        let weight = 1 / Double(max(strategies.count, 1))
        var total = Array(repeating: 0.0, count: x.count)
        for strategy in strategies {
            let bets = strategy.bets(
                on: x, against: means, population: population, isAgainst: !isUp)
            var wealth = 1.0
            for index in x.indices {
                let mean = means[index]
                let isOutside = mean < 0 || mean > 1
                let (most, least) =
                    truncatesByMean
                    ? (
                        truncationScale / (isUp ? mean : 1 - mean),
                        -truncationScale / (isUp ? 1 - mean : mean)
                    )
                    : (truncationScale, -truncationScale)
                let bet = max(min(bets[index], most), least)
                let gap = x[index] - mean
                // An infinite bet on nothing wins nothing; ruin is for ever.
                let factor = bet == .infinity && gap == 0 ? 1 : isUp ? 1 + bet * gap : 1 - bet * gap
                wealth *= factor
                total[index] +=
                    weight * (isOutside ? .infinity : wealth.isNaN ? 0 : wealth)
            }
        }
        return total
    }
}

/// Means that a martingale has not rejected, on a grid.
package struct GridSequence: Sendable, Hashable {
    package let lower: [Double]
    package let upper: [Double]

    package init(lower: [Double], upper: [Double]) {
        self.lower = lower
        self.upper = upper
    }

    /// The hull of the grid's means with wealth ≤ 1/alpha, wider by one step each way. When all
    /// are rejected, everything is possible.
    /// - Parameters:
    ///   - breaks: the number of steps between 0 and 1.
    ///   - population: its size, when drawing without replacement.
    package init?(
        _ x: [Double], alpha: Double, breaks: Int, population: Int? = nil,
        wealth: ([Double], Double) -> [Double]
    ) {
        guard breaks > 0, breaks <= 1_000_000, alpha > 0, alpha < 1 else { return nil }
        let step = 1 / Double(breaks)
        // As many points as a range of floating-point numbers with this step has.
        guard let count = Int(exactly: ((1 + step) / step).rounded(.up)) else { return nil }
        var first: [Double?] = Array(repeating: nil, count: x.count)
        var last = first
        for point in 0..<count {
            let mean = Double(point) * step
            for (index, value) in wealth(x, mean).enumerated() where value <= 1 / alpha {
                if first[index] == nil { first[index] = mean }
                last[index] = mean
            }
        }
        var lower = first.map { max(0, ($0 ?? 0) - step) }
        var upper = last.map { min(1, ($0 ?? 1) + step) }
        if let population {
            var sum = 0.0
            for index in x.indices {
                sum += x[index]
                let left = Double(index + 1) - sum
                lower[index] = max(lower[index], sum / Double(population))
                upper[index] = min(upper[index], 1 - left / Double(population))
            }
        }
        self.init(lower: lower, upper: upper)
    }

    /// The intersection of all intervals so far, at each time.
    package var runningIntersection: GridSequence {
        GridSequence(lower: Running.maximum(lower), upper: Running.minimum(upper))
    }
}

extension BettingMartingale {
    /// The confidence sequence on a grid of `breaks` steps; `nil` out of domain.
    package func sequence(_ x: [Double], alpha: Double, breaks: Int = 1_000) -> GridSequence? {
        GridSequence(x, alpha: alpha, breaks: breaks, population: population) { x, mean in
            wealth(x, mean: mean)
        }
    }
}

/// Largest and smallest so far.
package enum Running {
    package static func maximum(_ values: [Double]) -> [Double] {
        var most = -Double.infinity
        return values.map {
            most = max(most, $0)
            return most
        }
    }

    package static func minimum(_ values: [Double]) -> [Double] {
        maximum(values.map { -$0 }).map { -$0 }
    }
}
