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
        let spread = (e1 + e2).squareRoot()
        let df = (e1 + e2) * (e1 + e2) / (e1 * e1 / (n1 - 1) + e2 * e2 / (n2 - 1))
        let difference = x.mean - y.mean
        let t = difference / spread
        test = ClassicalTest(
            statistic: t, pValue: alternative.student(t, df: df), degreesOfFreedom: df)
        switch alternative {
        case .twoSided:
            let half = spread * StudentT.upperQuantile((1 - confidence) / 2, df: df)
            (lower, upper) = (difference - half, difference + half)
        case .less:
            let half = spread * StudentT.upperQuantile(1 - confidence, df: df)
            (lower, upper) = (-.infinity, difference + half)
        case .greater:
            let half = spread * StudentT.upperQuantile(1 - confidence, df: df)
            (lower, upper) = (difference - half, .infinity)
        }
    }
}
