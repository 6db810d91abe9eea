import Testing

@testable import Evidence

/// Distances against numbers of SciPy 1.17, Evidently 0.7.23 and NannyML 0.13.
@Suite struct DriftDistanceTests {
    /// x ← (1103515245 x + 12345) mod 2³¹; u = x/2³¹.
    static func lcg(_ count: Int, seed: Int) -> [Double] {
        var x = seed
        return (0..<count).map { _ in
            x = (1_103_515_245 * x + 12_345) % 2_147_483_648
            return Double(x) / 2_147_483_648
        }
    }

    static let reference = SortedSample(lcg(200, seed: 1))
    static let current = SortedSample(lcg(150, seed: 2).map { 0.8 * $0 + 0.2 })
    static let small = (
        SortedSample([1, 2, 3, 4, 5]), SortedSample([2, 4, 6, 8, 10, 12])
    )
    static let categories = (
        CategoryCounts(
            reference: ["a": 50, "b": 30, "c": 20], current: ["a": 30, "b": 30, "c": 30, "d": 10]),
        CategoryCounts(
            reference: ["a": 50, "b": 30, "c": 20], current: ["a": 30, "b": 30, "c": 40])
    )

    func close(_ found: Double?, _ expected: Double, _ tolerance: Double = 1e-12) -> Bool {
        guard let found else { return false }
        return abs(found - expected) <= tolerance * max(1e-3, abs(expected))
    }

    @Test func sharesOfThreeBins() throws {
        let shares = try #require(BinShares(reference: [50, 30, 20], current: [30, 30, 40]))
        #expect(close(shares.psi, 0.2407945608651872))
        #expect(close(shares.klReferenceGivenCurrent, 0.11678337577100631))
        #expect(close(shares.klCurrentGivenReference, 0.12401118509418088))
        #expect(close(shares.jsDistanceLn, 0.17211473103812178))
        #expect(close(shares.jsDistanceBits, 0.20673086033214078))
        #expect(close(shares.hellinger, 0.17279743315408114))
        #expect(close(shares.bhattacharyyaHellinger, 0.17279743315408114))
        #expect(close(shares.totalVariation, 0.2))
        #expect(close(shares.largestDifference, 0.2))
    }

    @Test func evidentlyOnNumbers() throws {
        let column = DriftColumn.numeric(Self.reference, Self.current, integers: false)
        #expect(close(EvidentlyTest.psi.value(of: column), 0.6072665834573178))
        #expect(close(EvidentlyTest.klDivergence.value(of: column), 0.4704270808779596))
        #expect(close(EvidentlyTest.jensenShannon.value(of: column), 0.2055336964777081))
        #expect(close(EvidentlyTest.hellinger.value(of: column), 0.23090073037350686))
        #expect(close(EvidentlyTest.wasserstein.value(of: column), 0.32012152579031944))
        #expect(
            close(EvidentlyTest.kolmogorovSmirnov.value(of: column), 0.016922837527726345, 1e-10))
        #expect(EvidentlyTest.automatic(for: column) == .kolmogorovSmirnov)
        let edges = try #require(
            EvidentlyTest.sturgesEdges(Self.reference, Self.current, integers: false))
        #expect(edges.count == 11)
        #expect(close(edges.first, 0.02809602627530694) && close(edges.last, 0.9942188650369645))
        let shares = try #require(EvidentlyTest.shares(of: column, emptyBins: .evidently))
        #expect(shares.current.first == 0.0001)
    }

    @Test func evidentlyOnCategories() throws {
        let column = DriftColumn.categorical(Self.categories.0)
        #expect(close(EvidentlyTest.psi.value(of: column), 0.8327963879343301))
        #expect(close(EvidentlyTest.klDivergence.value(of: column), 0.17351165856777417))
        #expect(close(EvidentlyTest.jensenShannon.value(of: column), 0.22874617893301466))
        // A category that the reference lacks.
        #expect(EvidentlyTest.chiSquared.value(of: column) == 0)
        let fit = try #require(Self.categories.1.goodnessOfFit())
        #expect(close(fit.statistic, 28) && close(fit.pValue, 8.31528719103568e-07, 1e-9))
        let table = try #require(Self.categories.1.contingency())
        #expect(close(table.statistic, 11.666666666666668))
        #expect(close(table.pValue, 0.0029282996948181853, 1e-10))
        let binary = CategoryCounts(reference: ["0": 60, "1": 40], current: ["0": 45, "1": 55])
        #expect(close(binary.proportionsTest(), 0.03367206885634566, 1e-10))
    }

    @Test func kolmogorovAndSmirnov() throws {
        let distances = try #require(SampleDistances(Self.reference, Self.current))
        #expect(close(distances.kolmogorovSmirnov, 0.165))
        #expect(close(distances.wasserstein, 0.08686924410300954))
        func p(_ d: Double, _ n: Int, _ m: Int, _ method: SampleKolmogorovSmirnov.Method) -> Double
        {
            SampleKolmogorovSmirnov.pValue(
                d, first: n, second: m, alternative: .twoSided, method: method)
        }
        #expect(close(p(0.165, 200, 150, .exact), 0.016922837527726345, 1e-10))
        #expect(close(p(0.165, 200, 150, .asymptotic), 0.016296402239268527, 1e-10))
        #expect(close(p(0.016, 20_000, 20_000, .auto), 0.011823127, 1e-6))
        #expect(close(p(0.02, 200_000, 5_000, .auto), 0.039844754, 1e-6))
        let small = try #require(SampleDistances(Self.small.0, Self.small.1))
        #expect(close(small.kolmogorovSmirnov, 0.6666666666666666))
        #expect(close(small.wasserstein, 4))
        #expect(close(p(2.0 / 3, 5, 6, .auto), 0.10822510822510821))
        #expect(close(p(2.0 / 3, 5, 6, .asymptotic), 0.07407407407407403))
        #expect(p(0.25, 4, 4, .auto) == 1)
    }

    @Test(arguments: [(100, 8), (350, 10), (1_000, 11), (10_000, 15), (100_000, 18), (1_024, 11)])
    func sturgesCountsBins(_ count: Int, _ bins: Int) {
        #expect(Binning.sturgesEdges(low: 0, high: 1, count: count)?.count == bins + 1)
    }

    @Test func hostileInputHasNoDistance() {
        #expect(BinShares(reference: [], current: []) == nil)
        #expect(BinShares(reference: [1, 2], current: [1]) == nil)
        #expect(BinShares(reference: [.nan, 1], current: [1, 1]) == nil)
        #expect(BinShares(reference: [0, 0], current: [1, 1]) == nil)
        #expect(BinShares(reference: [-1, 3], current: [1, 1]) == nil)
        let nothing = SortedSample([.nan, .infinity])
        #expect(nothing.count == 0)
        #expect(SampleDistances(nothing, Self.reference) == nil)
        #expect(CramerVonMises(nothing, Self.reference) == nil)
        for test in EvidentlyTest.allCases {
            #expect(test.value(of: .numeric(nothing, Self.reference, integers: false)) == nil)
        }
        #expect(Binning.sturgesEdges(low: -.infinity, high: 1, count: 9) == nil)
        #expect(Binning.quantileEdges(ofSorted: [], bins: 10).isEmpty)
    }

    @Test func sortingIsSorting() {
        var values = Self.lcg(5_000, seed: 9).map { ($0 - 0.5) * 1e6 }
        values += [-0.0, 0, .leastNonzeroMagnitude, -.greatestFiniteMagnitude, .nan, .infinity]
        #expect(SortedSample(values).values == values.filter(\.isFinite).sorted())
    }
}
