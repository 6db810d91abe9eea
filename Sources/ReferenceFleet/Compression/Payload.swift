/// The bytes of one transfer, and what the receiver still has of the last one.
package struct Payload: Sendable, Hashable {
    package let kind: PayloadKind
    package let bytes: [UInt8]
    package let previous: [UInt8]?

    /// 4 KiB to 512 KiB, small ones more often, at a position from 0 to 1.
    private static func size(_ position: Double) -> Int {
        let exponent = position * position * position * 7  // 2^0 to 2^7 pages
        let whole = min(Int(exactly: exponent.rounded(.down)) ?? 0, 6)
        let base = 4_096 << whole
        let rest = Int(exactly: ((exponent - Double(whole)) * Double(base)).rounded(.down)) ?? 0
        return (base + rest) & ~63
    }

    static func kind(seed: UInt64, item: Int) -> PayloadKind {
        PayloadKind.at(place(seed: seed, item: item).kind)
    }

    /// Where an item lies in the mix of kinds and sizes, each from 0 to 1.
    ///
    /// The R2 sequence (Roberts, 2018) covers both so evenly that every pool has the same mix,
    /// whatever its seed: differences between models are not luck of the draw.
    private static func place(seed: UInt64, item: Int) -> (kind: Double, size: Double) {
        var rotation = SeededRandom(seed: seed)
        return (
            (rotation.unit() + Double(item) * 0.754_877_666_246_692_7).fraction,
            (rotation.unit() + Double(item) * 0.569_840_290_998_053_2).fraction
        )
    }

    /// Item `item` below `seed`: always the same bytes.
    package init(seed: UInt64, item: Int) {
        let place = Payload.place(seed: seed, item: item)
        let kind = PayloadKind.at(place.kind)
        let size = Payload.size(place.size)
        var content = PayloadContent(
            random: SeededRandom(seed: seed, item: UInt64(truncatingIfNeeded: item)))
        self.kind = kind
        switch kind {
        case .memoryPages:
            let before = content.memory(size)
            let edited = content.uniform(0.18, 0.24)
            previous = before
            bytes = content.editing(before, part: edited)
        case .sealedPages:
            let before = content.noise(size)
            let edited = content.uniform(0.049, 0.054)
            previous = before
            bytes = content.editing(before, part: edited)
        case .rekeyedPages:
            previous = content.noise(size)
            bytes = content.noise(size)
        case .databaseRows:
            previous = nil
            bytes = content.rows(size)
        case .logs:
            previous = nil
            bytes = content.logs(size)
        }
    }
}

extension Double {
    fileprivate var fraction: Double { self - rounded(.down) }
}
