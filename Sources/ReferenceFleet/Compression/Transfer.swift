/// One transfer that a selector has to choose a method for.
package struct Transfer: Sendable, Hashable {
    package let entry: TransferPool.Entry
    package let network: NetworkState
    package let features: TransferFeatures

    /// Goodput ÷ the link's effective bandwidth, when the payload goes by this method.
    ///
    /// Without a unit: 1 is an uncompressed transfer, 3 moves three payload bytes for each byte
    /// that the link carries. A rate in bytes or requests would measure the network, not the
    /// choice.
    package func throughput(_ method: TransferMethod) -> Double {
        let goodput = Double(entry.payloadBytes) / entry.costs.seconds(method, over: network)
        return goodput / network.effectiveBytesPerSecond
    }

    /// The methods that a perfect selector could have chosen, the best one first.
    package var truth: [TransferMethod] { entry.costs.oracle(over: network) }
}
