/// Which way a classical test looks.
package enum Alternative: String, Sendable, Hashable, CaseIterable {
    case twoSided = "two-sided"
    case less
    case greater

    /// The p-value of a statistic that is standard normal under the null hypothesis.
    func normal(_ z: Double) -> Double {
        switch self {
        case .twoSided: min(1, 2 * NormalDistribution.sf(abs(z)))
        case .less: NormalDistribution.cdf(z)
        case .greater: NormalDistribution.sf(z)
        }
    }

    func student(_ t: Double, df: Double) -> Double {
        switch self {
        case .twoSided: min(1, 2 * StudentT.sf(abs(t), df: df))
        case .less: StudentT.cdf(t, df: df)
        case .greater: StudentT.sf(t, df: df)
        }
    }
}

/// A test that was planned for one look. Repeating it as data come makes its p-value wrong: these
/// are for reports, never for decisions.
package struct ClassicalTest: Sendable, Hashable {
    package let statistic: Double
    package let pValue: Double
    /// Degrees of freedom; `nil` for tests without.
    package var degreesOfFreedom: Double?
}
