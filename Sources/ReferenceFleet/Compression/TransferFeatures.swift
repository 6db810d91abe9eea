/// What a selector is told about a transfer, in the order of the request's tensor.
package struct TransferFeatures: Sendable, Hashable {
    /// The names in tensor order; `feature_names` of every artifact are these.
    package static let names = [
        "payload_log2_bytes", "entropy_bits", "probe_ratio", "similarity", "has_previous",
        "rtt_ms", "bandwidth_mbps", "loss_percent", "jitter_ms", "zstd_mbps",
    ]

    /// One number for each name.
    package let values: [Double]

    init(payload: PayloadTraits, network: NetworkState, machineSpeed: Double) {
        values = [
            payload.logSize, payload.entropy, payload.probeRatio, payload.similarity,
            payload.hasPrevious ? 1 : 0, network.roundTrip, network.bandwidth, network.loss * 100,
            network.jitter, machineSpeed,
        ]
    }
}
