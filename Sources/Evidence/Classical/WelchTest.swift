/// Welch 1947: two means with unlike variances.
package struct WelchTest: Sendable, Hashable {
    package let test: ClassicalTest
    /// Of mean x - mean y.
    package let lower: Double
    package let upper: Double

    /// `nil` unless both samples have two values and some spread.
    package init?(
        _ x: Moments, _ y: Moments, alternative: Alternative = .twoSided, confidence: Double = 0.95
    ) {
        guard let v1 = x.variance, let v2 = y.variance, v1 + v2 > 0 else { return nil }
        let (n1, n2) = (Double(x.count), Double(y.count))
        let (e1, e2) = (v1 / n1, v2 / n2)
        let student = StudentTest(
            difference: x.mean - y.mean, spread: (e1 + e2).squareRoot(),
            df: (e1 + e2) * (e1 + e2) / (e1 * e1 / (n1 - 1) + e2 * e2 / (n2 - 1)),
            alternative: alternative, confidence: confidence)
        (test, lower, upper) = (student.test, student.lower, student.upper)
    }
}
