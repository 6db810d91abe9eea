/// Bounds for a fixed number of looks at a normal statistic, planned before the first.
///
/// A design of this kind needs to know how much data there will be. Here it is a yardstick for
/// benchmarks and reports; decisions use e-processes, which do not.
package struct GroupSequentialDesign: Sendable, Hashable {
    /// Parts of the information at each look, rising to 1.
    package let times: [Double]
    package let isTwoSided: Bool
    /// z at each look.
    package private(set) var bounds: [Double] = []

    /// How the error is spent over the looks (Lan and DeMets 1983).
    package enum Spending: Sendable, Hashable {
        /// 2 - 2 Φ(z_{α/2}/√t): little early, as O'Brien and Fleming.
        case obrienFleming
        /// α log(1 + (e - 1) t): about as much at each look, as Pocock.
        case pocock
        /// α t^φ (Kim and DeMets 1987)
        case power(Double)
        /// α (1 - e^(-γt)) / (1 - e^(-γ)); α t for γ of 0 (Hwang, Shih and DeCani 1990).
        case exponential(Double)

        package func spent(_ alpha: Double, at time: Double) -> Double {
            switch self {
            case .obrienFleming:
                2
                    * NormalDistribution.sf(
                        NormalDistribution.upperQuantile(alpha / 2) / time.squareRoot())
            case .pocock: alpha * Elementary.log1p((Elementary.exp(1) - 1) * time)
            case .power(let phi): alpha * Elementary.power(time, phi)
            case .exponential(let gamma):
                gamma == 0
                    ? alpha * time
                    : alpha * Elementary.expm1(-gamma * time) / Elementary.expm1(-gamma)
            }
        }
    }

    /// Looks at equal steps of information.
    package static func evenTimes(_ looks: Int) -> [Double] {
        (1...max(looks, 1)).map { Double($0) / Double(max(looks, 1)) }
    }

    /// The bounds that spend exactly what is allowed at each look.
    /// `nil` unless times rise within 0...1 and 0 < alpha < 0.5.
    package init?(
        times: [Double], alpha: Double, spending: Spending, isTwoSided: Bool = false
    ) {
        guard Self.areValid(times), alpha > 0, alpha < 0.5 else { return nil }
        self.times = times
        self.isTwoSided = isTwoSided
        let sides = isTwoSided ? 2.0 : 1
        var walk = Walk(isTwoSided: isTwoSided)
        var spent = 0.0
        for time in times {
            // Each side spends as a one-sided test of its share would (DeMets and Lan 1994).
            let target = sides * spending.spent(alpha / sides, at: time)
            let step = target - spent
            spent = target
            guard let bound = walk.bound(at: time, crossing: step) else { return nil }
            bounds.append(bound)
            walk.advance(to: time, bound: bound)
        }
    }

    /// The shape of bounds that do not come from spending.
    package enum Shape: Sendable, Hashable {
        /// The same z at each look (Pocock 1977).
        case pocock
        /// z falling with √t, C/√t (O'Brien and Fleming 1979).
        case obrienFleming
    }

    /// The constant C of a shape: its bound at the last look. `nil` where `init` has none.
    package static func constant(
        _ shape: Shape, looks: Int, alpha: Double, isTwoSided: Bool = true
    ) -> Double? {
        let times = evenTimes(looks)
        return Root.find(low: 0.5, high: 9) { constant in
            let bounds = times.map { shape == .pocock ? constant : constant / $0.squareRoot() }
            return crossing(bounds: bounds, times: times, isTwoSided: isTwoSided) - alpha
        }
    }

    /// The probability of ever crossing bounds, with a mean of `drift` at time 1.
    ///
    /// By recursive integration over the continuation region (Armitage, McPherson and Rowe 1969).
    package static func crossing(
        bounds: [Double], times: [Double], drift: Double = 0, isTwoSided: Bool
    ) -> Double {
        guard areValid(times), bounds.count == times.count else { return .nan }
        var walk = Walk(isTwoSided: isTwoSided, drift: drift)
        var total = 0.0
        for (time, bound) in zip(times, bounds) {
            total += walk.crossing(at: time, bound: bound)
            walk.advance(to: time, bound: bound)
        }
        return total
    }

    /// How much more information than a single look has, for the same power at its drift.
    package func inflation(alpha: Double, power: Double) -> Double? {
        let single =
            NormalDistribution.upperQuantile(isTwoSided ? alpha / 2 : alpha)
            + NormalDistribution.quantile(power)
        let drift = Root.find(low: single * 0.5, high: single * 4) { drift in
            Self.crossing(bounds: bounds, times: times, drift: drift, isTwoSided: isTwoSided)
                - power
        }
        return drift.map { $0 * $0 / (single * single) }
    }

    private static func areValid(_ times: [Double]) -> Bool {
        guard let first = times.first, first > 0, times.allSatisfy({ $0 <= 1 + 1e-12 }) else {
            return false
        }
        return zip(times, times.dropFirst()).allSatisfy { $0 < $1 }
    }
}

/// The density of a Brownian motion that has stayed inside its bounds so far.
private struct Walk {
    private let isTwoSided: Bool
    private let drift: Double
    private var time = 0.0
    /// Points inside, with their density times their weight; `nil` before the first look.
    private var inside: [(at: Double, mass: Double)]?

    /// Far enough out that what is left weighs nothing.
    private static let reach = 9.5

    init(isTwoSided: Bool, drift: Double = 0) {
        self.isTwoSided = isTwoSided
        self.drift = drift
    }

    /// The probability of being outside at a look and not before.
    func crossing(at next: Double, bound: Double) -> Double {
        let edge = bound * next.squareRoot()
        let spread = (next - time).squareRoot()
        let move = drift * (next - time)
        func outside(from start: Double) -> Double {
            let above = NormalDistribution.sf((edge - start - move) / spread)
            guard isTwoSided else { return above }
            return above + NormalDistribution.cdf((-edge - start - move) / spread)
        }
        guard let inside else { return outside(from: 0) }
        return inside.reduce(0) { $0 + $1.mass * outside(from: $1.at) }
    }

    /// The bound that is crossed with a given probability.
    func bound(at next: Double, crossing probability: Double) -> Double? {
        guard probability > 0 else { return nil }
        // In logarithms: early probabilities are tiny.
        let target = LogDomain.log(probability)
        return Root.find(low: -6, high: 36) { bound in
            let crossed = crossing(at: next, bound: bound)
            return crossed > 0 ? Elementary.log(crossed) - target : -1e6
        }
    }

    mutating func advance(to next: Double, bound: Double) {
        let edge = bound * next.squareRoot()
        let spread = (next - time).squareRoot()
        let move = drift * (next - time)
        let floor = drift * next - Self.reach * next.squareRoot()
        let low = isTwoSided ? max(-edge, floor) : min(floor, edge - 1e-9)
        let high = min(edge, drift * next + Self.reach * next.squareRoot())
        let points = GaussLegendre.fine.points(from: low, to: max(high, low))
        let before = inside ?? [(at: 0, mass: 1)]
        inside = points.map { point in
            let density = before.reduce(0.0) { sum, start in
                sum
                    + start.mass
                    * NormalDistribution.density((point.at - start.at - move) / spread) / spread
            }
            return (point.at, density * point.weight)
        }
        time = next
    }
}
