/// What one method was measured to need for one payload.
package struct TransferCost: Sendable, Hashable {
    package let bytes: Int
    package let cpuSeconds: Double
}

/// The measured costs of all methods for one payload.
package struct TransferCosts: Sendable, Hashable {
    package let hde: TransferCost
    package let amst: TransferCost
    package let zstd: TransferCost
    package let none: TransferCost

    package subscript(_ method: TransferMethod) -> TransferCost {
        switch method {
        case .hde: hde
        case .amst: amst
        case .zstd: zstd
        case .none: none
        }
    }

    /// Seconds: compressed size ÷ effective bandwidth + CPU overhead.
    package func seconds(_ method: TransferMethod, over network: NetworkState) -> Double {
        let cost = self[method]
        let bandwidth = network.bandwidth * 125_000 * method.efficiency(loss: network.loss)
        return Double(cost.bytes) / bandwidth + cost.cpuSeconds
    }

    /// The methods whose cost lies within 3 % of the least, the best one first.
    ///
    /// Several, because CPU time is measured and the last percent of it is noise.
    package func oracle(over network: NetworkState) -> [TransferMethod] {
        let ranked = TransferMethod.allCases
            .map { (method: $0, seconds: seconds($0, over: network)) }
            .sorted { $0.seconds < $1.seconds }
        guard let best = ranked.first else { return [] }
        return ranked.filter { $0.seconds <= best.seconds * 1.03 }.map(\.method)
    }
}
