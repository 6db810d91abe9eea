package import Calibration

extension SeededRandom {
    /// A stream of its own, so that what one part draws does not move another.
    package mutating func split() -> SeededRandom { SeededRandom(seed: next()) }

    /// 0 ..< count; 0 when there is nothing to draw from.
    package mutating func below(_ count: Int) -> Int {
        count > 1 ? Int(next() % UInt64(count)) : 0
    }

    package mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    /// True in so many of a hundred draws.
    package mutating func happens(_ percent: Int) -> Bool { below(100) < percent }

    /// `nil` of nothing.
    package mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }
}
