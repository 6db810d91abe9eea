/// SplitMix64 (Steele, Lea and Flood, 2014): the same seed gives the same numbers everywhere.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// The generator of one numbered item below a seed, so that item 7 does not depend on item 6.
    package init(seed: UInt64, item: UInt64) {
        var outer = SeededRandom(seed: seed)
        state = outer.next() ^ (item &* 0xD134_2543_DE82_EF95)
        state = next()
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 0 or more, below 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }

    /// 0 or more, below `bound`; the bias of the remainder is below 2⁻⁴⁰ for our bounds.
    mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a bound is positive")
        return Int(truncatingIfNeeded: (next() >> 1) % UInt64(bound))
    }
}
