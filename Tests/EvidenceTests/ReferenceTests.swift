import Testing

@testable import Evidence

/// What the vectors of the conformance module do not reach.
@Suite struct ReferenceTests {
    let vectors: ReferenceVectors

    init() throws { vectors = try .read() }

    @Test func asymptoticIntervals() {
        #expect(vectors.asymptoticCs.count >= 3)
        for row in vectors.asymptoticCs {
            let half = asymptoticHalfWidth(
                count: row.t, deviation: row.sd, alpha: row.alpha, tightestAt: row.tStar)
            #expect(close(row.mean - half, row.lower) && close(row.mean + half, row.upper))
        }
    }

    // mpmath, 40 digits.
    @Test(arguments: [
        (0.5, 0.572_364_942_924_700_1), (1, 0), (1.5, -0.120_782_237_635_245_22),
        (10.25, 13.368_023_671_476_045), (100.5, 361.435_540_467_777_6),
        (1_234.75, 7_552.330_430_458_29),
    ])
    func logGamma(_ x: Double, _ expected: Double) {
        #expect(close(LogDomain.logGamma(x), expected, 1e-14))
    }
}
