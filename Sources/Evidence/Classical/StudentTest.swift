/// Student 1908: a mean, or a difference of means, over its standard error.
package struct StudentTest: Sendable, Hashable {
    package let test: ClassicalTest
    /// Of the mean, or of mean x - mean y; one-sided where the test is.
    package let lower: Double
    package let upper: Double

    /// Two means with one variance. `nil` unless there are three values and some spread.
    package init?(
        pooled x: Moments, _ y: Moments, alternative: Alternative = .twoSided,
        confidence: Double = 0.95
    ) {
        let (n1, n2) = (Double(x.count), Double(y.count))
        let df = n1 + n2 - 2
        guard n1 > 0, n2 > 0, df > 0, x.squares + y.squares > 0 else { return nil }
        let variance = (x.squares + y.squares) / df
        self.init(
            difference: x.mean - y.mean, spread: (variance * (1 / n1 + 1 / n2)).squareRoot(),
            df: df, alternative: alternative, confidence: confidence)
    }

    /// One mean against a value, also that of differences within pairs. The interval is of the
    /// mean. `nil` unless there are two values and some spread.
    package init?(
        _ x: Moments, mean: Double = 0, alternative: Alternative = .twoSided,
        confidence: Double = 0.95
    ) {
        guard let variance = x.variance, variance > 0 else { return nil }
        let n = Double(x.count)
        self.init(
            difference: x.mean - mean, spread: (variance / n).squareRoot(), df: n - 1,
            alternative: alternative, confidence: confidence, origin: mean)
    }

    init(
        difference: Double, spread: Double, df: Double, alternative: Alternative,
        confidence: Double, origin: Double = 0
    ) {
        let t = difference / spread
        test = ClassicalTest(
            statistic: t, pValue: alternative.student(t, df: df), degreesOfFreedom: df)
        let outside = alternative == .twoSided ? (1 - confidence) / 2 : 1 - confidence
        let half = spread * StudentT.upperQuantile(outside, df: df)
        let middle = difference + origin
        lower = alternative == .less ? -.infinity : middle - half
        upper = alternative == .greater ? .infinity : middle + half
    }
}
