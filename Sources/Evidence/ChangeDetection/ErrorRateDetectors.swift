/// DDM (Gama, Medas, Castillo and Rodrigues 2004) on 0/1 errors.
///
/// When the first values after the warm start are all right, any error is an alarm.
package struct DriftDetectionMethod: ChangeDetector, Hashable {
    package let warmStart: Int
    package let warningThreshold: Double
    package let driftThreshold: Double
    private var rate = RunningMean()
    private var least: (rate: Double, spread: Double)? {
        guard let leastRate, let leastSpread else { return nil }
        return (leastRate, leastSpread)
    }
    private var leastRate: Double?
    private var leastSpread: Double?
    private var hasChanged = false

    package init(
        warmStart: Int = 30, warningThreshold: Double = 2, driftThreshold: Double = 3
    ) {
        self.warmStart = warmStart
        self.warningThreshold = warningThreshold
        self.driftThreshold = driftThreshold
    }

    package mutating func update(_ value: Double) -> Change {
        if hasChanged {
            self = DriftDetectionMethod(
                warmStart: warmStart, warningThreshold: warningThreshold,
                driftThreshold: driftThreshold)
        }
        rate.add(value)
        let p = rate.mean
        let s = max(0, p * (1 - p) / rate.count).squareRoot()
        guard rate.count > Double(warmStart) else { return .none }
        if least.map({ p + s <= $0.rate + $0.spread }) ?? true {
            (leastRate, leastSpread) = (p, s)
        }
        guard let least else { return .none }
        hasChanged = p + s > least.rate + driftThreshold * least.spread
        if hasChanged { return .drift }
        return p + s > least.rate + warningThreshold * least.spread ? .warning : .none
    }
}

/// EDDM (Baena-García et al. 2006): the distances between errors grow shorter. Noisy by default.
package struct EarlyDriftDetectionMethod: ChangeDetector, Hashable {
    package let warmStart: Int
    package let alpha: Double
    package let beta: Double
    private var count = 0.0
    private var errors = 0
    private var lastError = 0.0
    private var distance = RunningMean()
    private var squares = 0.0
    private var largest = -1.0
    private var isWarned = false
    private var hasChanged = false

    package init(warmStart: Int = 30, alpha: Double = 0.95, beta: Double = 0.9) {
        self.warmStart = warmStart
        self.alpha = alpha
        self.beta = beta
    }

    package mutating func update(_ value: Double) -> Change {
        if hasChanged {
            self = EarlyDriftDetectionMethod(warmStart: warmStart, alpha: alpha, beta: beta)
        }
        count += 1
        if value == 1 { error() }
        return hasChanged ? .drift : isWarned ? .warning : .none
    }

    private mutating func error() {
        errors += 1
        let gap = count - lastError
        lastError = count
        let before = distance.mean
        distance.add(gap)
        squares += (gap - before) * (gap - distance.mean)
        guard count > Double(warmStart) else { return }
        let variance = distance.count > 1 ? squares / (distance.count - 1) : 0
        let level = distance.mean + 2 * max(0, variance).squareRoot()
        if level > largest {
            largest = level
        } else if errors > warmStart {
            hasChanged = level / largest < beta
            isWarned = level / largest < alpha
        }
    }
}

/// FHDDM (Pesaranghader and Viktor 2016): the share of ones in a window falls. Feed 1 for right.
package struct FastHoeffdingDetector: ChangeDetector, Hashable {
    package let window: Int
    package let confidence: Double
    /// A second window, at the newest end of the first.
    package let shortWindow: Int?
    private var values: [Double] = []
    private var best = 0.0
    private var shortBest = 0.0
    private var hasChanged = false

    package init(window: Int = 100, confidence: Double = 1e-6, shortWindow: Int? = nil) {
        self.window = max(window, 1)
        self.confidence = confidence
        self.shortWindow = shortWindow
    }

    package mutating func update(_ value: Double) -> Change {
        if hasChanged {
            self = FastHoeffdingDetector(
                window: window, confidence: confidence, shortWindow: shortWindow)
        }
        values.append(value)
        guard values.count >= window else { return .none }
        let share = values.reduce(0, +) / Double(window)
        best = max(best, share)
        hasChanged = best - share > bound(window)
        if let shortWindow, shortWindow > 0 {
            let share = values.suffix(shortWindow).reduce(0, +) / Double(shortWindow)
            shortBest = max(shortBest, share)
            hasChanged = hasChanged || shortBest - share > bound(shortWindow)
        }
        values.removeFirst()
        return hasChanged ? .drift : .none
    }

    private func bound(_ size: Int) -> Double {
        (LogDomain.log(1 / confidence) / (2 * Double(size))).squareRoot()
    }
}
