/// What is transferred, and how much of all transfers it is.
package enum PayloadKind: String, Sendable, Hashable, CaseIterable {
    /// Guest memory that was edited since the last transfer.
    case memoryPages = "memory-pages"
    /// Encrypted guest memory with few edits: incompressible, unless the previous version is used.
    case sealedPages = "sealed-pages"
    /// Encrypted guest memory under a new key: the previous version is of no use.
    case rekeyedPages = "rekeyed-pages"
    case databaseRows = "database-rows"
    case logs

    /// Parts of a thousand; they add up to 1,000.
    ///
    /// Sealed pages are rare and worth five times the others: a selector that misses them loses
    /// little accuracy and much throughput. Rekeyed pages outnumber them two to one, so that a
    /// selector which cannot tell them apart is sure (confidence above 0.6) and wrong.
    var frequency: Int {
        switch self {
        case .memoryPages: 312
        case .sealedPages: 39
        case .rekeyedPages: 89
        case .databaseRows: 280
        case .logs: 280
        }
    }

    /// The kind at a position from 0 to 1 of the mix.
    static func at(_ position: Double) -> PayloadKind {
        var rest = position * 1_000
        for kind in allCases {
            rest -= Double(kind.frequency)
            if rest < 0 { return kind }
        }
        return .logs
    }
}
