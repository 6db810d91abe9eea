import RolloutCore
import Testing

@testable import Gateway

@Suite struct StickyHashTests {
    // Computed with an independent implementation that reproduces the vector of the SipHash paper.
    @Test(
        arguments: [
            (
                StickyHash.Purpose.split, "compression-selector", "node-1",
                15_782_335_561_114_524_087
            ),
            (.split, "", "a", 7_713_921_672_033_534_820),
            (.mirror, "s", "12345678", 17_788_717_120_483_747_318),
            (.unit, "s", "café", 18_101_231_690_788_496_243),
        ] as [(StickyHash.Purpose, String, String, UInt64)])
    func theHashIsTheSameEverywhere(
        _ purpose: StickyHash.Purpose, _ salt: String, _ key: String, _ expected: UInt64
    ) {
        #expect(StickyHash.value(purpose, salt: salt, key: key) == expected)
    }

    @Test("D11: callers only move towards the candidate as the share grows")
    func callersOnlyMoveTowardsTheCandidateAsTheShareGrows() {
        for user in 0..<500 {
            var joined = false
            for share in stride(from: 0, through: 10_000, by: 125) {
                let falls = StickyHash.falls(
                    "user-\(user)", into: Share(clamping: share), .split, salt: "r")
                #expect(falls || !joined)
                joined = falls
            }
            #expect(joined)
        }
    }

    @Test(arguments: [50, 500, 3_333])
    func theSplitIsNearTheShare(_ basisPoints: Int) {
        let count = 100_000
        let taken = (0..<count).count {
            StickyHash.falls("node-\($0)", into: Share(clamping: basisPoints), .split, salt: "r")
        }
        // Five standard deviations of a binomial.
        let fraction = Double(basisPoints) / 10_000
        let allowed = 5 * (Double(count) * fraction * (1 - fraction)).squareRoot()
        #expect(abs(Double(taken) - fraction * Double(count)) <= allowed)
    }

    @Test func saltsAndPurposesPickOtherCallers() {
        let half = Share(clamping: 5_000)
        func both(_ left: (StickyHash.Purpose, String), _ right: (StickyHash.Purpose, String))
            -> Int
        {
            (0..<10_000).count {
                StickyHash.falls("\($0)", into: half, left.0, salt: left.1)
                    && StickyHash.falls("\($0)", into: half, right.0, salt: right.1)
            }
        }
        #expect((2_300...2_700).contains(both((.split, "a"), (.split, "b"))))
        #expect((2_300...2_700).contains(both((.split, "a"), (.mirror, "a"))))
    }
}
