/// t-tests of regression coefficients that stay valid at every look (Lindon, Ham, Tingley and
/// Bojinov 2024).
package struct AnytimeRegression: Sendable {
    /// The precision of the prior on a standardised effect.
    package let phi: Double
    package let alpha: Double
    private let width: Int
    /// Degrees of freedom that are given up besides one for each regressor.
    private let spare: Int
    private var gram: [[Double]]
    private var moments: [Double]
    private var squares = 0.0
    private var count = 0
    package private(set) var pValues: [Double]
    package private(set) var intervals: [(lower: Double, upper: Double)]

    /// What one fit says.
    package struct Fit: Sendable, Hashable {
        package let coefficients: [Double]
        package let standardErrors: [Double]
    }

    /// - Parameter ridge: added to the diagonal of the cross products; 0 is plain least squares.
    ///
    /// `nil` unless there is a regressor and phi and alpha are positive.
    package init?(
        regressors: Int, phi: Double, alpha: Double, ridge: Double = 0, spare: Int = 0
    ) {
        guard (1...64).contains(regressors), phi > 0, alpha > 0, alpha < 1, ridge >= 0, spare >= 0
        else { return nil }
        self.spare = spare
        width = regressors
        self.phi = phi
        self.alpha = alpha
        gram = (0..<regressors).map { row in
            (0..<regressors).map { $0 == row ? ridge : 0 }
        }
        moments = Array(repeating: 0, count: regressors)
        pValues = Array(repeating: 1, count: regressors)
        intervals = Array(repeating: (-.infinity, .infinity), count: regressors)
    }

    /// Takes in one observation; `x` has one value a regressor, the constant included.
    package mutating func observe(_ y: Double, _ x: [Double]) {
        guard x.count == width, y.isFinite, x.allSatisfy(\.isFinite) else { return }
        count += 1
        squares += y * y
        for row in 0..<width {
            moments[row] += x[row] * y
            for column in 0..<width { gram[row][column] += x[row] * x[column] }
        }
    }

    /// Least squares of everything so far, folded into the running p-values and intervals.
    /// `nil` while there are too few observations or regressors depend on each other.
    package mutating func look() -> Fit? {
        let freedom = count - width
        guard freedom > 0, let inverse = Self.inverse(gram) else { return nil }
        let coefficients = inverse.map { row in zip(row, moments).reduce(0) { $0 + $1.0 * $1.1 } }
        let explained = zip(coefficients, moments).reduce(0) { $0 + $1.0 * $1.1 }
        let variance = max(0, squares - explained) / Double(freedom)
        guard variance > 0 else { return nil }
        let errors = (0..<width).map { (variance * inverse[$0][$0]).squareRoot() }
        guard freedom > spare else {
            return Fit(coefficients: coefficients, standardErrors: errors)
        }
        let nu = Double(freedom - spare)
        for index in 0..<width {
            let error = errors[index]
            let shrink = phi / (phi + variance / (error * error))
            let t = coefficients[index] / error
            let logFactor =
                0.5 * LogDomain.log(shrink) + 0.5 * (nu + 1)
                * (LogDomain.log1p(t * t / nu) - LogDomain.log1p(shrink * t * t / nu))
            pValues[index] = min(pValues[index], Elementary.exp(-logFactor))
            let power = Elementary.exp(
                (LogDomain.log(shrink) + 2 * LogDomain.log(alpha)) / (nu + 1))
            guard power > shrink else { continue }
            let radius = error * (nu * (1 - power) / (power - shrink)).squareRoot()
            intervals[index] = (
                max(intervals[index].lower, coefficients[index] - radius),
                min(intervals[index].upper, coefficients[index] + radius)
            )
        }
        return Fit(coefficients: coefficients, standardErrors: errors)
    }

    /// Gauss-Jordan with the largest pivot.
    private static func inverse(_ matrix: [[Double]]) -> [[Double]]? {
        let size = matrix.count
        var left = matrix
        var right = (0..<size).map { row in (0..<size).map { $0 == row ? 1.0 : 0 } }
        for column in 0..<size {
            let pivot = (column..<size).max { abs(left[$0][column]) < abs(left[$1][column]) }
            guard let pivot, abs(left[pivot][column]) > 1e-300 else { return nil }
            left.swapAt(pivot, column)
            right.swapAt(pivot, column)
            let scale = left[column][column]
            for index in 0..<size {
                left[column][index] /= scale
                right[column][index] /= scale
            }
            for row in 0..<size where row != column {
                let factor = left[row][column]
                for index in 0..<size {
                    left[row][index] -= factor * left[column][index]
                    right[row][index] -= factor * right[column][index]
                }
            }
        }
        return right
    }
}
