/// Page 1954: the cumulative deviation from the running mean, less a drift that is allowed.
///
/// The usual threshold of 50 needs hundreds of values of a 0/1 stream; about 10 suits error rates.
package struct PageHinkley: ChangeDetector, Hashable {
    package enum Direction: String, Codable, Sendable, CaseIterable { case up, down, both }

    package let minimum: Int
    package let delta: Double
    package let threshold: Double
    /// How fast old deviations are forgotten.
    package let alpha: Double
    package let direction: Direction
    private var mean = RunningMean()
    package private(set) var sumIncrease = 0.0
    package private(set) var sumDecrease = 0.0
    /// `nil` before the first value.
    package private(set) var minIncrease: Double?
    package private(set) var maxDecrease = -1.0
    private var hasChanged = false

    package init(
        minimum: Int = 30, delta: Double = 0.005, threshold: Double = 50, alpha: Double = 0.9999,
        direction: Direction = .both
    ) {
        self.minimum = minimum
        self.delta = delta
        self.threshold = threshold
        self.alpha = alpha
        self.direction = direction
    }

    package var runningMean: Double { mean.mean }

    package mutating func update(_ value: Double) -> Change {
        if hasChanged {
            self = PageHinkley(
                minimum: minimum, delta: delta, threshold: threshold, alpha: alpha,
                direction: direction)
        }
        mean.add(value)
        let deviation = value - mean.mean
        sumIncrease = alpha * sumIncrease + deviation - delta
        sumDecrease = alpha * sumDecrease + deviation + delta
        let least = min(minIncrease ?? sumIncrease, sumIncrease)
        minIncrease = least
        maxDecrease = max(maxDecrease, sumDecrease)
        guard mean.count >= Double(minimum) else { return .none }
        let rose = sumIncrease - least > threshold
        let fell = maxDecrease - sumDecrease > threshold
        hasChanged =
            switch direction {
            case .up: rose
            case .down: fell
            case .both: rose || fell
            }
        return hasChanged ? .drift : .none
    }
}
