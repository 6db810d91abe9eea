/// Labelled transfers as CSV: features, the throughput of each method, and the payload's kind.
///
/// Training reads what serving sends: both take their features from `TransferFeatures`.
package struct TrainingRows: Sendable {
    package let pool: TransferPool
    package let seed: UInt64

    package init(pool: TransferPool, seed: UInt64) {
        self.pool = pool
        self.seed = seed
    }

    package static var header: String {
        let throughputs = TransferMethod.allCases.map { "throughput_\($0.rawValue)" }
        return (TransferFeatures.names + throughputs + ["kind"]).joined(separator: ",")
    }

    /// One line, without a line end.
    package func row(_ number: UInt64) -> String {
        let transfer = pool.transfer(seed: seed, number: number)
        let numbers =
            transfer.features.values + TransferMethod.allCases.map(transfer.throughput)
        return (numbers.map(\.description) + [transfer.entry.kind.rawValue]).joined(separator: ",")
    }
}
