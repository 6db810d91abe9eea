import Evidence

/// KSWIN of Raab, Heusinger and Schleif (2020) with river's defaults: the newest 30 values against
/// 30 drawn from the 70 before them, at each value.
package struct KolmogorovSmirnovWindow: Sendable {
    private let alpha: Double
    private var window: [Double] = []
    private static let size = 100
    private static let newest = 30

    package init(alpha: Double = 0.005) { self.alpha = alpha }

    /// Whether this value completes a change.
    package mutating func update(_ value: Double, _ random: inout SeededRandom) -> Bool {
        if window.count >= Self.size { window.removeFirst() }
        window.append(value)
        guard window.count >= Self.size else { return false }
        let recent = Array(window.suffix(Self.newest))
        var older = Array(window.dropLast(Self.newest))
        older.shuffle(using: &random)
        let test = KolmogorovSmirnov.test(Array(older.prefix(Self.newest)), recent)
        guard let test, test.pValue <= alpha, test.statistic > 0.1 else { return false }
        window = recent
        return true
    }
}
