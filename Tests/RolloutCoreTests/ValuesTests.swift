import RolloutCore
import Testing

@Suite struct ValuesTests {
    @Test(arguments: ["a", "2.4.0", "eu-west", "x_y", String(repeating: "a", count: 63)])
    func identifiersInTheGrammarAreTaken(_ text: String) throws {
        #expect(try RegionName(text).rawValue == text)
    }

    // T7 and T15: what Swift or git would take, and we must not.
    // H6: identifiers outside of the grammar are refused.
    @Test(arguments: [
        "", "A", "-a", ".a", "_a", "a/b", "a b", "café", "a\n", "..", "\u{212A}",
        String(repeating: "a", count: 64),
    ])
    func T7_identifiersOutsideOfTheGrammarAreRefused(_ text: String) {
        #expect(throws: InvalidIdentifier.self) { try RegionName(text) }
    }

    @Test(arguments: [
        (0, "0%"), (500, "5%"), (25, "0.25%"), (1_250, "12.5%"), (10_000, "100%"),
        (1_205, "12.05%"),
    ])
    func sharesPrintAsPercent(_ basisPoints: Int, _ text: String) {
        #expect(Share(basisPoints: basisPoints)?.description == text)
    }

    @Test("D9: splits always add up to ten thousand")
    func T13_splitsAlwaysAddUpToTenThousand() {
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<2_000 {
            let weights = (0...next(7)).map { _ in next(1_000) }
            guard weights.contains(where: { $0 > 0 }) else { continue }
            let parts = Share.split(weights) ?? []
            #expect(parts.reduce(0) { $0 + $1.basisPoints } == 10_000)
        }
        #expect(Share.split([0, 0]) == nil)
        #expect(Share.split([-1, 2]) == nil)
    }

    @Test(arguments: [
        "1970-01-01T00:00:00.000Z", "2026-11-20T14:02:11.250Z", "2024-02-29T23:59:59.999Z",
        "2100-03-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z",
    ])
    func timesReadAndPrint(_ text: String) {
        #expect(Timestamp(text)?.description == text)
    }

    @Test(arguments: [
        "2026-02-29T00:00:00Z", "2026-11-20 14:02:11Z", "2026-11-20T24:00:00Z",
        "2026-11-20T14:02:11+01:00", "", "2026-13-01T00:00:00Z",
    ])
    func badTimesAreRefused(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(arguments: [("30s", 30_000), ("15m", 900_000), ("7d", 604_800_000), ("50ms", 50)])
    func spansReadAndPrint(_ text: String, _ milliseconds: Int64) {
        #expect(TimeSpan(text) == TimeSpan(milliseconds: milliseconds))
        #expect(TimeSpan(milliseconds: milliseconds).description == text)
    }

    @Test(arguments: ["", "7", "d", "1.5h", "-1s", "7 d", "999999999999d", "1w"])
    func badSpansAreRefused(_ text: String) {
        #expect(TimeSpan(text) == nil)
    }

    // T2: all of these parse as Double.
    @Test(
        "C3: numbers that are no numbers are refused",
        arguments: ["NaN", "inf", "+Inf", "1e999", "0x1p3", "infinity", "", ".", "e"])
    func T2_numbersThatAreNoNumbersAreRefused(_ text: String) {
        #expect(FiniteDouble(text) == nil)
    }
}
