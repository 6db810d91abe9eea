import Testing

@testable import Evidence

@Suite struct GroupSequentialTests {
    // Jennison and Turnbull 2000, table 7.3's kind, and the first example of gsDesign's manual.
    @Test func spendingAsPublished() throws {
        let design = try #require(
            GroupSequentialDesign(
                times: GroupSequentialDesign.evenTimes(3), alpha: 0.025,
                spending: .exponential(-4)))
        #expect(close(design.bounds, [3.0107, 2.5465, 1.9992], 5e-5))
    }

    // DeMets and Lan 1994: a two-sided test at 5 % is two at 2.5 %.
    @Test func eachSideSpendsItsShare() throws {
        let times = GroupSequentialDesign.evenTimes(5)
        let two = try #require(
            GroupSequentialDesign(
                times: times, alpha: 0.05, spending: .obrienFleming, isTwoSided: true))
        #expect(close(two.bounds, [4.8769, 3.3569, 2.6803, 2.2898, 2.0310], 1.5e-4))
        let crossing = GroupSequentialDesign.crossing(
            bounds: two.bounds, times: times, isTwoSided: true)
        #expect(close(crossing, 0.05, 1e-7))
    }

    @Test(arguments: [
        GroupSequentialDesign.Spending.obrienFleming, .pocock, .power(3), .exponential(2),
        .exponential(0),
    ])
    func allIsSpentAtTheEnd(_ spending: GroupSequentialDesign.Spending) throws {
        #expect(close(spending.spent(0.05, at: 1) / 0.05, 1))
        let times = [0.2, 0.5, 0.55, 1]
        let design = try #require(
            GroupSequentialDesign(times: times, alpha: 0.05, spending: spending))
        let crossing = GroupSequentialDesign.crossing(
            bounds: design.bounds, times: times, isTwoSided: false)
        #expect(close(crossing, 0.05, 1e-7))
    }

    @Test func impossibleDesigns() {
        for times in [[], [0.5, 0.5], [1, 0.5], [0, 1], [0.5, 1.5]] {
            #expect(GroupSequentialDesign(times: times, alpha: 0.05, spending: .pocock) == nil)
        }
        #expect(GroupSequentialDesign(times: [1], alpha: 0.6, spending: .pocock) == nil)
    }
}
