import History
import RolloutCore
import Testing

@testable import Signals

/// What callers send, for a candidate that is to get more of it.
@Suite struct RegionLoadTests {
    private func busiest(_ seconds: [Int64]) -> Int? {
        var load = RegionLoad()
        for second in seconds { load.add(Scene.start + .seconds(second)) }
        return load.busiest
    }

    /// Minutes begin 20 seconds before the scene does.
    @Test("D10: the busiest minute counts")
    func theBusiestMinuteCounts() {
        #expect(busiest([]) == nil)
        #expect(busiest([0, 39, 40, 41, 42]) == 3)
        #expect(busiest([0, 1, 2, 3, 100]) == 4)
    }

    @Test func lateAnswersCountWhereTheyBelong() {
        #expect(busiest([0, 1, 600 - 60, 2, 3]) == 4)
        // Of a minute that is long over nothing is known any more: that it was as much at least.
        #expect(busiest([0, 1, 2] + (1...10).map { $0 * 60 } + [3, 4]) == 3)
    }

    @Test func aDayIsKeptAndNoMore() {
        let peak = (0..<50).map { Int64($0) * 0 }
        let hours = (1...23).map { Int64($0) * 3_600 }
        #expect(busiest(peak + hours) == 50)
        #expect(busiest(peak + hours + [24 * 3_600]) == 1)
    }

    @Test func aClockThatIsAheadForgetsNobody() {
        let peak = (0..<50).map { Int64($0) * 0 }
        #expect(busiest(peak + [400 * 86_400]) == 50)
        #expect(busiest(peak + [400 * 86_400] + (0..<60).map { _ in 60 }) == 60)
    }

    @Test func callersCountOnceWhoeverAnswers() {
        var book = Scene.book(advances: 1, guardrails: [Scene.errors])
        let arms: [Arm] = [.stable, .candidate, .mirror, .fallback]
        for (number, arm) in arms.enumerated() {
            book.fold(
                Fact(
                    sequence: Int64(number + 1), answer: Scene.answer("p\(number)", arm),
                    event: .answered))
        }
        #expect(book.regionTraffic[Scene.eu]?.busiest == 2)
        #expect(book.regionTraffic[Scene.us] == nil)
        // It goes on over steps, which begin with no traffic of their own.
        let next = Scene.state(advances: 2, guardrails: [Scene.errors])
        if let run = next.run { book.follow(run, of: next) }
        #expect(book.regionTraffic[Scene.eu]?.busiest == 2)
        #expect(book.regionTraffic[Scene.eu]?.candidate == 0)
    }
}
