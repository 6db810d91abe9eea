/// What to bet against a mean m before each observation, from those that came before
/// (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting").
package enum BettingStrategy: Sendable, Hashable {
    /// Tuned like an empirical Bernstein bound of level alpha, for one look at n when `fixed`.
    case predictableMixture(
        alpha: Double, truncation: Double = .infinity, fixed: Int? = nil, prior: Prior = Prior(),
        scale: Double = 1)
    /// Kelly's criterion, approximated to second order ("aGRAPA").
    case approximateKelly(prior: Prior = Prior(), scale: Double = 1)
    /// Kelly's criterion on the past observations, exactly ("GRAPA"); 0 before the first.
    case kelly
    /// The lower bound on the wealth ("LBOW").
    case lowerBound
    /// The same share of what can be bet, at all times; of what can be bet upwards, in both
    /// directions, unless `isMirrored`.
    case constant(share: Double, isMirrored: Bool = true)

    /// Observations that are counted as seen before the first.
    package struct Prior: Sendable, Hashable {
        package let mean: Double
        package let variance: Double
        package let weight: Double

        package init(mean: Double = 0.5, variance: Double = 0.25, weight: Double = 1) {
            self.mean = mean
            self.variance = variance
            self.weight = weight
        }
    }

    /// One bet for each of `x`.
    /// - Parameters:
    ///   - means: the mean under the hypothesis at each time; they differ without replacement.
    ///   - isAgainst: whether the bet is that the mean is lower.
    package func bets(
        on x: [Double], against means: [Double], population: Int? = nil, isAgainst: Bool = false
    ) -> [Double] {
        switch self {
        case .predictableMixture(let alpha, let truncation, let fixed, let prior, let scale):
            Self.mixture(x, alpha, truncation, fixed, prior).map { $0 * scale }
        case .approximateKelly(let prior, let scale):
            Self.approximateKelly(x, means, population, prior, scale)
        case .kelly: Self.kelly(x, means)
        case .lowerBound: Self.lowerBound(x, means)
        case .constant(let share, let isMirrored):
            means.map { share / (isAgainst && isMirrored ? 1 - $0 : $0) }
        }
    }

    /// The regularised mean and variance before each observation.
    private static func moments(
        _ x: [Double], _ prior: Prior, isBounded: Bool
    ) -> [(mean: Double, variance: Double)] {
        var (sum, squares) = (0.0, 0.0)
        var before: [(mean: Double, variance: Double)] = [(prior.mean, prior.variance)]
        for (index, value) in x.enumerated() {
            sum += value
            let weight = Double(index + 1) + prior.weight
            let mean = (prior.weight * prior.mean + sum) / weight
            let bounded = isBounded ? min(mean, 1) : mean
            squares += (value - bounded) * (value - bounded)
            before.append((bounded, (prior.weight * prior.variance + squares) / weight))
        }
        return before
    }

    /// Their equation (26).
    private static func mixture(
        _ x: [Double], _ alpha: Double, _ truncation: Double, _ fixed: Int?, _ prior: Prior
    ) -> [Double] {
        let log = Elementary.log(1 / alpha)
        return zip(x, moments(x, prior, isBounded: true)).enumerated().map { index, pair in
            let t = Double(index + 1)
            let time = fixed.map { Double($0) } ?? t * Elementary.log(1 + t)
            let bet = (2 * log / (time * pair.1.variance)).squareRoot()
            return bet.isNaN ? min(truncation, 0) : min(truncation, bet)
        }
    }

    /// Their section 5.3.
    private static func approximateKelly(
        _ x: [Double], _ means: [Double], _ population: Int?, _ prior: Prior, _ scale: Double
    ) -> [Double] {
        var sum = 0.0
        return zip(zip(x, means), moments(x, prior, isBounded: false)).enumerated().map {
            index, values in
            let ((value, mean), moments) = values
            defer { sum += value }
            var expected = moments.mean
            if let population {
                let left = Double(population) - Double(index)
                expected = (Double(population) * expected - sum) / left
            }
            let gap = expected - mean
            let bet = gap / (moments.variance + gap * gap)
            return min(scale / mean, max(-scale / (1 - mean), bet))
        }
    }

    private static func kelly(_ x: [Double], _ means: [Double]) -> [Double] {
        means.enumerated().map { index, mean in
            let past = x.prefix(index)
            guard let low = past.min(), let high = past.max() else { return 0 }
            if high <= mean { return -1 / (1 - mean) }
            if low >= mean { return 1 / mean }
            // The slope of the log wealth falls from +∞ to -∞ between the bets that can ruin.
            let inside = 1 - 1e-12
            let root = Root.find(low: -inside / (high - mean), high: inside / (mean - low)) { bet in
                past.reduce(0) { $0 + ($1 - mean) / (1 + bet * ($1 - mean)) }
            }
            return root ?? 0
        }
    }

    private static func lowerBound(_ x: [Double], _ means: [Double]) -> [Double] {
        var (sum, squares) = (0.0, 0.0)
        return zip(x, means).enumerated().map { index, pair in
            let (value, mean) = pair
            let t = Double(index + 1)
            let expected = index == 0 ? 0.5 : (0.5 + sum) / t
            let gap = expected - mean
            let most = gap > 0 ? mean : 1 - mean
            let spread = (index == 0 ? 0.25 : squares) / (t + 1)
            let bet = gap / (most * abs(gap) + spread + gap * gap)
            sum += value
            squares += (value - mean) * (value - mean)
            return bet
        }
    }
}
