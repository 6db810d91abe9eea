import Evidence

/// The bound on z of a framework for repeated tests of one mean against another, one-sided, with
/// known variance: what Schultzberg and Ankargren compared ("Choosing a sequential testing
/// framework", Spotify 2023), and what others added to their script.
enum FrameworkBoundary: Sendable, Hashable {
    /// The same z at every look, as if it were the only one.
    case naive
    /// One look, at the end.
    case fixed
    /// α over the number of looks.
    case bonferroni
    /// Spends α t^φ at looks that are planned for (Lan and DeMets 1983; Kim and DeMets 1987).
    case spending(power: Double)
    /// Generalised always-valid inference as at Eppo: the normal mixture of Howard, Ramdas,
    /// McAuliffe and Sekhon (2021), narrowest near `tightestAt` pairs.
    case alwaysValid(tightestAt: Double)
    /// The mixture test as at Netflix (Lindon, Ham, Tingley and Bojinov 2022): `precision` is that
    /// of the prior of the effect, in units of one value's variance.
    case mixture(precision: Double)
    /// The corrected alpha approach of Statsig: z over the part of the sample that is there.
    case correctedAlpha
    /// YEAST, also called the simple sequential test (Kurennoy and others 2025): one bound for the
    /// sum, by Lévy's inequality for the largest of its partial sums.
    case maximumOfSum

    /// Whether a look is decided without knowing how many there are.
    var allowsAnyLooks: Bool {
        switch self {
        case .naive, .alwaysValid, .mixture, .correctedAlpha, .maximumOfSum: true
        case .fixed, .bonferroni, .spending: false
        }
    }

    /// z to be exceeded at each look. `nil` for levels outside 0..<0.5, for looks that do not rise
    /// within 1...pairs, and for parameters that are not positive.
    func bounds(looks: [Int], pairs: Int, alpha: Double) -> [Double]? {
        guard alpha > 0, alpha < 0.5, let first = looks.first, let last = looks.last, first >= 1,
            last <= pairs, zip(looks, looks.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        let z = NormalDistribution.upperQuantile(alpha)
        switch self {
        case .naive: return looks.map { _ in z }
        case .fixed: return looks.map { $0 == last ? z : .infinity }
        case .bonferroni:
            return looks.map { _ in NormalDistribution.upperQuantile(alpha / Double(looks.count)) }
        case .spending(let power):
            // Planned for even steps, though a look falls on a whole pair.
            return GroupSequentialDesign(
                times: GroupSequentialDesign.evenTimes(looks.count), alpha: alpha,
                spending: .power(power))?.bounds
        case .alwaysValid(let tightestAt):
            guard tightestAt > 0 else { return nil }
            // Both sides at 2α make one side at α.
            let square = 2 * LogDomain.log(1 / (2 * alpha))
            let rho = tightestAt / (square + LogDomain.log(1 + square))
            return looks.map { look in
                let n = Double(look)
                let logRatio = LogDomain.log((n + rho) / rho)
                return ((n + rho) / n * (logRatio + square)).squareRoot()
            }
        case .mixture(let precision):
            guard precision > 0 else { return nil }
            let square = 2 * LogDomain.log(1 / (2 * alpha))
            return looks.map { look in
                // The variance of a difference of means is two values' over the pairs.
                let information = Double(look) / 2
                let ratio = (precision + information) / precision
                return ((LogDomain.log(ratio) + square) * (precision + information) / information)
                    .squareRoot()
            }
        case .correctedAlpha: return looks.map { z * Double(pairs) / Double($0) }
        case .maximumOfSum:
            let bound = NormalDistribution.upperQuantile(alpha / 2)
            return looks.map { bound * (Double(pairs) / Double($0)).squareRoot() }
        }
    }
}
