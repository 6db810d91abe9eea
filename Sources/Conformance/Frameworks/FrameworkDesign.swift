import Calibration
import Evidence

/// A simulated experiment of two arms, in which values come in pairs: when does each framework say
/// that the second mean is larger?
struct FrameworkDesign: Sendable, Hashable {
    let pairs: Int
    /// The standard deviation of one value.
    let deviation: Double
    let alpha: Double

    /// After how many pairs the looks are: all of them, or `count` at even steps, rounded down.
    func looks(_ count: Int?) -> [Int] {
        guard let count, count < pairs else { return Array(1...pairs) }
        return (1...max(count, 1)).map { pairs * $0 / max(count, 1) }
    }

    /// Paths of the sum of differences without an effect. Each effect adds its own line to the
    /// same paths, so that cells share their luck but are cheap.
    func paths(_ count: Int, seed: UInt64) -> [[Double]] {
        let spread = deviation * 2.0.squareRoot()
        return Repetitions.run(count, seed: seed) { random in
            var sum = 0.0
            return (0..<pairs).map { _ in
                sum += spread * random.normal()
                return sum
            }
        }
    }

    /// How often a bound is crossed, and the mean number of pairs until then or until the end.
    func outcome(
        of bounds: [Double], at looks: [Int], effect: Double, on paths: [[Double]]
    ) -> (rate: Estimate, pairs: Estimate) {
        // z > bound, as a bound for the sum of differences less its drift.
        let spread = deviation * 2.0.squareRoot()
        let limits = zip(looks, bounds).map { look, bound in
            bound * spread * Double(look).squareRoot() - effect * deviation * Double(look)
        }
        var (crossed, stops): ([Bool], [Double]) = ([], [])
        crossed.reserveCapacity(paths.count)
        stops.reserveCapacity(paths.count)
        for path in paths {
            var stop: Int?
            for index in looks.indices where path[looks[index] - 1] > limits[index] {
                stop = looks[index]
                break
            }
            crossed.append(stop != nil)
            stops.append(Double(stop ?? pairs))
        }
        return (Estimate(rateOf: crossed), Estimate(meanOf: stops))
    }
}
