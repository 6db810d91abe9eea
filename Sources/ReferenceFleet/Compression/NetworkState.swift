/// A link as a node sees it just before a transfer.
package struct NetworkState: Sendable, Hashable {
    /// Milliseconds.
    package let roundTrip: Double
    /// Megabits per second.
    package let bandwidth: Double
    /// The fraction of packets that are lost.
    package let loss: Double
    /// Milliseconds.
    package let jitter: Double

    package init(roundTrip: Double, bandwidth: Double, loss: Double, jitter: Double) {
        self.roundTrip = roundTrip
        self.bandwidth = bandwidth
        self.loss = loss
        self.jitter = jitter
    }

    /// A link between sites: 2 to 20 Mbps, so that transfer time outweighs CPU time, and every
    /// other link almost free of loss.
    init(random: inout SeededRandom) {
        let position = random.unit()
        bandwidth = 2 * (1 + position * (2 + 7 * position))
        loss = random.unit() < 0.5 ? random.uniform(0, 0.02) : random.uniform(0.02, 0.2)
        roundTrip = random.uniform(5, 200)
        jitter = roundTrip * random.uniform(0.01, 0.2)
    }

    /// Bandwidth × (1 − loss), in bytes per second: what one stream gets.
    package var effectiveBytesPerSecond: Double { bandwidth * 125_000 * (1 - loss) }
}
