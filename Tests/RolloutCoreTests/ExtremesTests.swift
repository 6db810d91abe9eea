import Foundation
import RolloutCore
import Testing

/// Values at the ends of what their types can hold.
@Suite struct ExtremesTests {
    @Test(arguments: [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max])
    func everyTimestampPrints(_ milliseconds: Int64) {
        let text = Timestamp(milliseconds: milliseconds).description
        #expect(text.hasSuffix("Z") && text.contains("T"))
    }

    @Test func theEndsOfTime() {
        #expect(Timestamp(milliseconds: .max).description == "292278994-08-17T07:12:55.807Z")
        #expect(Timestamp(milliseconds: .min).description == "-292275055-05-16T16:47:04.192Z")
        #expect(Timestamp("0000-01-01T00:00:00Z")?.description == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp("9999-12-31T23:59:59.999Z")?.description == "9999-12-31T23:59:59.999Z")
    }

    // T14 and T1: a whole year of days, each printed and read again, across a leap day.
    @Test func everyDayReadsAsItPrints() throws {
        let day = TimeSpan.seconds(86_400)
        var time = try #require(Timestamp("2023-06-01T12:00:00Z"))
        for _ in 0..<800 {
            #expect(Timestamp(time.description) == time)
            time = time + day
        }
        #expect(time.description == "2025-08-09T12:00:00.000Z")
    }

    @Test func sumsOfTimeNeverTrap() {
        let (most, least) = (Timestamp(milliseconds: .max), Timestamp(milliseconds: .min))
        let (long, short) = (TimeSpan(milliseconds: .max), TimeSpan(milliseconds: .min))
        _ = (most + long, least - long, most - least, least - most, long + long, short - long)
        #expect(TimeSpan.seconds(.max).spoken.isEmpty == false)
        #expect(short.spoken.isEmpty == false && long.spoken == "106751991167 d 7 h")
        #expect(TimeSpan("999999999999ms")?.milliseconds == 999_999_999_999)
        #expect(TimeSpan("1000000000000ms") == nil)
    }

    @Test(
        arguments: [
            (0, "0.0 s"), (999, "0.9 s"), (9_999, "9.9 s"), (10_000, "10 s"), (119_999, "119 s"),
            (120_000, "2 min"), (7_199_000, "119 min"), (7_200_000, "2 h"),
            (9_000_000, "2 h 30 min"),
            (172_800_000, "2 d"), (176_400_000, "2 d 1 h"),
        ] as [(Int64, String)])
    func spansAreSpoken(_ milliseconds: Int64, _ text: String) {
        #expect(TimeSpan(milliseconds: milliseconds).spoken == text)
    }

    @Test func sharesStayWithinTheWhole() {
        #expect(Share(basisPoints: -1) == nil && Share(basisPoints: 10_001) == nil)
        #expect(Share(clamping: .min) == .zero && Share(clamping: .max) == .all)
        for points in [0, 1, 4_999, 5_000, 9_999, 10_000] {
            let share = Share(clamping: points)
            #expect(share.basisPoints + share.complement.basisPoints == 10_000)
        }
        #expect(Share.split([1_000_000_000, 1_000_000_000])?.map(\.basisPoints) == [5_000, 5_000])
        #expect(Share.split([1, 1, 1])?.map(\.basisPoints) == [3_334, 3_333, 3_333])
        #expect(Share.split([Int.max, 1]) == nil && Share.split([]) == nil)
    }

    @Test(
        "D9: shares outside are not decoded", arguments: ["10001", "-1", "1.5", "\"5%\"", "null"])
    func sharesOutsideAreNotDecoded(_ json: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Share].self, from: Data("[\(json)]".utf8))
        }
    }

    @Test func numbersForPeople() {
        #expect(grouped(.min) == "−9,223,372,036,854,775,808")
        #expect(grouped(.max) == "9,223,372,036,854,775,807")
        #expect(decimal(.nan, 1) == "–" && decimal(.infinity, 1) == "–")
        #expect(decimal(1e12, 6) == "–" && decimal(-0.04, 1) == "0" && decimal(0, 99) == "0")
        #expect(decimal(999_999_999_999.5, 1) == "999,999,999,999.5")
        #expect(signedDecimal(0.04, 1) == "0" && signedDecimal(-5, 1) == "−5")
        #expect(signedDecimal(12.36, 1) == "+12.4" && percent(0.005) == "0.5 %")
    }
}
