/// Count, mean and central sums of measurements; adds up over blocks and regions.
package struct Moments: Codable, Sendable, Hashable {
    package private(set) var count: Int
    package private(set) var mean: Double
    /// Σ (x - mean)²
    package private(set) var squares: Double
    /// Σ (x - mean)³ and Σ (x - mean)⁴; `nil` when a source gives no more than squares.
    private var tails: Tails?

    private struct Tails: Codable, Hashable {
        var cubes = 0.0
        var quartics = 0.0
    }

    /// No measurements.
    package init() {
        count = 0
        mean = 0
        squares = 0
        tails = Tails()
    }

    /// What a source summed up; its kurtosis stays unknown.
    ///
    /// - Throws: `InvalidEvidence` for a negative count or sum, or what is not finite.
    package init(count: Int, mean: Double, squares: Double) throws(InvalidEvidence) {
        guard count >= 0, squares >= 0 else {
            throw InvalidEvidence(
                .counts, found: "\(count) measurements with \(squares) as sum of squares",
                expected: "0 or more of both")
        }
        guard mean.isFinite, squares.isFinite else { throw .notFinite(mean, squares) }
        self.count = count
        self.mean = count > 0 ? mean : 0
        self.squares = count > 1 ? squares : 0
        tails = count > 1 ? nil : Tails()
    }

    /// Takes in one measurement (Welford 1962).
    package mutating func add(_ value: Double) throws(InvalidEvidence) {
        try merge(Moments(count: 1, mean: value, squares: 0))
    }

    /// Takes in the measurements of another: Pébay 2008, SAND2008-6212, equations 1.5 and 2.1.
    package mutating func merge(_ other: Moments) throws(InvalidEvidence) {
        guard other.count > 0 else { return }
        guard count > 0 else {
            self = other
            return
        }
        var merged = self
        merged.count = try Counter.sum(count, other.count)
        let total = Double(merged.count)
        let (a, b) = (Double(count) / total, Double(other.count) / total)
        let shift = other.mean - mean
        merged.mean = mean + shift * b
        merged.squares = squares + other.squares + shift * shift * a * b * total
        if let left = tails, let right = other.tails {
            let cubes =
                left.cubes + right.cubes + shift * shift * shift * a * b * (a - b) * total
                + 3 * shift * (a * other.squares - b * squares)
            let quartics =
                left.quartics + right.quartics
                + shift * shift * shift * shift * a * b * (a * a - a * b + b * b) * total
                + 6 * shift * shift * (a * a * other.squares + b * b * squares)
                + 4 * shift * (a * right.cubes - b * left.cubes)
            guard cubes.isFinite, quartics.isFinite else { throw .notFinite(mean, other.mean) }
            merged.tails = Tails(cubes: cubes, quartics: quartics)
        } else {
            merged.tails = nil
        }
        guard merged.mean.isFinite, merged.squares.isFinite else {
            throw .notFinite(mean, other.mean)
        }
        self = merged
    }

    /// The sample variance; `nil` of fewer than two.
    package var variance: Double? { count > 1 ? squares / Double(count - 1) : nil }

    /// n Σ⁴/(Σ²)²: 3 for a normal distribution. `nil` when unknown or without spread.
    package var kurtosis: Double? {
        guard let tails, count > 1, squares > 0 else { return nil }
        let kurtosis = Double(count) * (tails.quartics / squares) / squares
        return kurtosis.isFinite ? kurtosis : nil
    }
}

extension InvalidEvidence {
    fileprivate static func notFinite(_ mean: Double, _ other: Double) -> InvalidEvidence {
        InvalidEvidence(
            .notFinite, found: "measurements of \(mean) and \(other)",
            expected: "finite measurements small enough to sum their fourth powers")
    }
}
