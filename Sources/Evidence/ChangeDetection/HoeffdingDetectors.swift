/// HDDM_A (Frías-Blanco et al. 2015): averages before and after the best cut, by Hoeffding's bound.
package struct HoeffdingAverageDetector: ChangeDetector, Hashable {
    package let driftConfidence: Double
    package let warningConfidence: Double
    package let isTwoSided: Bool
    private var all = RunningMean()
    /// The cut that makes an increase most visible, and the one for a decrease.
    private var low = RunningMean()
    private var high = RunningMean()
    private var hasChanged = false

    package init(
        driftConfidence: Double = 0.001, warningConfidence: Double = 0.005,
        isTwoSided: Bool = false
    ) {
        self.driftConfidence = driftConfidence
        self.warningConfidence = warningConfidence
        self.isTwoSided = isTwoSided
    }

    package mutating func update(_ value: Double) -> Change {
        if hasChanged {
            self = HoeffdingAverageDetector(
                driftConfidence: driftConfidence, warningConfidence: warningConfidence,
                isTwoSided: isTwoSided)
        }
        all.add(value)
        if low.count == 0 { low = all }
        if high.count == 0 { high = all }
        if low.mean + bound(low.count) >= all.mean + bound(all.count) { low = all }
        if high.mean - bound(high.count) <= all.mean - bound(all.count) { high = all }
        var change = Change.none
        if rose(driftConfidence) {
            change = .drift
        } else if rose(warningConfidence) {
            change = .warning
        }
        if isTwoSided {
            if fell(driftConfidence) {
                change = .drift
            } else if fell(warningConfidence), change == .none {
                change = .warning
            }
        }
        hasChanged = change == .drift
        return change
    }

    private func bound(_ count: Double) -> Double {
        (1 / (2 * count) * LogDomain.log(1 / driftConfidence)).squareRoot()
    }

    private func differs(from cut: RunningMean, _ confidence: Double) -> Double? {
        guard cut.count != all.count else { return nil }
        let m = (all.count - cut.count) / cut.count * (1 / all.count)
        return (m / 2 * LogDomain.log(2 / confidence)).squareRoot()
    }

    private func rose(_ confidence: Double) -> Bool {
        differs(from: low, confidence).map { all.mean - low.mean >= $0 } ?? false
    }

    private func fell(_ confidence: Double) -> Bool {
        differs(from: high, confidence).map { high.mean - all.mean >= $0 } ?? false
    }
}

/// HDDM_W (Frías-Blanco et al. 2015): weighted averages, by McDiarmid's bound.
package struct HoeffdingWeightedDetector: ChangeDetector, Hashable {
    /// An exponentially weighted mean, and the sum of squared weights that bounds its error.
    private struct Weighted: Codable, Sendable, Hashable {
        var mean: Double?
        var spread = 1.0

        mutating func add(_ value: Double, _ lambda: Double) {
            // In river's order of rounding: a cut at a tie depends on the last bit.
            mean = mean.map { lambda * value + (1 - lambda) * $0 } ?? value
            spread = lambda * lambda + (1 - lambda) * (1 - lambda) * spread
        }
    }

    package let driftConfidence: Double
    package let warningConfidence: Double
    package let lambda: Double
    package let isTwoSided: Bool
    private var all = Weighted()
    private var beforeRise = Weighted()
    private var afterRise = Weighted()
    private var beforeFall = Weighted()
    private var afterFall = Weighted()
    private var riseCut: Double?
    private var fallCut: Double?
    private var hasChanged = false

    package init(
        driftConfidence: Double = 0.001, warningConfidence: Double = 0.005, lambda: Double = 0.05,
        isTwoSided: Bool = false
    ) {
        self.driftConfidence = driftConfidence
        self.warningConfidence = warningConfidence
        self.lambda = lambda
        self.isTwoSided = isTwoSided
    }

    package mutating func update(_ value: Double) -> Change {
        if hasChanged {
            self = HoeffdingWeightedDetector(
                driftConfidence: driftConfidence, warningConfidence: warningConfidence,
                lambda: lambda, isTwoSided: isTwoSided)
        }
        all.add(value, lambda)
        let mean = all.mean ?? value
        let reach = bound(all.spread, driftConfidence)
        if riseCut.map({ mean + reach < $0 }) ?? true {
            riseCut = mean + reach
            (beforeRise, afterRise) = (all, Weighted())
        } else {
            afterRise.add(value, lambda)
        }
        var change = Change.none
        if exceeds(afterRise, beforeRise, driftConfidence) {
            change = .drift
        } else if exceeds(afterRise, beforeRise, warningConfidence) {
            change = .warning
        }
        if fallCut.map({ mean - reach > $0 }) ?? true {
            fallCut = mean - reach
            (beforeFall, afterFall) = (all, Weighted())
        } else {
            afterFall.add(value, lambda)
        }
        if isTwoSided {
            if exceeds(beforeFall, afterFall, driftConfidence) {
                change = .drift
            } else if exceeds(beforeFall, afterFall, warningConfidence), change == .none {
                change = .warning
            }
        }
        hasChanged = change == .drift
        return change
    }

    private func bound(_ spread: Double, _ confidence: Double) -> Double {
        (spread * LogDomain.log(1 / confidence) / 2).squareRoot()
    }

    private func exceeds(_ higher: Weighted, _ lower: Weighted, _ confidence: Double) -> Bool {
        guard let above = higher.mean, let below = lower.mean else { return false }
        return above - below > bound(higher.spread + lower.spread, confidence)
    }
}
